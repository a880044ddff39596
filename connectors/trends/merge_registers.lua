#!lua
-- Raises the registers of a distinct count to those of a recount; nothing that is there is lost.
--
-- KEYS[1]  HyperLogLog of a bucket
-- KEYS[2]  HyperLogLog that is there only in this call
-- ARGV     value of the second, expiry of the first in Unix seconds
if tonumber(ARGV[2]) > tonumber(redis.call('TIME')[1]) then
  redis.call('SET', KEYS[2], ARGV[1])
  redis.call('PFMERGE', KEYS[1], KEYS[2])
  redis.call('DEL', KEYS[2])
  redis.call('EXPIREAT', KEYS[1], ARGV[2])
end
return 1
