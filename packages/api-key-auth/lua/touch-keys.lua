-- Notes when keys were last used. Never goes back, and says nothing of keys that are gone.
--
-- KEYS[1]  hash: id -> record (JSON)
-- KEYS[2]  hash: id -> time of the last use, in milliseconds since the epoch
-- ARGV[1]  how long the times are kept after the last one, in milliseconds
-- ARGV[2]  id, ARGV[3] time, ARGV[4] id, ARGV[5] time, ...
--
-- Reply: how many were noted
local noted = 0
for i = 2, #ARGV, 2 do
  local id, at = ARGV[i], tonumber(ARGV[i + 1])
  local before = tonumber(redis.call('HGET', KEYS[2], id) or '0')
  if at > before and redis.call('HEXISTS', KEYS[1], id) == 1 then
    redis.call('HSET', KEYS[2], id, ARGV[i + 1])
    noted = noted + 1
  end
end
if noted > 0 then
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
return noted
