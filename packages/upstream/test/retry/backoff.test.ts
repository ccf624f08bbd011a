import { test } from 'tap'
import { backoffMs } from '../../src/retry/backoff.ts'

test('doubles up to its bound', async (t) => {
  const options = { baseMs: 50, maxMs: 300, jitter: 'none' } as const
  t.same(
    [1, 2, 3, 4, 60].map((n) => backoffMs(options, n, () => 0)),
    [50, 100, 200, 300, 300],
  )
})

test('full jitter goes from nothing to the bound', async (t) => {
  const options = { baseMs: 50, maxMs: 5_000, jitter: 'full' } as const
  t.equal(
    backoffMs(options, 3, () => 0),
    0,
  )
  t.equal(
    backoffMs(options, 3, () => 0.75),
    150,
  )
})
