-- Gives a lease back, and tells those who wait how the fetch ended.
--
-- KEYS[1]  string: the holder's token
-- KEYS[2]  string: there while anybody waits
-- ARGV[1]  the token of whoever gives it back
-- ARGV[2]  channel for the message
-- ARGV[3]  the message
--
-- Reply: 1 if the lease was still held by that token, else 0.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
if redis.call('DEL', KEYS[2]) == 1 then
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end
return 1
