-- Writes a record if it follows the one that is stored, and tells everybody.
--
-- KEYS[1]  hash: id -> record (JSON)
-- KEYS[2]  hash: hash of a key -> id
-- KEYS[3]  set: ids of the record's consumer
-- ARGV[1]  id
-- ARGV[2]  record (JSON)
-- ARGV[3]  its revision: 1 wants that there is none, n that there is n - 1
-- ARGV[4]  channel for the message
-- ARGV[5]  its hash
-- ARGV[6]  its previous hash, or ''
--
-- Reply: 1 if it was written, else 0. Message: the hashes concerned, as a JSON list.
local id, revision = ARGV[1], tonumber(ARGV[3])
local stored = redis.call('HGET', KEYS[1], id)
local before = stored and cjson.decode(stored)
if (before and before.revision or 0) ~= revision - 1 then
  return 0
end
for i = 5, 6 do
  local owner = ARGV[i] ~= '' and redis.call('HGET', KEYS[2], ARGV[i])
  if owner and owner ~= id then
    return 0
  end
end

local concerned = { ARGV[5] }
if before then
  concerned[#concerned + 1] = before.hash
  redis.call('HDEL', KEYS[2], before.hash)
  if before.previous then
    concerned[#concerned + 1] = before.previous.hash
    redis.call('HDEL', KEYS[2], before.previous.hash)
  end
end
redis.call('HSET', KEYS[1], id, ARGV[2])
redis.call('HSET', KEYS[2], ARGV[5], id)
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[6], id)
end
redis.call('SADD', KEYS[3], id)
redis.call('PUBLISH', ARGV[4], cjson.encode(concerned))
return 1
