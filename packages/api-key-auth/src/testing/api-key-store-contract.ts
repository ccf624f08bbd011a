import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import type { ApiKeyRecord } from '../keys/key-record.ts'
import type { ApiKeyStore, KeyStoreEvent } from '../stores/api-key-store.ts'

export interface StoreContractOptions {
  /** Registers one test: `test` of node:test and of tap both fit. */
  readonly test: (name: string, run: () => Promise<void>) => unknown
  /** Opens an empty store. Each test asks for its own, or for a second one over the same data. */
  readonly open: () => ApiKeyStore | Promise<ApiKeyStore>
}

/** What each `ApiKeyStore` fulfils that can be written to. Registers its tests with `test`. */
export function apiKeyStoreContract({ test, open }: StoreContractOptions): void {
  const withStore = (name: string, run: (store: ApiKeyStore) => Promise<void>): void => {
    test(name, async () => {
      const store = await open()
      try {
        await run(store)
      } finally {
        await store.close()
      }
    })
  }

  withStore('finds a record by its id and by its hash', async (store) => {
    const record = sample({ scopes: ['a', 'b:*'], metadata: { deep: { list: [1, 'two'] } } })
    assert.equal(await store.put(record), true)
    assert.deepEqual(await store.get(record.id), record)
    assert.deepEqual(await store.findByHash(record.hash), record)
    assert.equal(await store.get(sample().id), undefined)
    assert.equal(await store.findByHash(sample().hash), undefined)
  })

  withStore('takes neither an id nor a hash twice', async (store) => {
    const record = sample()
    assert.equal(await store.put(record), true)
    assert.equal(await store.put(sample({ id: record.id })), false)
    assert.equal(await store.put(sample({ hash: record.hash })), false)
    assert.deepEqual(await store.findByHash(record.hash), record)
  })

  withStore('takes a change that follows what is stored, and no other', async (store) => {
    const record = sample()
    await store.put(record)
    assert.equal(await store.put({ ...record, revision: 2, name: 'second' }), true)
    assert.equal(await store.put({ ...record, revision: 2, name: 'late' }), false)
    assert.equal(await store.put({ ...record, revision: 4, name: 'early' }), false)
    assert.equal((await store.get(record.id))?.name, 'second')
    assert.equal(await store.put(sample({ revision: 2 })), false)
  })

  withStore('of changes at the same time, one wins', async (store) => {
    const record = sample()
    await store.put(record)
    const written = await Promise.all(
      Array.from({ length: 10 }, async (_, index) =>
        store.put({ ...record, revision: 2, name: `n${index}` }),
      ),
    )
    assert.equal(written.filter(Boolean).length, 1)
  })

  withStore(
    'finds a rotated record by both hashes, and by the older one no more after the next rotation',
    async (store) => {
      const first = sample()
      const second = { ...first, hash: newHash(), previous: { hash: first.hash, until: 9e12 }, revision: 2 }
      const third = { ...second, hash: newHash(), previous: { hash: second.hash, until: 9e12 }, revision: 3 }
      await store.put(first)
      await store.put(second)
      assert.deepEqual(await store.findByHash(first.hash), second)
      assert.deepEqual(await store.findByHash(second.hash), second)
      await store.put(third)
      assert.equal(await store.findByHash(first.hash), undefined)
      assert.deepEqual(await store.findByHash(second.hash), third)
      const { previous: _previous, ...alone } = { ...third, revision: 4 }
      await store.put(alone)
      assert.equal(await store.findByHash(second.hash), undefined)
    },
  )

  withStore('lists in the order of creation, all or by consumer', async (store) => {
    const consumer = `c-${randomUUID()}`
    const records = [
      sample({ createdAt: 30 }),
      sample({ createdAt: 10, consumer }),
      sample({ createdAt: 20, consumer }),
    ]
    for (const record of records) await store.put(record)
    const ids = async (filter?: { consumer: string }): Promise<string[]> =>
      (await store.list(filter)).map(({ id }) => id)
    const [a, b, c] = records.map(({ id }) => id)
    assert.deepEqual(await ids(), [b, c, a])
    assert.deepEqual(await ids({ consumer }), [b, c])
    assert.deepEqual(await ids({ consumer: 'nobody' }), [])
  })

  withStore('forgets what is removed, and takes its id and hash again', async (store) => {
    const record = sample({ previous: { hash: newHash(), until: 9e12 } })
    await store.put(record)
    assert.equal(await store.remove(record.id), true)
    assert.equal(await store.remove(record.id), false)
    assert.equal(await store.get(record.id), undefined)
    assert.equal(await store.findByHash(record.hash), undefined)
    assert.equal(await store.findByHash(record.previous?.hash ?? ''), undefined)
    assert.deepEqual(await store.list({ consumer: record.consumer }), [])
    assert.equal(await store.put(record), true)
  })

  withStore('notes the latest use, and nothing of keys that are gone', async (store) => {
    const record = sample()
    await store.put(record)
    const gone = sample()
    await store.touch(
      new Map([
        [record.id, 2_000_000_000_000],
        [gone.id, 1],
      ]),
    )
    await store.touch(new Map([[record.id, 1_000_000_000_000]]))
    assert.equal((await store.get(record.id))?.lastUsedAt, 2_000_000_000_000)
    assert.equal((await store.list())[0]?.lastUsedAt, 2_000_000_000_000)
    assert.equal(await store.get(gone.id), undefined)
    assert.equal(await store.put({ ...record, revision: 2 }), true, 'a use is no change')
  })

  withStore('tells those who watch, until they no longer do', async (store) => {
    const events: KeyStoreEvent[] = []
    const unwatch = store.watch((event) => events.push(event))
    const record = sample()
    const heard = (hash: string): boolean =>
      events.some((event) => event.type === 'changed' && (event.hashes?.includes(hash) ?? true))
    await put(store, record, () => heard(record.hash))
    events.length = 0
    const rotated = { ...record, hash: newHash(), previous: { hash: record.hash, until: 9e12 }, revision: 2 }
    await store.put(rotated)
    await until(() => heard(record.hash) && heard(rotated.hash))
    events.length = 0
    await store.remove(record.id)
    await until(() => heard(record.hash) && heard(rotated.hash))
    unwatch()
    events.length = 0
    await store.put(sample())
    assert.deepEqual(events, [])
  })
}

/** Writes until it is heard of: a subscription may still be on its way. */
async function put(store: ApiKeyStore, record: ApiKeyRecord, heard: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !heard(); tries++) {
    await store.remove(record.id)
    await store.put(record)
    await pause(tries)
  }
  assert.ok(heard())
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !condition(); tries++) await pause(10)
  assert.ok(condition())
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}

function newHash(): string {
  return `sha256:${createHash('sha256').update(randomUUID()).digest('hex')}`
}

function sample(fields: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  const id = randomUUID().replaceAll('-', '').slice(0, 12)
  return {
    id,
    hash: newHash(),
    consumer: 'somebody',
    scopes: [],
    createdAt: 1_700_000_000_000,
    revision: 1,
    ...fields,
  }
}
