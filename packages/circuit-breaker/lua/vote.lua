-- Adds a vote to open a breaker, and opens it if there are enough: a share of the instances, of two zones if there are.
--
-- ARGV[2]  breaker, epoch, instance, zone, reason, ttlMs (how long the vote counts), quorum (share of the instances),
--          minVotes, open { durationMs, maxMs, factor }, spread (factor, for jitter)
--
-- Reply: { instances, votes, verdicts? }. No vote counts that does not know the newest verdict.
local record = read()
local state = stateOf(record)
local stale = record and record.epoch > command.epoch
if stale or state == 'open' or state == 'forced-open' or state == 'disabled' then
  return reply(record, { votes = record.votes or 0 })
end

redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
redis.call('ZADD', KEYS[4], now + command.ttlMs, command.zone .. '\n' .. command.instance)
redis.call('PEXPIRE', KEYS[4], math.max(60000, redis.call('PTTL', KEYS[4]), command.ttlMs))
local votes = redis.call('ZCARD', KEYS[4])
local instances = countInstances()
if votes < math.max(command.minVotes, math.ceil(command.quorum * instances)) then
  return reply(record, { votes = votes })
end

if redis.call('ZCOUNT', KEYS[3], now - command.aliveMs, '+inf') > 1 then
  local first, several
  for _, voter in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
    local zone = voter:match('^(.-)\n')
    first = first or zone
    several = several or zone ~= first
  end
  if not several then
    return reply(record, { votes = votes })
  end
end
local reason = votes .. ' of ' .. instances .. ' instances: ' .. command.reason
return reply(trip(record, reason, votes), { votes = votes })
