import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { test } from 'tap'
import {
  BreakerOpenError,
  BreakerTimeoutError,
  createCircuitBreaker,
  type FallbackEvent,
} from '../src/index.ts'
import { trip } from '../src/testing/index.ts'
import { subject } from './subject.ts'

const boom = new Error('boom')

test('gives the result and counts a success', async (t) => {
  const { breaker } = subject()
  t.equal(await breaker.execute(async () => 42), 42)
  t.equal(await breaker.execute(() => 43), 43, 'a function need not be asynchronous')
  t.match(breaker.snapshot(), { totals: { fires: 2, successes: 2 }, inFlight: 0 })
})

test('gives the error and counts a failure', async (t) => {
  const { breaker } = subject()
  await t.rejects(
    breaker.execute(() => Promise.reject(boom)),
    boom,
  )
  await t.rejects(
    breaker.execute(() => {
      throw boom
    }),
    boom,
  )
  t.match(breaker.snapshot(), { totals: { failures: 2, timeouts: 0 }, inFlight: 0 })
})

test('refuses without calling the function, and without a stack', async (t) => {
  const { breaker } = subject()
  trip(breaker)
  let called = false
  const refused = await breaker
    .execute(() => {
      called = true
    })
    .catch((error: unknown) => error)
  t.type(refused, BreakerOpenError)
  t.match(refused, {
    code: 'SLUICE_BREAKER_OPEN',
    statusCode: 503,
    breaker: 'orders',
    state: 'open',
    reason: 'open',
    retryAfterMs: 30_000,
  })
  t.notMatch((refused as Error).stack, /\n\s+at /)
  t.equal(called, false)
  t.match(new Error('of somebody else').stack, /\n\s+at /, 'other errors keep theirs')
})

test('ends a call that takes too long, whether or not it listens', async (t) => {
  const { breaker, clock } = subject({ timeoutMs: 1_000 })
  const events: string[] = []
  breaker.on('failure', ({ cause }) => events.push(`failure ${cause?.kind}`))
  breaker.on('timeout', ({ durationMs }) => events.push(`timeout ${durationMs}`))
  const deaf = breaker.execute(() => new Promise(() => undefined))
  clock.advance(999)
  t.equal(breaker.snapshot().inFlight, 1)
  clock.advance(1)
  await t.rejects(deaf, new BreakerTimeoutError('orders', 1_000))
  t.match(breaker.snapshot(), { totals: { failures: 1, timeouts: 1 }, inFlight: 0 })
  t.same(events, ['failure timeout', 'timeout 1000'])
})

test('does not end a call that was in time, and forgets what a late one does', async (t) => {
  const { breaker, clock } = subject({ timeoutMs: 1_000 })
  let signal: AbortSignal | undefined
  await breaker.execute((context) => {
    signal = context.signal
  })
  clock.advance(5_000)
  t.equal(signal?.aborted, false)
  let rejectLate: (error: Error) => void = () => undefined
  const late = breaker.execute(() => new Promise((_, reject) => (rejectLate = reject)))
  clock.advance(1_000)
  await t.rejects(late, { code: 'SLUICE_BREAKER_TIMEOUT' })
  rejectLate(boom)
  await new Promise(setImmediate)
  t.equal(breaker.snapshot().totals.failures, 1)
})

test('a signal that is read only after the timeout is aborted already', async (t) => {
  const { breaker, clock } = subject({ timeoutMs: 1_000 })
  let later: () => AbortSignal = () => t.fail() as never
  const running = breaker.execute((context) => {
    later = () => context.signal
    return new Promise(() => undefined)
  })
  clock.advance(1_000)
  await t.rejects(running)
  t.equal(later().aborted, true)
})

test('timeouts of different calls end in their own time', async (t) => {
  const { breaker, clock } = subject({ timeoutMs: 1_000 })
  const ends: string[] = []
  breaker.on('timeout', ({ durationMs }) => ends.push(`${clock.now()}: ${durationMs}`))
  const start = (): Promise<unknown> => breaker.execute(() => new Promise(() => undefined)).catch(() => 0)
  const calls = [start()]
  clock.advance(400)
  calls.push(start())
  await breaker.execute(async () => 'in between')
  clock.advance(300)
  calls.push(start())
  for (let ms = 0; ms < 1_000; ms += 100) {
    clock.advance(100)
    // Settling takes a few turns of the microtask queue.
    await new Promise(setImmediate)
  }
  await Promise.all(calls)
  t.same(ends, ['1000: 1000', '1400: 1000', '1700: 1000'])
  t.match(breaker.snapshot().latency, { count: 4 })
  t.same(breaker.snapshot().latencyBuckets.counts.timeout.at(-1), 3)
})

test("a caller who gives up is nobody's failure", async (t) => {
  const { breaker } = subject({ timeoutMs: 1_000 })
  const controller = new AbortController()
  let aborted = false
  const running = breaker.execute(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true
          reject(boom)
        })
      }),
    { signal: controller.signal },
  )
  controller.abort(new Error('left'))
  await t.rejects(running, new Error('left'))
  t.equal(aborted, true)
  t.match(breaker.snapshot(), { totals: { ignored: 1, failures: 0 }, inFlight: 0 })
})

