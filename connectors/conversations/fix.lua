#!lua
-- Fixes the results of one batch of a source partition, appends to its conversations' windows and
-- deletes those of conversations that are shed.
--
-- KEYS[1]    intent of the source partition
-- KEYS[2..]  windows of conversations that are scored, then of those that are shed
-- ARGV       first offset, last offset, outcomes, window in posts, idle life in seconds,
--            number of windows that are appended to, then for each: number of records, records
-- Answers 1 when this call or an identical one before it fixed the batch, 0 when it is refused.
local FIRST, LAST, OUTCOMES, WINDOW, IDLE_S, APPENDED, RECORDS = 1, 2, 3, 4, 5, 6, 7
local PUSHED = 1000 -- values that a call may have are about 8,000

local stored = redis.call('HMGET', KEYS[1], 'first', 'last', 'outcomes')
if stored[2] and tonumber(stored[2]) >= tonumber(ARGV[FIRST]) then
  local same = stored[1] == ARGV[FIRST] and stored[2] == ARGV[LAST] and stored[3] == ARGV[OUTCOMES]
  return same and 1 or 0
end

redis.call('HSET', KEYS[1], 'first', ARGV[FIRST], 'last', ARGV[LAST], 'outcomes', ARGV[OUTCOMES])
local window = tonumber(ARGV[WINDOW])
local leave = math.max(1, window - math.ceil(window / 4)) -- posts that leave a full window at once
local kept = 1 + tonumber(ARGV[APPENDED]) -- index of the last one
local at = RECORDS
for index = 2, kept do
  local count = tonumber(ARGV[at])
  local held = 0
  for first = at + 1, at + count, PUSHED do
    local last = math.min(first + PUSHED - 1, at + count)
    held = redis.call('RPUSH', KEYS[index], unpack(ARGV, first, last))
  end
  if held > window then -- as `surplus` in connectors/schemas/scoring.py
    redis.call('LTRIM', KEYS[index], math.ceil((held - window) / leave) * leave, -1)
  end
  redis.call('EXPIRE', KEYS[index], ARGV[IDLE_S])
  at = at + count + 1
end
for first = kept + 1, #KEYS, PUSHED do
  redis.call('DEL', unpack(KEYS, first, math.min(first + PUSHED - 1, #KEYS)))
end
return 1
