#!lua
-- Takes the lease of the watch, prolongs one's own, or gives it back.
--
-- KEYS[1]  lease
-- ARGV     owner, milliseconds; 0 gives it back
-- Answers 1 where it is the caller's now, else 0.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return 0
end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
  return 1
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
