#!lua
-- Adds differences to some buckets of a track, once for each step of a rebuild, while workers count.
--
-- KEYS[1]    rebuilt: run and step that wrote last, and how many buckets that step left out
-- KEYS[2]    index: <resolution>:<start> of the track's buckets, scored by expiry
-- KEYS[3..]  of each bucket: counts, splits
-- ARGV       run, step, the run and step that must have written last, and MessagePack: of each
--            bucket resolution, start, expires_at, splits_expire_at, unseen (the index did not list
--            it at the snapshot), counts and splits: name -> difference, or those of all measures
-- Answers {1, left out}: this step is done, by this call or by one before whose answer was lost;
-- left out are unseen buckets that are there; the index lists them now for the next snapshot;
-- or {0, 0}: nothing done, since another rebuild wrote meanwhile.
local RUN, STEP, LAST_RUN, LAST_STEP, BUCKETS = 1, 2, 3, 4, 5
local REBUILT, INDEX, FIRST_BUCKET, KEYS_OF_A_BUCKET = 1, 2, 3, 2
local REMEMBERED_S = 24 * 60 * 60

local last = redis.call('HMGET', KEYS[REBUILT], 'run', 'step', 'left_out')
if last[1] == ARGV[RUN] and last[2] == ARGV[STEP] then
  return {1, tonumber(last[3])}
end
if (last[1] or '') ~= ARGV[LAST_RUN] or (last[2] or '') ~= ARGV[LAST_STEP] then
  return {0, 0}
end

local function add_counts(key, bucket, member)
  for name, difference in pairs(bucket.counts) do
    if redis.call('HINCRBY', key, name, difference) == 0 then
      redis.call('HDEL', key, name)
    end
  end
  if redis.call('EXPIREAT', key, bucket.expires_at) == 1 then
    redis.call('ZADD', KEYS[INDEX], bucket.expires_at, member)
  else -- no field is left
    redis.call('ZREM', KEYS[INDEX], member)
  end
end

local function add_splits(key, bucket)
  for name, differences in pairs(bucket.splits) do
    local packed = redis.call('HGET', key, name)
    local sums = packed and cmsgpack.unpack(packed) or {}
    local any = false
    for place = 1, #differences do
      sums[place] = (sums[place] or 0) + differences[place]
      any = any or sums[place] ~= 0
    end
    if any then
      redis.call('HSET', key, name, cmsgpack.pack(sums))
    else
      redis.call('HDEL', key, name)
    end
  end
  redis.call('EXPIREAT', key, bucket.splits_expire_at)
end

local now_s = tonumber(redis.call('TIME')[1])
local left_out = 0
local at = FIRST_BUCKET
for _, bucket in ipairs(cmsgpack.unpack(ARGV[BUCKETS])) do
  local counts, splits = KEYS[at], KEYS[at + 1]
  local member = bucket.resolution .. ':' .. bucket.start
  if bucket.unseen and redis.call('EXISTS', counts, splits) > 0 then
    left_out = left_out + 1
    redis.call('ZADD', KEYS[INDEX], bucket.expires_at, member)
  elseif bucket.expires_at > now_s then
    add_counts(counts, bucket, member)
    if bucket.splits_expire_at > now_s then
      add_splits(splits, bucket)
    end
  end
  at = at + KEYS_OF_A_BUCKET
end
redis.call('HSET', KEYS[REBUILT], 'run', ARGV[RUN], 'step', ARGV[STEP], 'left_out', left_out)
redis.call('EXPIRE', KEYS[REBUILT], REMEMBERED_S)
return {1, left_out}