test('a caller who had given up before does not fire', async (t) => {
  const { breaker } = subject()
  await t.rejects(
    breaker.execute(() => t.fail(), { signal: AbortSignal.abort(boom) }),
    boom,
  )
  t.equal(breaker.snapshot().totals.fires, 0)
})

test("leaves no listener on the caller's signal", async (t) => {
  const { breaker, clock } = subject({ timeoutMs: 1_000 })
  const { signal } = new AbortController()
  await breaker.execute(async () => 1, { signal })
  t.equal(getEventListeners(signal, 'abort').length, 0)
  const running = breaker.execute(() => new Promise(() => undefined), { signal })
  t.equal(getEventListeners(signal, 'abort').length, 1)
  clock.advance(1_000)
  await t.rejects(running, { code: 'SLUICE_BREAKER_TIMEOUT' })
  t.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a probe has its own time limit', async (t) => {
  const { breaker, clock } = subject({ timeoutMs: 10_000, probe: { max: 1, timeoutMs: 500 } })
  trip(breaker)
  clock.advance(30_000)
  const probe = breaker.execute(() => new Promise(() => undefined))
  clock.advance(500)
  await t.rejects(probe, new BreakerTimeoutError('orders', 500))
  t.equal(breaker.state, 'open')
})

test('isFailure judges results and errors', async (t) => {
  const { breaker } = subject({
    isFailure: ({ error, result }) =>
      error === undefined ? result === 'bad' : (error as Error).message === 'mine' ? 'ignored' : false,
  })
  t.equal(await breaker.execute(() => 'bad'), 'bad', 'a result is never altered')
  await breaker.execute(() => 'good')
  await t.rejects(breaker.execute(() => Promise.reject(new Error('mine'))))
  await t.rejects(breaker.execute(() => Promise.reject(new Error('no failure'))))
  t.match(breaker.snapshot().totals, { failures: 1, successes: 2, ignored: 1 })
})

test('an isFailure that throws leaves no permit behind', async (t) => {
  const { breaker } = subject({
    isFailure: () => {
      throw boom
    },
  })
  await t.rejects(
    breaker.execute(() => 1),
    boom,
  )
  await t.rejects(
    breaker.execute(() => Promise.reject(new Error('other'))),
    boom,
  )
  t.match(breaker.snapshot(), { totals: { ignored: 2 }, inFlight: 0 })
})

test('a fallback stands in for refused and failed calls, not for callers who left', async (t) => {
  const { breaker } = subject({ fallback: (error, { breaker: name }) => `${name}: ${error.message}` })
  const events: FallbackEvent[] = []
  breaker.on('fallback', (event) => events.push(event))
  t.equal(await breaker.execute(() => Promise.reject(boom)), 'orders: boom')
  trip(breaker)
  t.match(await breaker.execute(() => 'never'), /refused the call \(open\)/)
  breaker.close()
  const controller = new AbortController()
  const left = breaker.execute(() => new Promise(() => undefined), { signal: controller.signal })
  controller.abort(new Error('left'))
  await t.rejects(left, new Error('left'))
  t.equal(breaker.snapshot().totals.fallbacks, 2)
  t.match(events, [{ error: boom, breaker: 'orders' }, { error: { code: 'SLUICE_BREAKER_OPEN' } }])
})

test('a fallback that throws: the original error, and an event', async (t) => {
  const failed = new Error('fallback failed')
  const { breaker } = subject({
    fallback: () => {
      throw failed
    },
  })
  const events: FallbackEvent[] = []
  breaker.on('fallback', (event) => events.push(event))
  await t.rejects(
    breaker.execute(() => Promise.reject(boom)),
    boom,
  )
  t.match(events, [{ error: boom, fallbackError: failed }])
  t.equal(events.length, 1)
})

test('wrap keeps arguments, this and the result', async (t) => {
  const { breaker } = subject()
  const counter = {
    base: 10,
    add: breaker.wrap(async function add(this: { base: number }, a: number, b: number) {
      return this.base + a + b
    }),
  }
  t.equal(await counter.add(1, 2), 13)
  trip(breaker)
  await t.rejects(counter.add(1, 2), { code: 'SLUICE_BREAKER_OPEN' })
})

test('a refusal is an error like others, though it has no stack', async (t) => {
  const breaker = createCircuitBreaker({ name: 'orders' })
  breaker.open()
  const error: unknown = await breaker.execute(() => 1).catch((thrown: unknown) => thrown)
  t.ok(error instanceof Error)
  t.ok(error instanceof BreakerOpenError)
  t.match(error, {
    name: 'BreakerOpenError',
    code: 'SLUICE_BREAKER_OPEN',
    statusCode: 503,
    breaker: 'orders',
  })
  t.equal(String(error), 'BreakerOpenError: circuit breaker "orders" refused the call (forced)')
  t.equal((error as Error).stack, String(error))
  t.match(inspect(error), /^\[BreakerOpenError: circuit breaker "orders" refused the call \(forced\)\] \{/)
  t.match(inspect(error), "reason: 'forced'")
})

test('a refusal that nobody handles is reported like any rejection', async (t) => {
  const breaker = createCircuitBreaker({ name: 'orders' })
  breaker.open()
  const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve))
  void breaker.execute(() => 1)
  t.match(await unhandled, { code: 'SLUICE_BREAKER_OPEN' })
})
