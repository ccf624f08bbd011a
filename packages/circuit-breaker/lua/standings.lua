-- Tells what each instance said of itself with its last beat.
--
-- ARGV[2]  nothing
--
-- Reply (JSON): { now, standings [{ instance, zone, mode, dissent?, at }] }
local standings = table.concat(redis.call('HVALS', KEYS[8]), ',')
return '{"now":' .. string.format('%.0f', now) .. ',"standings":[' .. standings .. ']}'
