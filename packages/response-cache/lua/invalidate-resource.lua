-- Makes all entries of a resource unreadable or stale at once, whatever their number: they carry the epochs of the index
-- under which they were written. A resource without an index gets one, so that a fetch under way sees that it is too late.
--
-- KEYS[1]  string: the resource's index (`<epoch> <soft> <1: purged> <vary>`)
-- ARGV[1]  'hard' or 'soft'
-- ARGV[2]  the new epoch, which nobody has used
-- ARGV[3]  how long the index lives at least, ms
--
-- Reply: 1 if there was an index, else 0.
local seen = redis.call('GET', KEYS[1])
local epoch, soft, vary = string.match(seen or '', '^([%w_-]+) ([%w_-]*) [01] ([^ ]*)$')
if ARGV[1] == 'hard' or not epoch then
  epoch = ARGV[2]
end
if ARGV[1] == 'soft' then
  soft = ARGV[2]
end
local index = epoch .. ' ' .. (soft or '') .. ' 1 ' .. (vary or '')
local left = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[1], index, 'PX', string.format('%.0f', math.max(left, tonumber(ARGV[3]))))
return seen and 1 or 0
