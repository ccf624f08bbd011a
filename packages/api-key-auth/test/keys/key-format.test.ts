import * as fc from 'fast-check'
import { test } from 'tap'
import { generateKey, generateKeyId, keyPattern, parseKey } from '../../src/keys/key-format.ts'

const keys = fc
  .constantFrom('live', 'test', 'a1')
  .map((environment) => generateKey(environment, generateKeyId()))

test('a key tells its environment and id, and matches the pattern for scanners', async (t) => {
  const id = generateKeyId()
  const key = generateKey('live', id)
  t.match(key, keyPattern)
  t.match(key, new RegExp(`^sluice_live_${id}_[0-9A-Za-z]{38}$`))
  t.same(parseKey(key), { environment: 'live', id })
})

test('no two keys are alike, and each digit comes up', async (t) => {
  const made = new Set(Array.from({ length: 500 }, () => generateKey('live', generateKeyId())))
  t.equal(made.size, 500)
  const digits = new Set(
    Array.from(made, (key) => key.slice(25, 57))
      .join('')
      .split(''),
  )
  t.equal(digits.size, 62)
})

test('a key tampered with in any byte is no key', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      keys,
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 33, max: 126 }),
      async (key, at, code) => {
        const index = at % key.length
        const tampered = key.slice(0, index) + String.fromCharCode(code) + key.slice(index + 1)
        t.equal(parseKey(tampered) === undefined, tampered !== key, tampered)
      },
    ),
    { numRuns: 500 },
  )
})

test('a key cut short, doubled, lengthened, in another case or with its parts swapped is no key', async (t) => {
  await fc.assert(
    fc.asyncProperty(keys, keys, fc.integer({ min: 1, max: 60 }), async (key, other, cut) => {
      const swapped = [...key.split('_').slice(0, 3), other.split('_')[3]].join('_')
      for (const bad of [
        key.slice(0, -cut),
        key.slice(cut),
        key + key,
        `${key},${key}`,
        ` ${key}`,
        `${key}\n`,
        `${key}0`,
        key.toUpperCase(),
        key.toLowerCase(),
        swapped,
      ]) {
        t.equal(parseKey(bad) === undefined, bad !== key, JSON.stringify(bad))
      }
    }),
    { numRuns: 100 },
  )
})
