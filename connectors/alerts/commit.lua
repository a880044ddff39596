#!lua
-- Fixes what a look decided: what the watch remembers, and the alerts to tell, both or neither.
--
-- KEYS[1]  lease
-- KEYS[2]  state
-- KEYS[3]  outbox
-- ARGV     owner, state as it was, state as it is, then the alerts
-- Answers 1 where it is done, also by an earlier call; 0 where another owner holds the lease.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local known = redis.call('GET', KEYS[2]) or ''
if known == ARGV[3] then
  return 1
end
if known ~= ARGV[2] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[3])
for at = 4, #ARGV do
  redis.call('RPUSH', KEYS[3], ARGV[at])
end
return 1
