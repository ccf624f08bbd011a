import { test } from 'tap'

const EXPECTED: Readonly<Record<string, string[]>> = {
  'balanced.ts': ['200 '.repeat(12).trim(), '12 requests'],
  'fetch.ts': ['500 broken', '500 broken', '500 broken', '503 SLUICE_BREAKER_OPEN'],
}

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`${name} prints what it promises`, async (t) => {
    const printed = t.capture(console, 'log')
    await import(`../examples/${name}`)
    t.same(
      printed().map(({ args }) => args.join(' ')),
      expected,
    )
  })
}
