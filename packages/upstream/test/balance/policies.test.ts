import * as fc from 'fast-check'
import { test } from 'tap'
import type { Pool } from 'undici'
import { leastRequests } from '../../src/balance/least-requests.ts'
import { hashOf, rendezvous } from '../../src/balance/rendezvous.ts'
import { roundRobin } from '../../src/balance/round-robin.ts'
import { parseAddress } from '../../src/origin/address.ts'
import { Origin } from '../../src/origin/origin.ts'

function origin(
  port: number,
  weight = 1,
  slowStart: false | { durationMs: number; floor: number } = false,
): Origin {
  const address = parseAddress(`http://10.0.0.1:${port}`)
  if (address === undefined) throw new Error('not an address')
  return new Origin(address, weight, undefined as unknown as Pool, slowStart)
}

function counts(origins: readonly Origin[], picks: number, pick: (i: number) => Origin): number[] {
  const chosen = Array.from({ length: picks }, (_, i) => pick(i))
  return origins.map((origin) => chosen.filter((other) => other === origin).length)
}

test('round-robin is even and smooth', async (t) => {
  const [a, b, c] = [origin(1), origin(2), origin(3)]
  const origins = [a, b, c]
  const order = Array.from({ length: 6 }, () => roundRobin.pick(origins, 0, 0))
  t.same(order, [a, b, c, a, b, c])
  const [heavy, light] = [origin(4, 3), origin(5, 1)]
  t.same(
    counts([heavy, light], 8, () => roundRobin.pick([heavy, light], 0, 0)),
    [6, 2],
  )
})

test('round-robin gives each its share, whatever the weights', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), (weights) => {
      const origins = weights.map((weight, i) => origin(i + 1, weight))
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const seen = counts(origins, total * 3, () => roundRobin.pick(origins, 0, 0))
      return weights.every((weight, i) => seen[i] === weight * 3)
    }),
  )
})

test('slow start lets a newcomer in by and by', async (t) => {
  const [old, young] = [origin(1), origin(2, 1, { durationMs: 1_000, floor: 0.1 })]
  young.startSlowly(5_000)
  const share = (now: number): number => young.weightAt(now)
  t.same([5_000, 5_050, 5_500, 6_000, 9_000].map(share), [0.1, 0.1, 0.5, 1, 1])
  young.startSlowly(10_000)
  t.same(
    counts([old, young], 11, () => roundRobin.pick([old, young], 10_000, 0)),
    [10, 1],
  )
})

test('least requests prefers the one that is less busy for its weight', async (t) => {
  const [busy, idle] = [origin(1), origin(2)]
  busy.active = 3
  const either = leastRequests(Math.random)
  t.same(
    counts([busy, idle], 50, () => either.pick([busy, idle], 0, 0)),
    [0, 50],
  )
  busy.weight = 10
  t.equal(either.pick([busy, idle], 0, 0), busy)
})

test('least requests is not drawn to an origin that is idle because it fails', async (t) => {
  const [failing, working] = [origin(1), origin(2)]
  working.active = 2
  for (let i = 0; i < 5; i++) failing.failureScore.add(1_000)
  const policy = leastRequests(Math.random)
  t.equal(policy.pick([failing, working], 1_000, 0), working)
  t.equal(policy.pick([failing, working], 60_000, 0), failing, 'and forgives')
})

test('least requests looks at two different origins, all of them in turn', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (count, first, second) => {
        const origins = Array.from({ length: count }, (_, i) => origin(i + 1))
        const draws = [first, second]
        const chosen = leastRequests(() => draws.shift() ?? 0).pick(origins, 0, 0)
        chosen.active = 1
        const again = [first, second]
        return leastRequests(() => again.shift() ?? 0).pick(origins, 0, 0) !== chosen
      },
    ),
  )
})

const KEYS = Array.from({ length: 2_000 }, (_, i) => hashOf(`consumer-${i}`))

test('hashing spreads keys by weight', async (t) => {
  const origins = [origin(1, 1), origin(2, 1), origin(3, 2)]
  const seen = counts(origins, KEYS.length, (i) => rendezvous.pick(origins, 0, KEYS[i] ?? 0))
  for (const [i, expected] of [500, 500, 1_000].entries()) {
    t.ok(Math.abs((seen[i] ?? 0) - expected) < 120, `${seen[i]} of about ${expected}`)
  }
})

test('hashing moves the keys of one that goes, and no others', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 8 }),
      fc.nat(),
      fc.array(fc.string(), { maxLength: 50 }),
      (count, n, keys) => {
        const origins = Array.from({ length: count }, (_, i) => origin(i + 1))
        const gone = origins[n % count]
        const left = origins.filter((other) => other !== gone)
        return keys.every((key) => {
          const before = rendezvous.pick(origins, 0, hashOf(key))
          return before === gone || rendezvous.pick(left, 0, hashOf(key)) === before
        })
      },
    ),
  )
})

test('one that comes takes about its share of the keys', async (t) => {
  for (const count of [2, 4, 9]) {
    const before = Array.from({ length: count }, (_, i) => origin(i + 1))
    const after = [...before, origin(99)]
    const moved = KEYS.filter(
      (key) => rendezvous.pick(before, 0, key) !== rendezvous.pick(after, 0, key),
    ).length
    const share = KEYS.length / (count + 1)
    t.ok(moved > share * 0.75 && moved < share * 1.25, `${moved} of about ${share}`)
  }
})
