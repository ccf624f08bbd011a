-- Takes the result of a leased probe, and decides if that is enough. `ignored` gives the place back.
--
-- ARGV[2]  breaker, epoch, lease, outcome, probe and open and spread as in lease
--
-- Reply: { instances, verdicts? }. A lease that ran out, or is of another epoch, counts for nothing.
local record = read()
if stateOf(record) ~= 'half-open' or record.epoch ~= command.epoch then
  return reply(record)
end
local live, found = {}, false
for _, lease in ipairs(record.leases or {}) do
  if lease.id == command.lease and now < lease.ends then
    found = true
  elseif now < lease.ends then
    live[#live + 1] = lease
  end
end
if not found then
  return reply(record)
end
record.leases = live
if command.outcome == 'success' then
  record.successes = record.successes + 1
elseif command.outcome == 'failure' then
  record.failures = record.failures + 1
end
local decided = conclude(record, command.probe.max)
if not decided then
  write(record)
end
return reply(decided or record)
