-- Forgets a record, and tells everybody.
--
-- KEYS[1]  hash: id -> record (JSON)
-- KEYS[2]  hash: hash of a key -> id
-- KEYS[3]  set: ids of the record's consumer
-- KEYS[4]  hash: id -> time of the last use
-- ARGV[1]  id
-- ARGV[2]  channel for the message
--
-- Reply: 1 if it was there, else 0. Message: the hashes concerned, as a JSON list.
local id = ARGV[1]
local stored = redis.call('HGET', KEYS[1], id)
if not stored then
  return 0
end
local record = cjson.decode(stored)
local concerned = { record.hash }
if record.previous then
  concerned[2] = record.previous.hash
end
redis.call('HDEL', KEYS[2], unpack(concerned))
redis.call('HDEL', KEYS[1], id)
redis.call('HDEL', KEYS[4], id)
redis.call('SREM', KEYS[3], id)
redis.call('PUBLISH', ARGV[2], cjson.encode(concerned))
return 1
