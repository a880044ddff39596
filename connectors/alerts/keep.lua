#!lua
-- Keeps one alert of a track, newest copy last; the oldest leave when there are too many.
--
-- KEYS[1]  hash: id -> JSON
-- KEYS[2]  sorted set: ids by when they were raised
-- ARGV     id, raised at, JSON, most alerts, seconds that the track's alerts live
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
local gone = redis.call('ZRANGE', KEYS[2], 0, -1 - tonumber(ARGV[4]))
for _, id in ipairs(gone) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
end
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[5])
return #gone
