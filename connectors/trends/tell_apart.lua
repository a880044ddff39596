#!lua
-- Lets a track tell platforms or languages apart again that it had lost, while there is room.
--
-- KEYS[1]  values told apart
-- ARGV     most values, then values, those with most posts first
-- Answers how many of these are told apart now, by this call or by a worker meanwhile.
local room = tonumber(ARGV[1]) - redis.call('SCARD', KEYS[1])
local known = 0
for at = 2, #ARGV do
  if redis.call('SISMEMBER', KEYS[1], ARGV[at]) == 1 then
    known = known + 1
  elseif room > 0 then
    redis.call('SADD', KEYS[1], ARGV[at])
    known = known + 1
    room = room - 1
  end
end
return known
