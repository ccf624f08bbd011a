-- Makes all entries of a resource unreadable or stale at once, whatever their number: they carry the epochs of the index
-- under which they were written. A resource without an index gets one, so that a fetch under way sees that it is too late.
--
-- KEYS[1]  string: the resource's index (JSON: epoch, soft, purged, vary)
-- ARGV[1]  'hard' or 'soft'
-- ARGV[2]  the new epoch, which nobody has used
-- ARGV[3]  how long the index lives at least, ms
--
-- Reply: 1 if there was an index, else 0.
local seen = redis.call('GET', KEYS[1])
local index = seen and cjson.decode(seen) or { epoch = ARGV[2], soft = '', vary = {} }
if ARGV[1] == 'hard' then
  index.epoch = ARGV[2]
else
  index.soft = ARGV[2]
end
index.purged = true
-- cjson would write an empty list as an object.
local vary = #index.vary == 0 and '[]' or cjson.encode(index.vary)
index.vary = nil
local json = string.sub(cjson.encode(index), 1, -2) .. ',"vary":' .. vary .. '}'
local left = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[1], json, 'PX', string.format('%.0f', math.max(left, tonumber(ARGV[3]))))
return seen and 1 or 0
