-- Shares a pause that the upstream asked for. One that is open stays so at least until then; what is forced remains.
--
-- ARGV[2]  breaker, epoch, forMs, reason
--
-- Reply: { instances, verdicts? }
local SAME = 1000
local record = read()
local state = stateOf(record)
local ends = now + command.forMs
if state == 'forced-open' or state == 'disabled' or (state == 'open' and ends < record.ends + SAME) then
  return reply(record)
end
return reply(transition(record, {
  state = 'open',
  cause = state == 'open' and record.cause or 'pause',
  reason = command.reason,
  ends = ends,
}))
