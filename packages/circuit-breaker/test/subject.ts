import type { Test } from 'tap'
import {
  type BreakerEnvironment,
  type BreakerOptions,
  type CircuitBreaker,
  createCircuitBreaker,
  type Permit,
  type Rejection,
  type TransitionEvent,
} from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'

export interface Subject {
  readonly breaker: CircuitBreaker
  readonly clock: ManualClock
  readonly transitions: TransitionEvent[]
}

/** A breaker on a manual clock, whose chance is always the middle: durations without jitter, half a credit. */
export function subject(options: BreakerOptions = {}, environment: BreakerEnvironment = {}): Subject {
  const clock = new ManualClock()
  const breaker = createCircuitBreaker(
    { name: 'orders', ...options },
    { clock, random: () => 0.5, ...environment },
  )
  const transitions: TransitionEvent[] = []
  breaker.on('transition', (event) => transitions.push(event))
  return { breaker, clock, transitions }
}

export function permit(t: Test, breaker: CircuitBreaker): Permit {
  const answer = breaker.acquire()
  if (answer.admitted) return answer
  t.fail(`refused: ${answer.reason}`)
  throw answer.toError()
}

export function refusal(t: Test, breaker: CircuitBreaker): Rejection {
  const answer = breaker.acquire()
  if (!answer.admitted) return answer
  t.fail('admitted')
  throw new Error('admitted')
}
