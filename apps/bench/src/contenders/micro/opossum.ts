import CircuitBreaker from 'opossum'
import { answerTasks } from './answer-tasks.ts'
import { asynchronous, renewedAsync, type Task } from './task.ts'

const HOUR_MS = 3_600_000
const noop = async (): Promise<number> => 1
const broken = async (fails: boolean): Promise<number> => {
  if (fails) throw failure
  return 1
}
const failure = new Error('no')

const tasks: Record<string, () => Task | Promise<Task>> = {
  execute: () => {
    const breaker = new CircuitBreaker(noop, { timeout: false })
    return asynchronous(() => breaker.fire())
  },
  'execute with a timeout': () => {
    const breaker = new CircuitBreaker(noop, { timeout: 10_000 })
    return asynchronous(() => breaker.fire())
  },
  'execute while open': () => {
    const breaker = new CircuitBreaker(noop, { timeout: false, resetTimeout: HOUR_MS })
    breaker.open()
    return asynchronous(() => breaker.fire().catch(ignore))
  },
  'failure, small window': () => renewedAsync(() => filled(100), fail),
  'failure, large window': async () => {
    const breaker = await filled(100_000)
    // Each takes tens of milliseconds.
    return { ...asynchronous(() => fail(breaker)), batch: 2 }
  },
}
answerTasks((name) => tasks[name]?.())

/** A breaker that never opens, with so many calls in its window. */
async function filled(calls: number): Promise<CircuitBreaker<[boolean], number>> {
  const breaker = new CircuitBreaker(broken, {
    timeout: false,
    rollingCountTimeout: HOUR_MS,
    errorThresholdPercentage: 100,
  })
  for (let call = 0; call < calls; call++) await breaker.fire(false)
  return breaker
}

function fail(breaker: CircuitBreaker<[boolean], number>): Promise<unknown> {
  return breaker.fire(true).catch(ignore)
}

function ignore(): void {}
