#!lua
-- Counts one summed batch of a track and raises the track's fences, both or neither.
--
-- KEYS[1]    fence: source partition -> last offset counted
-- KEYS[2]    late_dropped: resolution -> posts that came after their bucket had expired
-- KEYS[3]    index: <resolution>:<start> of the track's buckets, scored by expiry
-- KEYS[4,5]  values told apart of each dimension, in the order of `dimensions`
-- KEYS[6..]  of each bucket: counts, splits, distinct conversations, distinct authors; those of a
--            platform or language have the same name behind which theirs stands
-- ARGV       MessagePack: dimensions: name, most values told apart; groups: buckets that get the
--            same sums; then of each source partition: its name, first offset, last offset
-- Answers {1, late}: counted, `late` of its counts came after their bucket had expired;
-- or {0, fences}: nothing done, since a fence has passed the first offset of its partition.
local BATCH, PARTITIONS = 1, 2
local FENCE, LATE, INDEX, VALUES, BUCKETS = 1, 2, 3, 4, 6
local KEYS_OF_A_BUCKET = 4
local ADDED = 1000 -- values that a call may have are about 8,000
local OTHER = 'other'

local asked = {'HMGET', KEYS[FENCE]}
local raised = {'HSET', KEYS[FENCE]}
for at = PARTITIONS, #ARGV, 3 do
  asked[#asked + 1] = ARGV[at]
  raised[#raised + 1] = ARGV[at]
  raised[#raised + 1] = ARGV[at + 2]
end
local fences = redis.call(unpack(asked))
for index, fence in ipairs(fences) do
  if fence and tonumber(fence) >= tonumber(ARGV[PARTITIONS + 3 * (index - 1) + 1]) then
    return {0, fences}
  end
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

local function count_elements(key, expires_at, elements)
  if #elements == 0 then
    return
  end
  for first = 1, #elements, ADDED do
    redis.call('PFADD', key, unpack(elements, first, math.min(first + ADDED - 1, #elements)))
  end
  redis.call('EXPIREAT', key, expires_at)
end

local function count_distinct(conversations, authors, expires_at, voices)
  count_elements(conversations, expires_at, voices[1])
  count_elements(authors, expires_at, voices[2])
end

local function count_distinct_splits(conversations, authors, expires_at, voices)
  for place, dimension in ipairs(batch.dimensions) do
    for _, split in ipairs(voices[place]) do
      local value = called(KEYS[VALUES + place - 1], dimension.most, split[1])
      local behind = ':' .. dimension.name .. ':' .. value
      count_distinct(conversations .. behind, authors .. behind, expires_at, split[2])
    end
  end
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
        count_distinct(KEYS[at + 2], KEYS[at + 3], bucket.distinct_expire_at, bucket.voices)
      end
      if bucket.distinct_splits_expire_at > now_s then
        count_distinct_splits(
          KEYS[at + 2], KEYS[at + 3], bucket.distinct_splits_expire_at, bucket.voices_within
        )
      end
    end
    at = at + KEYS_OF_A_BUCKET
  end
end
redis.call(unpack(raised))
return {1, late}
