-- Puts an intervention by hand into force for everybody.
--
-- ARGV[2]  breaker, epoch, state (forced-open, disabled or closed), cause? (of closed: close or reset), reason, actor?,
--          forMs? (without: until further notice)
--
-- Reply: { instances, verdicts }
return reply(transition(read(), {
  state = command.state,
  cause = command.cause,
  reason = command.reason,
  actor = command.actor,
  openCount = 0,
  ends = command.forMs and now + command.forMs,
}))
