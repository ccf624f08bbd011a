import {
  circuitBreaker,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  handleAll,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'
import { answerTasks } from './answer-tasks.ts'
import { asynchronous, renewedAsync, type Task } from './task.ts'

const HOUR_MS = 3_600_000
const noop = async (): Promise<number> => 1
const failure = new Error('no')
const broken = async (): Promise<number> => {
  throw failure
}

const tasks: Record<string, () => Task | Promise<Task>> = {
  execute: () => {
    const breaker = sampling(10_000)
    return asynchronous(() => breaker.execute(noop))
  },
  'execute with a timeout': () => {
    const policy = wrap(timeout(10_000, TimeoutStrategy.Aggressive), sampling(10_000))
    return asynchronous(() => policy.execute(noop))
  },
  'execute while open': () => {
    const breaker = circuitBreaker(handleAll, {
      halfOpenAfter: HOUR_MS,
      breaker: new ConsecutiveBreaker(1),
    })
    breaker.execute(broken).catch(ignore)
    return asynchronous(() => breaker.execute(noop).catch(ignore))
  },
  'failure, small window': () => renewedAsync(() => filled(100), fail),
  'failure, large window': async () => {
    const breaker = await filled(100_000)
    return asynchronous(() => fail(breaker))
  },
}
answerTasks((name) => tasks[name]?.())

function sampling(duration: number): CircuitBreakerPolicy {
  const breaker = new SamplingBreaker({ threshold: 0.99, duration, minimumRps: 5 })
  return circuitBreaker(handleAll, { halfOpenAfter: HOUR_MS, breaker })
}

/** A breaker that never opens, with so many calls in its window. */
async function filled(calls: number): Promise<CircuitBreakerPolicy> {
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: HOUR_MS,
    breaker: new SamplingBreaker({ threshold: 0.9999, duration: HOUR_MS, minimumRps: 1_000_000 }),
  })
  for (let call = 0; call < calls; call++) await breaker.execute(noop)
  return breaker
}

function fail(breaker: CircuitBreakerPolicy): Promise<unknown> {
  return breaker.execute(broken).catch(ignore)
}

function ignore(): void {}
