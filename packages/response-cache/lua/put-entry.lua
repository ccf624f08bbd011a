-- Writes an entry, and its resource's index as the writer wants it, if the index still is what the writer has seen.
--
-- KEYS[1]  string: the resource's index
-- KEYS[2]  string: the entry
-- ARGV[1]  the index as the writer has seen it, '' for none
-- ARGV[2]  the index as it is to be
-- ARGV[3]  the entry
-- ARGV[4]  how long the entry lives, ms; the index lives at least as long
--
-- Reply: false if it was written, else the index as it is.
local seen, ttl = redis.call('GET', KEYS[1]) or '', tonumber(ARGV[4])
if seen ~= ARGV[1] then
  return seen
end
local left = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[2], 'PX', string.format('%.0f', math.max(left, ttl)))
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return false
