-- Finds the record of a key by its hash.
--
-- KEYS[1]  hash: id -> record (JSON)
-- KEYS[2]  hash: hash of a key -> id
-- ARGV[1]  hash of the key, present or previous
--
-- Reply: the record (JSON), or nil
local id = redis.call('HGET', KEYS[2], ARGV[1])
if not id then
  return nil
end
return redis.call('HGET', KEYS[1], id)
