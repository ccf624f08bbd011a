-- Restores a verdict that Redis has lost, by a crash, FLUSHALL, or a failover before it was replicated.
--
-- ARGV[2]  breaker, epoch (the verdict's), state, reason, actor?, cause?, openCount, forMs?, elapsedMs
--
-- Reply: { instances, verdicts }: what is in force now; a newer one stays.
local record = read()
if record and record.epoch >= command.epoch then
  return reply(record)
end
return reply(transition(record, {
  state = command.state,
  epoch = command.epoch,
  reason = command.reason,
  actor = command.actor,
  cause = command.cause,
  openCount = command.openCount,
  since = now - command.elapsedMs,
  ends = command.forMs and now + command.forMs,
}))
