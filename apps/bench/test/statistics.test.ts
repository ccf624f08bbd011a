import { test } from 'tap'
import {
  growthExponent,
  median,
  pairedDifference,
  pairedRatio,
  quantile,
  spread,
  welch,
} from '../src/statistics.ts'

test('quantiles are interpolated, and do not disturb what they are taken of', async (t) => {
  const values = [4, 1, 3, 2]
  t.equal(median(values), 2.5)
  t.equal(quantile(values, 0), 1)
  t.equal(quantile(values, 1), 4)
  t.same(values, [4, 1, 3, 2])
  t.ok(Number.isNaN(median([])))
})

test('the spread is half the range over the median', async (t) => {
  t.equal(spread([8, 10, 14]), 0.3)
})

test('what slows both sides of a round leaves their ratio alone', async (t) => {
  t.equal(pairedRatio([20, 2, 40], [10, 1, 20]), 2)
  t.equal(pairedDifference([12, 15, 20], [10, 12, 19]), 2)
})

test('the exponent of a power law is found', async (t) => {
  const of = (law: (size: number) => number): number =>
    growthExponent([10, 100, 1000].map((size) => ({ size, value: law(size) })))
  t.ok(Math.abs(of(() => 7)) < 1e-9)
  t.ok(Math.abs(of((size) => 3 * size) - 1) < 1e-9)
  t.ok(Math.abs(of((size) => size ** 2) - 2) < 1e-9)
})

test('Welch’s t tells two means apart by their own noise', async (t) => {
  t.equal(welch([1, 2, 3], [1, 2, 3]), 0)
  t.ok(welch([10, 11, 12], [1, 2, 3]) > 9)
  t.ok(Math.abs(welch([0, 100, 50], [1, 101, 52])) < 1)
})
