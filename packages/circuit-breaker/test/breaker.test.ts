import { test } from 'tap'
import { fail, succeed } from '../src/testing/index.ts'
import { permit, subject } from './subject.ts'

test('goes once around: closed, open, half-open, recovering, closed', (t) => {
  const { breaker, clock, transitions } = subject()
  succeed(breaker, 10)
  fail(breaker, 9)
  t.equal(breaker.state, 'closed', 'fewer calls than minimumCalls say nothing')
  fail(breaker, 1, { kind: 'status', detail: '503' })
  t.equal(breaker.state, 'open')
  const refused = breaker.acquire()
  t.match(refused, {
    admitted: false,
    reason: 'open',
    retryAfterMs: 30_000,
    breaker: 'orders',
    state: 'open',
  })
  clock.advance(29_999)
  t.equal(breaker.state, 'open')
  clock.advance(1)
  t.equal(breaker.state, 'half-open')
  const first = permit(t, breaker)
  t.equal(first.probe, true)
  t.match(breaker.acquire(), { admitted: false, reason: 'half-open' }, 'one probe at a time')
  first.success()
  t.equal(breaker.state, 'half-open', 'one success proves nothing yet')
  succeed(breaker, 1)
  t.equal(breaker.state, 'recovering', 'two of three are certain to meet the ratio')
  clock.advance(10_000)
  t.equal(breaker.state, 'closed')
  t.same(
    transitions.map(({ from, to, reason, cause, scope, generation }) => ({
      from,
      to,
      reason,
      cause,
      scope,
      generation,
    })),
    [
      {
        from: 'closed',
        to: 'open',
        reason: '10 of 20 calls failed',
        cause: 'status 503',
        scope: 'local',
        generation: 1,
      },
      {
        from: 'open',
        to: 'half-open',
        reason: 'time to look again',
        cause: undefined,
        scope: 'local',
        generation: 2,
      },
      {
        from: 'half-open',
        to: 'recovering',
        reason: '2 of 2 probes succeeded',
        cause: undefined,
        scope: 'local',
        generation: 3,
      },
      {
        from: 'recovering',
        to: 'closed',
        reason: 'recovered',
        cause: undefined,
        scope: 'local',
        generation: 3,
      },
    ],
  )
  t.end()
})
