-- Counts a request in a sliding window: requests of this window, and of the one before as far as it still counts.
-- The same arithmetic as src/rate-limit/window-counter.ts; one contract suite holds both to it.
--
-- KEYS[1]  hash of the key: i (number of the window), c (requests in it), p (requests in the one before)
-- ARGV[1]  requests allowed in a window
-- ARGV[2]  length of the window in milliseconds
-- ARGV[3]  1: count if it fits, 0: only look, -1: give one back
--
-- Reply: { allowed (1 or 0), remaining, reset in milliseconds }
local key = KEYS[1]
local max = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local cost = tonumber(ARGV[3])

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local index = math.floor(now / window)
local elapsed = now - index * window

local stored = redis.call('HMGET', key, 'i', 'c', 'p')
local last = tonumber(stored[1]) or index
local current = tonumber(stored[2]) or 0
local previous = tonumber(stored[3]) or 0
if last < index - 1 then
  current, previous = 0, 0
elseif last == index - 1 then
  current, previous = 0, current
end

local function save()
  redis.call('HSET', key, 'i', index, 'c', current, 'p', previous)
  redis.call('PEXPIRE', key, 2 * window)
end

if cost < 0 then
  if current > 0 then
    current = current - 1
    save()
  end
  return { 1, 0, 0 }
end

local free = max - current - previous * (1 - elapsed / window)
if free >= 1 then
  if cost > 0 then
    current = current + 1
    save()
  end
  return { 1, math.floor(free) - cost, window - elapsed }
end

local wait
if max < 1 then
  wait = window
elseif current <= max - 1 then
  wait = window * (1 - (max - 1 - current) / previous) - elapsed
else
  wait = window - elapsed + window * (1 - (max - 1) / current)
end
return { 0, 0, math.ceil(wait) }
