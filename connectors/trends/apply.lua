#!lua
-- Counts one summed batch of a track and raises the track's fence, both or neither.
--
-- KEYS[1]    fence: source partition -> last offset counted
-- KEYS[2]    late_dropped: resolution -> posts that came after their bucket had expired
-- KEYS[3]    index: <resolution>:<start> of the track's buckets, scored by expiry
-- KEYS[4,5]  values told apart of each dimension, in the order of `dimensions`
-- KEYS[6..]  of each bucket: counts, splits, distinct conversations, distinct authors
-- ARGV       source partition, first offset, last offset, and MessagePack:
--            dimensions: name, most values told apart; groups: buckets that get the same sums
-- Answers {1, late}: counted, `late` of its counts came after their bucket had expired;
-- or {0, fence}: nothing done, since the fence has passed the first offset.
local PARTITION, FIRST, LAST, BATCH = 1, 2, 3, 4
local FENCE, LATE, INDEX, VALUES, BUCKETS = 1, 2, 3, 4, 6
local KEYS_OF_A_BUCKET = 4
local ADDED = 1000 -- values that a call may have are about 8,000
local OTHER = 'other'

local fence = redis.call('HGET', KEYS[FENCE], ARGV[PARTITION])
if fence and tonumber(fence) >= tonumber(ARGV[FIRST]) then
  return {0, fence}
end

local now_s = tonumber(redis.call('TIME')[1])
local batch = cmsgpack.unpack(ARGV[BATCH])

-- A value that found room once is told apart for ever, so that what it is called depends on
-- nothing but this set: the recount reads it.
local function called(key, most, value)
  if redis.call('SISMEMBER', key, value) == 1 then
    return value
  end
  if redis.call('SCARD', key) < most then
    redis.call('SADD', key, value)
    return value
  end
  return OTHER
end

local function added(packed, figures)
  if not packed then
    return cmsgpack.pack(figures)
  end
  local sums = cmsgpack.unpack(packed)
  for place = 1, math.max(#sums, #figures) do -- either is shorter where nothing was shed
    sums[place] = (sums[place] or 0) + (figures[place] or 0)
  end
  return cmsgpack.pack(sums)
end

local function count_splits(key, expires_at, splits)
  for place, dimension in ipairs(batch.dimensions) do
    for _, split in ipairs(splits[place]) do
      local value = called(KEYS[VALUES + place - 1], dimension.most, split[1])
      local field = dimension.name .. ':' .. value
      redis.call('HSET', key, field, added(redis.call('HGET', key, field), split[2]))
    end
  end
  redis.call('EXPIREAT', key, expires_at)
end

local function count_distinct(key, expires_at, elements)
  if #elements == 0 then
    return
  end
  for first = 1, #elements, ADDED do
    redis.call('PFADD', key, unpack(elements, first, math.min(first + ADDED - 1, #elements)))
  end
  redis.call('EXPIREAT', key, expires_at)
end

local late = 0
local at = BUCKETS
for _, group in ipairs(batch.groups) do
  for _, bucket in ipairs(group.buckets) do
    if bucket.expires_at <= now_s then
      redis.call('HINCRBY', KEYS[LATE], bucket.resolution, group.posts)
      late = late + group.posts
    else
      for name, figure in pairs(group.counts) do
        redis.call('HINCRBY', KEYS[at], name, figure)
      end
      if redis.call('HINCRBY', KEYS[at], 'posts', group.posts) == group.posts then
        redis.call('EXPIREAT', KEYS[at], bucket.expires_at)
        redis.call('ZREMRANGEBYSCORE', KEYS[INDEX], '-inf', now_s)
        redis.call('ZADD', KEYS[INDEX], bucket.expires_at, bucket.resolution .. ':' .. bucket.start)
      end
      if bucket.splits_expire_at > now_s then
        count_splits(KEYS[at + 1], bucket.splits_expire_at, group.splits)
      end
      if bucket.distinct_expire_at > now_s then
        count_distinct(KEYS[at + 2], bucket.distinct_expire_at, bucket.conversations)
        count_distinct(KEYS[at + 3], bucket.distinct_expire_at, bucket.authors)
      end
    end
    at = at + KEYS_OF_A_BUCKET
  end
end
redis.call('HSET', KEYS[FENCE], ARGV[PARTITION], ARGV[LAST])
return {1, late}
