import { test } from 'tap'
import { createCircuitBreaker, systemClock } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'

test("the system's clock goes on between turns of the event loop", async (t) => {
  const before = systemClock.now()
  t.ok(systemClock.now() >= before)
  while (systemClock.now() < before + 2) await new Promise(setImmediate)
  t.ok(Math.abs(systemClock.wallNow() - Date.now()) < 60_000)
})

test('every turn of the event loop has a reading of its own', async (t) => {
  for (let turn = 0; turn < 3; turn += 1) {
    const before = systemClock.now()
    const real = performance.now()
    while (performance.now() < real + 5) await new Promise((resolve) => setTimeout(resolve, 5))
    t.ok(systemClock.now() >= before + 5)
  }
})

test('a reading does not last: many readers in one turn see time pass', (t) => {
  const before = systemClock.now()
  const end = Date.now() + 5_000
  while (systemClock.now() === before && Date.now() < end);
  t.ok(systemClock.now() > before)
  t.end()
})

test('a timeout ends a real call', async (t) => {
  const breaker = createCircuitBreaker({ name: 'real', timeoutMs: 10 })
  await t.rejects(
    breaker.execute(() => new Promise(() => undefined)),
    { code: 'SLUICE_BREAKER_TIMEOUT' },
  )
  t.ok((breaker.snapshot().latency.count ?? 0) === 1)
})

test('timers of the manual clock fire in order, each at its time', (t) => {
  const clock = new ManualClock({ now: 100, epoch: 1_000 })
  const fired: string[] = []
  const note = (name: string) => (): void => void fired.push(`${name} ${clock.now()}`)
  clock.setTimer(note('late'), 50)
  clock.setTimer(() => {
    note('early')()
    clock.setTimer(note('made on the way'), 10)
  }, 20)
  clock.setTimer(note('never'), 30).cancel()
  clock.setTimer(note('beyond'), 61).hold(false)
  clock.advance(60)
  t.same(fired, ['early 120', 'made on the way 130', 'late 150'])
  t.equal(clock.wallNow(), 1_060)
  t.end()
})
