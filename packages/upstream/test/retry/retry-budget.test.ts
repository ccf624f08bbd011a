import * as fc from 'fast-check'
import { test } from 'tap'
import { RetryBudget } from '../../src/retry/retry-budget.ts'

test('lends a share of the requests', async (t) => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 })
  t.equal(budget.withdraw(0), false)
  for (let i = 0; i < 15; i++) budget.deposit(0)
  t.same(
    Array.from({ length: 5 }, () => budget.withdraw(500)),
    [true, true, true, false, false],
  )
  t.equal(budget.exhausted, 3)
})

test('the floor serves an upstream with hardly any requests', async (t) => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 10 })
  budget.deposit(0)
  t.equal(budget.available(0), 100)
})

test('what is older than ten seconds is forgotten', async (t) => {
  const budget = new RetryBudget({ ratio: 1, minPerSecond: 0 })
  budget.deposit(500)
  t.equal(budget.withdraw(9_900), true)
  t.equal(budget.withdraw(9_900), false)
  budget.deposit(10_900)
  t.equal(budget.available(10_900), 0, 'the retry still counts, its request no longer does')
  t.equal(budget.available(19_500), 1, 'the retry has gone too')
  t.equal(budget.available(1_000_000), 0)
})

const event = fc.record({
  afterMs: fc.integer({ min: 0, max: 1_500 }),
  kind: fc.constantFrom('deposit', 'withdraw', 'withdraw', 'withdraw'),
})

test('never lends more than its share in any ten seconds', async () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 3 }),
      fc.array(event, { maxLength: 300 }),
      (ratio, minPerSecond, events) => {
        const budget = new RetryBudget({ ratio, minPerSecond })
        const deposits: number[] = []
        const withdrawals: number[] = []
        let now = 0
        for (const { afterMs, kind } of events) {
          now += afterMs
          if (kind === 'deposit') {
            budget.deposit(now)
            deposits.push(now)
          } else if (budget.withdraw(now)) {
            withdrawals.push(now)
            // Whole buckets fall out of the window, so it is nine to ten seconds long.
            const recent = (at: number): boolean => at > now - 9_000
            const within = (at: number): boolean => at > now - 10_000
            const limit = Math.max(ratio * deposits.filter(within).length, minPerSecond * 10)
            if (withdrawals.filter(recent).length > limit + 1e-6) return false
          }
        }
        return true
      },
    ),
    { numRuns: 200 },
  )
})
