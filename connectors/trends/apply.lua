#!lua
-- Counts one summed batch of a track and raises the track's fence, both or neither.
--
-- KEYS[1]    fence: source partition -> last offset counted
-- KEYS[2]    late_dropped: resolution -> posts that came after their bucket had expired
-- KEYS[3]    index: <resolution>:<start> of the track's buckets, scored by expiry
-- KEYS[4..]  buckets
-- ARGV       source partition, first offset, last offset, then for each bucket:
--            resolution, start, expiry in Unix seconds, posts, number of other fields,
--            then name and count of each
-- Answers {1, late}: counted, `late` of its counts came after their bucket had expired;
-- or {0, fence}: nothing done, since the fence has passed the first offset.
local PARTITION, FIRST, LAST, BUCKETS = 1, 2, 3, 4
local OTHERS_FROM = 5

local fence = redis.call('HGET', KEYS[1], ARGV[PARTITION])
if fence and tonumber(fence) >= tonumber(ARGV[FIRST]) then
  return {0, fence}
end

local now_s = tonumber(redis.call('TIME')[1])
local late = 0
local at = BUCKETS
for index = 4, #KEYS do
  local resolution, start, expires_at = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local posts, others = ARGV[at + 3], tonumber(ARGV[at + 4])
  local next_bucket = at + OTHERS_FROM + 2 * others
  if tonumber(expires_at) <= now_s then
    redis.call('HINCRBY', KEYS[2], resolution, posts)
    late = late + tonumber(posts)
  else
    local total = redis.call('HINCRBY', KEYS[index], 'posts', posts)
    for field = at + OTHERS_FROM, next_bucket - 2, 2 do
      redis.call('HINCRBY', KEYS[index], ARGV[field], ARGV[field + 1])
    end
    if total == tonumber(posts) then
      redis.call('EXPIREAT', KEYS[index], expires_at)
      redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now_s)
      redis.call('ZADD', KEYS[3], expires_at, resolution .. ':' .. start)
    end
  end
  at = next_bucket
end
redis.call('HSET', KEYS[1], ARGV[PARTITION], ARGV[LAST])
return {1, late}
