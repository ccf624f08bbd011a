import { getEventListeners } from 'node:events'
import { test } from 'tap'
import { trip } from '../src/testing/index.ts'
import { GradientLimit } from '../src/bulkhead/gradient-limit.ts'
import { permit, refusal, subject } from './subject.ts'

test('limits calls at one time, and says so', (t) => {
  const { breaker } = subject({ bulkhead: { max: 2 } })
  const first = permit(t, breaker)
  permit(t, breaker)
  t.match(refusal(t, breaker), { reason: 'bulkhead', state: 'closed', retryAfterMs: 1_000 })
  t.match(breaker.snapshot().bulkhead, { limit: 2, inUse: 2, queued: 0 })
  first.failure()
  permit(t, breaker)
  t.end()
})

test('gives lost places back when their lease is over', (t) => {
  const { breaker, clock } = subject({ bulkhead: { max: 2 }, leaseMs: 60_000 })
  permit(t, breaker)
  const late = permit(t, breaker)
  clock.advance(59_999)
  t.equal(refusal(t, breaker).reason, 'bulkhead')
  clock.advance(15_001)
  const next = [permit(t, breaker), permit(t, breaker)]
  late.success()
  t.equal(refusal(t, breaker).reason, 'bulkhead', 'a late result frees no place of others')
  for (const one of next) one.success()
  t.equal(breaker.snapshot().inFlight, 0)
  t.end()
})

test('callers wait in order, as many as may', async (t) => {
  const { breaker } = subject({ bulkhead: { max: 1, queue: 2 } })
  const first = permit(t, breaker)
  const order: string[] = []
  const wait = async (name: string): Promise<void> => {
    const answer = await breaker.acquireQueued()
    order.push(answer.admitted ? name : `${name} ${answer.reason}`)
    if (answer.admitted) answer.success()
  }
  const waiting = [wait('a'), wait('b'), wait('c')]
  t.equal(breaker.snapshot().bulkhead?.queued, 2)
  t.equal(refusal(t, breaker).reason, 'bulkhead', 'nobody overtakes them')
  first.success()
  await Promise.all(waiting)
  t.same(order, ['c bulkhead', 'a', 'b'])
  t.match(breaker.snapshot(), { totals: { fires: 5, rejects: 2, successes: 3 }, inFlight: 0 })
})

test('a caller who gives up leaves the queue', async (t) => {
  const { breaker } = subject({ bulkhead: { max: 1, queue: 1 } })
  const first = permit(t, breaker)
  const controller = new AbortController()
  const waiting = breaker.acquireQueued(controller.signal)
  controller.abort(new Error('left'))
  await t.rejects(waiting, new Error('left'))
  t.equal(breaker.snapshot().bulkhead?.queued, 0)
  first.success()
  permit(t, breaker)
  await t.rejects(breaker.acquireQueued(AbortSignal.abort(new Error('before'))), new Error('before'))
})

test('who has been answered does not listen to the signal any more', async (t) => {
  const { breaker } = subject({ bulkhead: { max: 1, queue: 1 } })
  const first = permit(t, breaker)
  const { signal } = new AbortController()
  const waiting = breaker.acquireQueued(signal)
  t.equal(getEventListeners(signal, 'abort').length, 1)
  first.success()
  await waiting
  t.equal(getEventListeners(signal, 'abort').length, 0)
})

test('nobody waits for longer than the queue allows', async (t) => {
  const { breaker, clock } = subject({ bulkhead: { max: 1, queue: 1, queueTimeoutMs: 200 } })
  permit(t, breaker)
  const waiting = breaker.acquireQueued()
  clock.advance(200)
  t.match(await waiting, { admitted: false, reason: 'bulkhead' })
  t.equal(breaker.snapshot().bulkhead?.queued, 0)
})

test('when it opens, all who wait are refused at once', async (t) => {
  const { breaker } = subject({ bulkhead: { max: 1, queue: 2 } })
  permit(t, breaker)
  const waiting = [breaker.acquireQueued(), breaker.acquireQueued()]
  breaker.open({ reason: 'maintenance' })
  for (const answer of await Promise.all(waiting)) t.match(answer, { admitted: false, reason: 'forced' })
  t.equal(refusal(t, breaker).reason, 'forced', 'that it is open says more than that it is full')
})

test('a pause refuses all who wait, and an end of the limit admits them', async (t) => {
  const { breaker } = subject({ bulkhead: { max: 1, queue: 2 } })
  permit(t, breaker)
  const refused = breaker.acquireQueued()
  breaker.pause(1_000, 'retry-after')
  t.match(await refused, { admitted: false, reason: 'pause' })
  breaker.close()
  const admitted = breaker.acquireQueued()
  breaker.update({ bulkhead: false })
  t.equal((await admitted).admitted, true)
})

