import { test } from 'tap'
import type { ApiKeyRecord, ApiKeyStore } from '../../src/index.ts'
import { RememberedKeys } from '../../src/verify/remembered-keys.ts'

const options = {
  max: 2,
  ttlMs: 1000,
  unknownMax: 2,
  unknownTtlMs: 500,
  graceMs: 10_000,
  timeoutMs: 50,
  retryMs: 100,
}
const record = (name: string) => ({ id: name, hash: name }) as ApiKeyRecord

/** A store whose answers are given by hand. */
function remote() {
  const records = new Map<string, ApiKeyRecord>()
  const remote = {
    asked: [] as string[],
    records,
    broken: false,
    silent: false,
    /** Lets questions wait until it is called. */
    hold: undefined as Promise<void> | undefined,
    findByHash: async (hash: string) => {
      remote.asked.push(hash)
      const answer = records.get(hash)
      if (remote.silent) await new Promise(() => {})
      await remote.hold
      if (remote.broken) throw new Error('down')
      return answer
    },
  }
  return { remote, memory: new RememberedKeys(remote as unknown as ApiKeyStore, options) }
}

test('a known key is asked for once in a while, and never waited for', async (t) => {
  const { remote: store, memory } = remote()
  store.records.set('a', record('a'))
  t.match(await memory.find('a', 0), { known: true, record: { id: 'a' } })
  t.notOk(memory.find('a', 499) instanceof Promise)
  t.same(store.asked, ['a'])
  t.notOk(memory.find('a', 600) instanceof Promise, 'asked beside the request')
  t.same(store.asked, ['a', 'a'])
  await new Promise((done) => setImmediate(done))
  t.match(await memory.find('a', 1700), { known: true })
  t.same(store.asked, ['a', 'a', 'a'])
})

test('an unknown key stays unknown for a while, and is kept apart from the known', async (t) => {
  const { remote: store, memory } = remote()
  store.records.set('a', record('a'))
  await memory.find('a', 0)
  for (const guess of ['x', 'y', 'z', 'z']) t.match(await memory.find(guess, 0), { known: false })
  t.same(store.asked, ['a', 'x', 'y', 'z'])
  t.notOk(memory.find('a', 1) instanceof Promise, 'guesses push out no known key')
  store.records.set('z', record('z'))
  t.match(await memory.find('z', 499), { known: false })
  t.match(await memory.find('z', 500), { known: true })
})

test('any number of requests for one key ask once', async (t) => {
  const { remote: store, memory } = remote()
  store.records.set('a', record('a'))
  const found = await Promise.all(Array.from({ length: 50 }, async () => memory.find('a', 0)))
  t.ok(found.every(({ known }) => known === true))
  t.same(store.asked, ['a'])
})

test('a message makes a key forgotten at once', async (t) => {
  const { remote: store, memory } = remote()
  store.records.set('a', record('a'))
  await memory.find('a', 0)
  await memory.find('b', 0)
  store.records.delete('a')
  store.records.set('b', record('b'))
  memory.follow({ type: 'changed', hashes: ['a', 'b'] }, 1)
  t.match(await memory.find('a', 1), { known: false })
  t.match(await memory.find('b', 1), { known: true })
})

test('an answer that was on its way when a message came is not remembered', async (t) => {
  const { remote: store, memory } = remote()
  store.records.set('a', record('a'))
  let release = () => {}
  store.hold = new Promise((done) => (release = done))
  const early = memory.find('a', 0)
  await Promise.resolve()
  store.records.delete('a')
  memory.follow({ type: 'changed', hashes: ['a'] }, 1)
  release()
  t.match(await early, { known: true }, 'it was asked before')
  t.match(await memory.find('a', 2), { known: false }, 'and asked again after')
})

test('when anything may have changed, everything is asked for again', async (t) => {
  const { remote: store, memory } = remote()
  store.records.set('a', record('a'))
  await memory.find('a', 0)
  await memory.find('x', 0)
  store.asked = []
  memory.follow({ type: 'changed' }, 10)
  await memory.find('a', 11)
  await memory.find('x', 11)
  t.same(store.asked, ['a', 'x'])
})

test('while the store is down, known keys go on for the grace and the door is shut for others', async (t) => {
  const { remote: store, memory } = remote()
  store.records.set('a', record('a'))
  await memory.find('a', 0)
  store.broken = true
  t.match(await memory.find('a', 2000), { known: true })
  t.match(await memory.find('b', 2000), { known: 'unavailable', retryAfterMs: 150 })
  store.asked = []
  for (let i = 0; i < 10; i++) t.notOk(memory.find('a', 2010) instanceof Promise, 'nobody waits')
  t.same(store.asked, [], 'it is left alone for a while')
  t.match(await memory.find('a', 9999), { known: true })
  t.match(await memory.find('a', 10_000), { known: 'unavailable' }, 'the grace has an end')
  t.ok(memory.errors >= 2)
  store.broken = false
  t.match(await memory.find('a', 10_200), { known: true })
  t.match(await memory.find('b', 10_200), { known: false })
})

test('a key that was revoked does not come back while the store is down', async (t) => {
  const { remote: store, memory } = remote()
  store.records.set('a', record('a'))
  await memory.find('a', 0)
  memory.follow({ type: 'changed', hashes: ['a'] }, 1)
  store.broken = true
  t.match(await memory.find('a', 2), { known: 'unavailable' })
})

test('a store that says nothing counts as down', async (t) => {
  const { remote: store, memory } = remote()
  store.silent = true
  t.match(await memory.find('a', 0), { known: 'unavailable' })
  t.equal(memory.errors, 1)
})

test('it tells what it knows without asking', async (t) => {
  const { remote: store, memory } = remote()
  store.records.set('a', record('a'))
  t.notOk(memory.remembers('a', 0))
  await memory.find('a', 0)
  await memory.find('x', 0)
  t.ok(memory.remembers('a', 999) && memory.remembers('x', 499))
  t.notOk(memory.remembers('a', 1000) || memory.remembers('x', 500))
})
