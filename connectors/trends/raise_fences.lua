#!lua
-- Raises a track's fence to what workers have settled, so that they count none of it any more.
--
-- KEYS[1]  fence: source partition -> last offset counted
-- ARGV     source partition and offset of each
for at = 1, #ARGV, 2 do
  local fence = redis.call('HGET', KEYS[1], ARGV[at])
  if not fence or tonumber(fence) < tonumber(ARGV[at + 1]) then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  end
end
return 1
