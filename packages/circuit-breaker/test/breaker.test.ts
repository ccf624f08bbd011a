import { type Test, test } from 'tap'
import {
  type BreakerOptions,
  type CircuitBreaker,
  createCircuitBreaker,
  type Permit,
  type TransitionEvent,
} from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'

interface Subject {
  readonly breaker: CircuitBreaker
  readonly clock: ManualClock
  readonly transitions: TransitionEvent[]
}

function subject(options: BreakerOptions = {}): Subject {
  const clock = new ManualClock()
  // 0.5 is the middle of the jitter: durations are exact.
  const breaker = createCircuitBreaker({ name: 'orders', ...options }, { clock, random: () => 0.5 })
  const transitions: TransitionEvent[] = []
  breaker.on('transition', (event) => transitions.push(event))
  return { breaker, clock, transitions }
}

function permit(t: Test, breaker: CircuitBreaker): Permit {
  const answer = breaker.acquire()
  if (!answer.admitted) {
    t.fail(`refused: ${answer.reason}`)
    throw answer.toError()
  }
  return answer
}

function fail(t: Test, breaker: CircuitBreaker, times: number): void {
  for (let call = 0; call < times; call += 1) {
    permit(t, breaker).failure({ kind: 'status', detail: '503' })
  }
}

function succeed(t: Test, breaker: CircuitBreaker, times: number): void {
  for (let call = 0; call < times; call += 1) permit(t, breaker).success()
}

test('goes once around: closed, open, half-open, recovering, closed', (t) => {
  const { breaker, clock, transitions } = subject()
  succeed(t, breaker, 10)
  fail(t, breaker, 9)
  t.equal(breaker.state, 'closed', 'fewer calls than minimumCalls say nothing')
  fail(t, breaker, 1)
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
  succeed(t, breaker, 1)
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