test('places that were lost go to those who wait before they go to newcomers', async (t) => {
  const { breaker, clock } = subject({
    bulkhead: { max: 1, queue: 1, queueTimeoutMs: 1_000_000 },
    leaseMs: 60_000,
  })
  permit(t, breaker)
  const waiting = breaker.acquireQueued()
  clock.advance(75_000)
  t.equal(refusal(t, breaker).reason, 'bulkhead')
  t.equal((await waiting).admitted, true)
})

test('execute waits its turn', async (t) => {
  const { breaker } = subject({ bulkhead: { max: 1, queue: 5 } })
  let running = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 6 }, () =>
      breaker.execute(async () => {
        running += 1
        most = Math.max(most, running)
        await new Promise(setImmediate)
        running -= 1
      }),
    ),
  )
  t.equal(most, 1)
  t.equal(breaker.snapshot().totals.successes, 6)
})

test('a caller who gives up between place and call does not make it', async (t) => {
  const { breaker } = subject({ bulkhead: { max: 1, queue: 1 } })
  const first = permit(t, breaker)
  const controller = new AbortController()
  const running = breaker.execute(() => t.fail('called'), { signal: controller.signal })
  first.success()
  controller.abort(new Error('left'))
  await t.rejects(running, new Error('left'))
  t.match(breaker.snapshot(), { inFlight: 0, totals: { failures: 0 } })
})

test('a call that is given up gives its place back, though its function goes on', async (t) => {
  const { breaker, clock } = subject({ bulkhead: { max: 1 }, timeoutMs: 1_000 })
  const hung = breaker.execute(() => new Promise(() => undefined))
  t.equal(refusal(t, breaker).reason, 'bulkhead')
  clock.advance(1_000)
  await t.rejects(hung, { code: 'SLUICE_BREAKER_TIMEOUT' })
  t.equal(await breaker.execute(() => 'next'), 'next', 'one that never ends must not hold up all others')
})

test('observe mode refuses nobody', async (t) => {
  const { breaker } = subject({ bulkhead: { max: 1, queue: 1 }, mode: 'observe' })
  permit(t, breaker)
  permit(t, breaker)
  t.equal((await breaker.acquireQueued()).admitted, true)
  t.match(breaker.snapshot().totals, { rejects: 0, observedRejects: 2 })
})

test('a new limit takes those who wait along', async (t) => {
  const { breaker } = subject({ bulkhead: { max: 1, queue: 5 } })
  permit(t, breaker)
  const waiting = [breaker.acquireQueued(), breaker.acquireQueued()]
  breaker.update({ bulkhead: { max: 2 } })
  t.equal((await waiting[0])?.admitted, true)
  t.match(await waiting[1], { admitted: false, reason: 'bulkhead' })
})

test('half-open, a full bulkhead takes no place of a probe', (t) => {
  const { breaker, clock } = subject({ bulkhead: { max: 21 }, probe: { max: 1 } })
  const slow = Array.from({ length: 20 }, () => permit(t, breaker))
  trip(breaker)
  clock.advance(30_000)
  const probe = permit(t, breaker)
  t.equal(refusal(t, breaker).reason, 'bulkhead')
  probe.ignore()
  slow[0]?.success()
  permit(t, breaker).success()
  t.equal(breaker.state, 'recovering')
  t.end()
})

test('auto: grows while latency holds and calls use it', (t) => {
  const limit = new GradientLimit()
  for (let call = 0; call < 1_000; call += 1) limit.observe(10, limit.limit)
  t.equal(limit.limit, 200)
  t.end()
})

test('auto: does not grow on what is not in use', (t) => {
  const limit = new GradientLimit()
  for (let call = 0; call < 1_000; call += 1) limit.observe(10, 2)
  t.equal(limit.limit, 20)
  t.end()
})

test('auto: shrinks when calls take longer than usual, and finds back', (t) => {
  const limit = new GradientLimit()
  for (let call = 0; call < 1_000; call += 1) limit.observe(10, limit.limit)
  for (let call = 0; call < 20; call += 1) limit.observe(100, limit.limit)
  t.ok(limit.limit < 60, `${limit.limit}`)
  t.ok(limit.limit >= 20)
  for (let call = 0; call < 1_000; call += 1) limit.observe(10, limit.limit)
  t.equal(limit.limit, 200)
  t.end()
})

test('auto: a long time of slowness does not keep the usual latency high', (t) => {
  const limit = new GradientLimit()
  for (let call = 0; call < 5_000; call += 1) limit.observe(1_000, limit.limit)
  for (let call = 0; call < 200; call += 1) limit.observe(10, limit.limit)
  for (let call = 0; call < 100; call += 1) limit.observe(100, limit.limit)
  t.ok(limit.limit < 60, `100 ms are slow again: ${limit.limit}`)
  t.end()
})

test('auto: a breaker uses it', (t) => {
  const { breaker, clock } = subject({ bulkhead: { max: 'auto' } })
  const calls = Array.from({ length: 20 }, () => permit(t, breaker))
  t.equal(refusal(t, breaker).reason, 'bulkhead')
  clock.advance(10)
  for (const call of calls) call.success()
  t.ok((breaker.snapshot().bulkhead?.limit ?? 0) > 20)
  t.end()
})
