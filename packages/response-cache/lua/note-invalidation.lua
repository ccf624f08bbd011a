-- Gives an invalidation its place in the order of all, keeps it for instances that come later, and tells everybody.
--
-- KEYS[1]  string: the stamp of the latest
-- KEYS[2]  sorted set: invalidations by stamp, the latest of each member
-- ARGV[1]  channel for the message
-- ARGV[2]  the member (mode|scope|value), '' for one that need not be kept
-- ARGV[3]  the message (JSON object); it goes out with its stamp, and with the one before it as `after`
-- ARGV[4]  how many members are kept; the oldest beyond are widened to all
-- ARGV[5]  how long they are kept, ms
--
-- Reply: the stamp, microseconds of the server's clock or one more than the latest.
local time = redis.call('TIME')
local after = redis.call('GET', KEYS[1]) or '0'
local stamp = string.format('%.0f', math.max(time[1] * 1000000 + time[2], tonumber(after) + 1))
redis.call('SET', KEYS[1], stamp, 'PX', ARGV[5])
if ARGV[2] ~= '' then
  redis.call('ZADD', KEYS[2], stamp, ARGV[2])
  if redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[4]) then
    local oldest = redis.call('ZPOPMIN', KEYS[2])
    local all = string.match(oldest[1], '^%a+') .. '|all|'
    local noted = tonumber(redis.call('ZSCORE', KEYS[2], all) or '0')
    redis.call('ZADD', KEYS[2], string.format('%.0f', math.max(noted, tonumber(oldest[2]))), all)
  end
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
local order = ',"after":' .. after .. ',"stamp":' .. stamp .. '}'
redis.call('PUBLISH', ARGV[1], string.sub(ARGV[3], 1, -2) .. order)
return stamp
