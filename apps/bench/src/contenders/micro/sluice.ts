import { type CircuitBreaker, createCircuitBreaker } from '@sluice/circuit-breaker'
import { answerTasks } from './answer-tasks.ts'
import { asynchronous, renewed, synchronous, type Task } from './task.ts'

const HOUR_MS = 3_600_000
const noop = async (): Promise<number> => 1

const tasks: Record<string, () => Task | Promise<Task>> = {
  'acquire and settle': () => {
    const breaker = createCircuitBreaker({ name: 'bench' })
    return synchronous(() => {
      const permit = breaker.acquire()
      if (permit.admitted) permit.success()
    })
  },
  execute: () => {
    const breaker = createCircuitBreaker({ name: 'bench' })
    return asynchronous(() => breaker.execute(noop))
  },
  'execute with a timeout': () => {
    const breaker = createCircuitBreaker({ name: 'bench', timeoutMs: 10_000 })
    return asynchronous(() => breaker.execute(noop))
  },
  reject: () => {
    const breaker = opened()
    return synchronous(() => breaker.acquire())
  },
  'execute while open': () => {
    const breaker = opened()
    return asynchronous(() => breaker.execute(noop).catch(ignore))
  },
  'failure, small window': () => renewed(() => filled(100), fail),
  'failure, large window': () => {
    const breaker = filled(100_000)
    return synchronous(() => fail(breaker))
  },
}
answerTasks((name) => tasks[name]?.())

function opened(): CircuitBreaker {
  const breaker = createCircuitBreaker({
    name: 'bench',
    consecutiveFailures: 1,
    open: { durationMs: HOUR_MS, jitter: 0 },
  })
  fail(breaker)
  if (breaker.state !== 'open') throw new Error(`the breaker is ${breaker.state}`)
  return breaker
}

/** A breaker that never opens, with so many calls in its window. */
function filled(calls: number): CircuitBreaker {
  const breaker = createCircuitBreaker({
    name: 'bench',
    window: { type: 'time', durationMs: HOUR_MS, buckets: 10 },
    failureRatio: 1,
  })
  for (let call = 0; call < calls; call++) {
    const permit = breaker.acquire()
    if (permit.admitted) permit.success()
  }
  return breaker
}

function fail(breaker: CircuitBreaker): void {
  const permit = breaker.acquire()
  if (permit.admitted) permit.failure()
}

function ignore(): void {}
