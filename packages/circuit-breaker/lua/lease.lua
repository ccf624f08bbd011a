-- Asks for leave to probe: all instances together may have `probe.concurrency` at one time, and `probe.max` in all.
--
-- ARGV[2]  breaker, epoch, openCount (as the sender knows it), ttlMs (how long the lease holds),
--          probe { max, concurrency, successRatio, maxWaitMs }, open { durationMs, maxMs, factor }, spread
--
-- Reply: { instances, lease?, verdicts? }
local record = read()
if not record or record.epoch < command.epoch then
  -- Redis has lost what the sender knows: it was open, and its time is over.
  record = {
    breaker = command.breaker,
    state = 'open',
    cause = 'trip',
    reason = 'time to look again',
    epoch = command.epoch,
    openCount = command.openCount,
    since = now,
    ends = now,
  }
end
if stateOf(record) ~= 'half-open' or record.epoch > command.epoch then
  return reply(record)
end

local live = {}
for _, lease in ipairs(record.leases or {}) do
  if now < lease.ends then
    live[#live + 1] = lease
  end
end
record.successes = record.successes or 0
record.failures = record.failures or 0
local settled = record.successes + record.failures
if record.deadline and now >= record.deadline then
  local decided = settled > 0 and conclude(record, settled)
  if decided then
    return reply(decided)
  end
  record.deadline = nil
end

local lease
local probe = command.probe
if #live < probe.concurrency and #live + settled < probe.max then
  record.granted = (record.granted or 0) + 1
  record.deadline = record.deadline or now + probe.maxWaitMs
  lease = record.granted
  live[#live + 1] = { id = lease, ends = now + command.ttlMs }
end
record.leases = live
write(record)
return reply(record, { lease = lease })
