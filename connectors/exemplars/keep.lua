#!lua
-- Keeps example posts of a track, of each label those of the highest rank.
--
-- KEYS[1]    documents: post id -> JSON
-- KEYS[2..]  of each label, sorted set: post id, scored by rank
-- ARGV       first part of the keys of texts, and MessagePack:
--            most: posts of a label; life_s: seconds that all live after the last call;
--            posts: id, document, ranks by place of the label, and text with its expiry or nothing
-- Answers the number of posts that were kept before and are no more.
local DOCUMENTS, LABELS = 1, 2
local TEXT, BATCH = 1, 2

local batch = cmsgpack.unpack(ARGV[BATCH])

local function drop(post_id)
  redis.call('HDEL', KEYS[DOCUMENTS], post_id)
  redis.call('DEL', ARGV[TEXT] .. post_id)
end

local function is_kept(post_id)
  for label = LABELS, #KEYS do
    if redis.call('ZSCORE', KEYS[label], post_id) then
      return true
    end
  end
  return false
end

for _, post in ipairs(batch.posts) do
  for label = LABELS, #KEYS do
    redis.call('ZREM', KEYS[label], post.id)
  end
  for place, rank in pairs(post.ranks) do
    redis.call('ZADD', KEYS[LABELS + place], rank, post.id)
  end
  redis.call('HSET', KEYS[DOCUMENTS], post.id, post.document)
  if post.text then
    redis.call('SET', ARGV[TEXT] .. post.id, post.text, 'EXAT', post.text_expires_at)
  end
end

local dropped = 0
for label = LABELS, #KEYS do
  local surplus = redis.call('ZCARD', KEYS[label]) - batch.most
  if surplus > 0 then
    local popped = redis.call('ZPOPMIN', KEYS[label], surplus)
    for at = 1, #popped, 2 do
      if not is_kept(popped[at]) then
        drop(popped[at])
        dropped = dropped + 1
      end
    end
  end
  redis.call('EXPIRE', KEYS[label], batch.life_s)
end
redis.call('EXPIRE', KEYS[DOCUMENTS], batch.life_s)
return dropped
