import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { InFlight } from '../src/bulkhead/in-flight.ts'

const LEASE = 1_000
const SLICE = LEASE / 4

const step = fc.oneof(
  fc.record({ enter: fc.constant(true), gap: fc.oneof(fc.nat(400), fc.constantFrom(0, 250, 5_000)) }),
  fc.record({ leave: fc.nat(8), gap: fc.oneof(fc.nat(400), fc.constantFrom(0, 250, 5_000)) }),
)

test('counts what is out, until its slice of time has been over for a lease', (t) => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: -5_000, max: 5_000 }),
      (steps, start) => {
        const inFlight = new InFlight(LEASE)
        let now = start
        const out: number[] = []
        for (const { gap, ...what } of steps) {
          now += gap
          inFlight.advance(now)
          if ('enter' in what) {
            inFlight.enter()
            out.push(now)
          } else {
            const [enteredAt] = out.splice(what.leave, 1)
            if (enteredAt !== undefined) inFlight.leave(enteredAt)
          }
          const isHeld = (enteredAt: number): boolean =>
            Math.floor(now / SLICE) - Math.floor(enteredAt / SLICE) <= 4
          assert.equal(inFlight.count, out.filter(isHeld).length)
        }
      },
    ),
    { numRuns: 200 },
  )
  t.pass('200 histories')
  t.end()
})
