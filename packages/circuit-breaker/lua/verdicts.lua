-- What every script of the fleet begins with: it is sent in front of each of them, and is none by itself.
--
-- KEYS[1]  hash: breaker -> its record (JSON)
-- KEYS[2]  sorted set: instance -> when it was last heard of
-- KEYS[3]  sorted set: zone -> the same
-- KEYS[4]  sorted set: zone and instance that vote to open the breaker -> until when
-- KEYS[5]  stream: the last 1,000 transitions or so
-- KEYS[6]  string: version of these scripts
-- KEYS[7]  channel for verdicts
-- KEYS[8]  hash: instance -> what it said of itself (JSON)
-- ARGV[1]  PUBLISH or SPUBLISH
-- ARGV[2]  the command (JSON). In each: `aliveMs`, for how long an instance counts that is not heard of;
--          in all but beat: `breaker`, and `epoch`, the newest that the sender knows
--
-- Reply (JSON): { now, instances, verdicts? } and what stands at the head of each script.
-- Times in a record are Redis's own; a verdict tells how long from now, so that no clock is shared.
local DAY = 86400000
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local command = cjson.decode(ARGV[2])

local function read()
  local json = redis.call('HGET', KEYS[1], command.breaker)
  return json and cjson.decode(json) or nil
end

local function write(record)
  redis.call('HSET', KEYS[1], record.breaker, cjson.encode(record))
  redis.call('PEXPIRE', KEYS[1], 30 * DAY)
end

-- What time has made of it: no script runs when a state ends.
local function stateOf(record)
  if not record then
    return 'closed'
  end
  if record.ends and now >= record.ends then
    return record.state == 'open' and 'half-open' or 'closed'
  end
  return record.state
end

local function verdictOf(record)
  local state = stateOf(record)
  return {
    breaker = record.breaker,
    epoch = record.epoch,
    state = state == 'half-open' and 'open' or state,
    reason = record.reason,
    actor = record.actor,
    cause = record.cause,
    openCount = record.openCount,
    votes = record.votes,
    forMs = record.ends and math.max(0, record.ends - now),
    elapsedMs = now - record.since,
  }
end

local function countInstances()
  return redis.call('ZCOUNT', KEYS[2], now - command.aliveMs, '+inf')
end

local function reply(record, more)
  local answer = more or {}
  answer.now = now
  answer.instances = countInstances()
  answer.verdicts = record and { verdictOf(record) } or nil
  return cjson.encode(answer)
end

-- The only place where a state changes. Epochs grow even if Redis lost what it knew, or its clock was set back.
local function transition(before, to)
  to.breaker = command.breaker
  to.since = to.since or now
  to.epoch = to.epoch or math.max(now, command.epoch + 1, before and before.epoch + 1 or 0)
  to.openCount = to.openCount or before and before.openCount or 0
  write(to)
  redis.call('DEL', KEYS[4])
  local verdict = verdictOf(to)
  verdict.at = now
  local json = cjson.encode(verdict)
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', 1000, '*', 'verdict', json)
  redis.call('PEXPIRE', KEYS[5], 7 * DAY)
  redis.call(ARGV[1], KEYS[7], json)
  return to
end

-- Opens, longer each time in a row; one open is forgotten for each `open.durationMs` spent closed.
local function trip(before, reason, votes)
  local policy = command.open
  local count = before and before.openCount or 0
  local state = stateOf(before)
  if before and (state == 'closed' or state == 'recovering') then
    count = math.max(0, count - math.floor((now - before.since) / policy.durationMs))
  end
  count = count + 1
  local length = math.min(policy.maxMs, policy.durationMs * policy.factor ^ (count - 1))
  return transition(before, {
    state = 'open',
    cause = 'trip',
    reason = reason,
    votes = votes,
    openCount = count,
    ends = now + math.floor(length * command.spread),
  })
end

-- Decides about a half-open breaker as soon as `max` probes can end in no other way. 2 of 3 meet 0.67.
local function conclude(record, max)
  local needed = math.max(1, math.ceil((command.probe.successRatio - 0.005) * max - 1e-9))
  local settled = record.successes + record.failures
  local reason = record.successes .. ' of ' .. settled .. ' probes succeeded'
  if record.successes >= needed then
    return transition(record, { state = 'recovering', reason = reason })
  end
  return record.failures > max - needed and trip(record, reason) or nil
end
