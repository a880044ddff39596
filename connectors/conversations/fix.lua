#!lua
-- Fixes the results of one batch of a source partition and appends to its conversations' windows.
--
-- KEYS[1]    intent of the source partition
-- KEYS[2..]  windows of the conversations of the batch
-- ARGV       first offset, last offset, outcomes, window in posts, idle life in seconds,
--            then for each window: number of records, records
-- Answers 1 when this call or an identical one before it fixed the batch, 0 when it is refused.
local FIRST, LAST, OUTCOMES, WINDOW, IDLE_S, RECORDS = 1, 2, 3, 4, 5, 6

local stored = redis.call('HMGET', KEYS[1], 'first', 'last', 'outcomes')
if stored[2] and tonumber(stored[2]) >= tonumber(ARGV[FIRST]) then
  local same = stored[1] == ARGV[FIRST] and stored[2] == ARGV[LAST] and stored[3] == ARGV[OUTCOMES]
  return same and 1 or 0
end

redis.call('HSET', KEYS[1], 'first', ARGV[FIRST], 'last', ARGV[LAST], 'outcomes', ARGV[OUTCOMES])
local at = RECORDS
for index = 2, #KEYS do
  local count = tonumber(ARGV[at])
  redis.call('RPUSH', KEYS[index], unpack(ARGV, at + 1, at + count))
  redis.call('LTRIM', KEYS[index], -tonumber(ARGV[WINDOW]), -1)
  redis.call('EXPIRE', KEYS[index], ARGV[IDLE_S])
  at = at + count + 1
end
return 1
