import { test } from 'tap'
import type { ClockTimer } from '../src/index.ts'
import { Deadline, Deadlines } from '../src/execute/deadlines.ts'
import { ManualClock } from '../src/testing/index.ts'

class CountingClock extends ManualClock {
  timers = 0
  held = 0

  override setTimer(fire: () => void, delayMs: number): ClockTimer {
    this.timers += 1
    this.held += 1
    const timer = super.setTimer(() => {
      this.held -= 1
      fire()
    }, delayMs)
    return { ...timer, hold: (alive) => void (this.held += alive ? 1 : -1) }
  }
}

class Recorded extends Deadline {
  readonly #expired: () => void

  constructor(expired: () => void) {
    super()
    this.#expired = expired
  }

  override expire(): void {
    this.#expired()
  }
}

test('one timer serves all deadlines of a length', (t) => {
  const clock = new CountingClock()
  const deadlines = new Deadlines(clock)
  const expired: number[] = []
  for (let call = 0; call < 1_000; call += 1) {
    const deadline = new Recorded(() => expired.push(call))
    deadlines.start(deadline, 1_000)
    if (call % 2 === 0) deadlines.stop(deadline)
    clock.advance(1)
  }
  t.ok(clock.timers <= 2, `${clock.timers} timers`)
  clock.advance(1_000)
  t.same(
    expired,
    Array.from({ length: 500 }, (_, at) => 2 * at + 1),
  )
  t.end()
})

test('@fastify/circuit-breaker: a timer that nobody needs does not keep the process alive', (t) => {
  const clock = new CountingClock()
  const deadlines = new Deadlines(clock)
  const first = new Recorded(() => t.fail())
  deadlines.start(first, 1_000)
  t.equal(clock.held, 1)
  deadlines.stop(first)
  deadlines.stop(first)
  t.equal(clock.held, 0)
  const second = new Recorded(() => undefined)
  deadlines.start(second, 1_000)
  t.equal(clock.held, 1)
  t.equal(clock.timers, 1)
  clock.advance(1_000)
  t.equal(clock.held, 0)
  t.end()
})

test('a deadline that expires may start the next one', (t) => {
  const clock = new CountingClock()
  const deadlines = new Deadlines(clock)
  const ends: number[] = []
  const start = (): void => {
    deadlines.start(
      new Recorded(() => {
        ends.push(clock.now())
        if (ends.length < 3) start()
      }),
      100,
    )
  }
  start()
  clock.advance(1_000)
  t.same(ends, [100, 200, 300])
  t.equal(clock.timers, 3)
  t.end()
})

test('any one of them can be taken off', (t) => {
  for (const taken of [0, 1, 2]) {
    const clock = new ManualClock()
    const deadlines = new Deadlines(clock)
    const expired: number[] = []
    const all = [0, 1, 2].map((at) => new Recorded(() => expired.push(at)))
    for (const one of all) deadlines.start(one, 100)
    for (const one of all.slice(taken, taken + 1)) deadlines.stop(one)
    clock.advance(100)
    t.same(
      expired,
      [0, 1, 2].filter((at) => at !== taken),
    )
  }
  t.end()
})
