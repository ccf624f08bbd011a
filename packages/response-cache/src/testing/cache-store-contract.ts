import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { CacheEntry } from '../entry.ts'
import { Invalidations } from '../invalidations.ts'
import { selectionOf } from '../key/cache-key.ts'
import { tuple } from '../key/tuple.ts'
import type { CacheRequest, StoredFacts } from '../rules/message.ts'
import type { CacheStore, Lookup } from '../store.ts'

/** What a store under test works with. */
export interface StoreContractHost {
  readonly now: () => number
  readonly invalidations: Invalidations
}

export interface CacheStoreContractOptions {
  /** Registers one test: `test` of node:test and of tap both fit. */
  readonly test: (name: string, run: () => Promise<void>) => unknown
  /** Opens a store. Each test asks for its own, and uses resources that no other test uses. */
  readonly open: (host: StoreContractHost) => CacheStore | Promise<CacheStore>
}

/** What each `CacheStore` fulfils. Registers its tests with `test`. */
export function cacheStoreContract({ test, open }: CacheStoreContractOptions): void {
  const withStore = (name: string, run: (store: CacheStore, host: ContractHost) => Promise<void>): void => {
    test(name, async () => {
      const host = new ContractHost()
      await run(await open(host), host)
    })
  }

  withStore('gives back what was put, byte for byte', async (store) => {
    const lookup = lookupOf()
    const body = Buffer.from([0, 1, 2, 255, 254, 10, 13])
    const entry = entryOf({ body, tags: ['a b', 'c'], headers: { etag: '"é"', link: ['<a>', '<b>'] } })
    await store.put(lookup, slotOf(lookup), entry)
    const found = await store.find(lookup)
    assert.deepEqual(found?.body, body)
    assert.deepEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify(entry)))
    assert.equal(await store.find(lookupOf()), undefined)
  })

  withStore('keeps an empty body and a large one', async (store) => {
    for (const body of [Buffer.alloc(0), Buffer.alloc(700_000, 'x')]) {
      const lookup = lookupOf()
      await store.put(lookup, slotOf(lookup), entryOf({ body }))
      assert.deepEqual((await store.find(lookup))?.body, body)
    }
  })

  withStore('replaces what the same request would find', async (store) => {
    const lookup = lookupOf()
    for (const text of ['first', 'second']) {
      await store.put(lookup, slotOf(lookup), entryOf({ body: Buffer.from(text) }))
    }
    assert.equal((await store.find(lookup))?.body.toString(), 'second')
  })

  withStore('looks in the slots in their order, and in no others', async (store) => {
    const own = lookupOf()
    const [mine = '', shared = ''] = own.slots
    await store.put(own, shared, entryOf({ body: Buffer.from('shared') }))
    assert.equal((await store.find(own))?.body.toString(), 'shared')
    await store.put(own, mine, entryOf({ body: Buffer.from('mine') }))
    assert.equal((await store.find(own))?.body.toString(), 'mine')
    const other = { ...own, slots: [tuple(['other']), shared] }
    assert.equal((await store.find(other))?.body.toString(), 'shared')
    assert.equal(await store.find({ ...own, slots: [tuple(['stranger'])] }), undefined)
  })

  withStore('selects among variants by the fields that Vary names', async (store) => {
    const lookup = lookupOf({ 'accept-language': 'en' })
    const german = { ...lookup, request: requestOf({ 'accept-language': 'de' }) }
    const vary = ['accept-language']
    await store.put(lookup, slotOf(lookup), entryOf({ vary, body: Buffer.from('soup') }))
    assert.equal(await store.find(german), undefined)
    await store.put(german, slotOf(german), entryOf({ vary, body: Buffer.from('Suppe') }))
    assert.equal((await store.find(lookup))?.body.toString(), 'soup')
    assert.equal((await store.find(german))?.body.toString(), 'Suppe')
    const fresh = { ...german, hint: { vary: [] } }
    assert.equal((await store.find(fresh))?.body.toString(), 'Suppe', 'without knowing the fields beforehand')
    assert.equal(await store.find({ ...lookup, request: requestOf({}) }), undefined)
  })

  withStore('keeps apart what one answer tells apart and another does not', async (store) => {
    const lookup = lookupOf({ accept: 'text/html', 'accept-language': 'en' })
    const json = { ...lookup, request: requestOf({ accept: 'application/json', 'accept-language': 'en' }) }
    await store.put(lookup, slotOf(lookup), entryOf({ vary: ['accept-language'] }))
    await store.find(json)
    await store.put(json, slotOf(json), entryOf({ vary: ['accept'], body: Buffer.from('{}') }))
    assert.notEqual((await store.find(lookup))?.body.toString(), '{}')
    assert.equal((await store.find(json))?.body.toString(), '{}')
  })

  withStore('reads, writes and deletes by key', async (store) => {
    const lookup = lookupOf()
    const key = slotOf(lookup) + selectionOf([], lookup.request) + lookup.resource
    await store.set(key, entryOf({ body: Buffer.from('by hand') }))
    assert.equal((await store.get(key))?.body.toString(), 'by hand')
    assert.equal((await store.find(lookup))?.body.toString(), 'by hand')
    assert.equal(await store.delete(key), true)
    assert.equal(await store.delete(key), false)
    assert.equal(await store.get(key), undefined)
    for (const odd of ['', 'no key', '9999999999|', key.repeat(3)]) {
      assert.equal(await store.get(odd), undefined)
      assert.equal(await store.delete(odd), false)
    }
  })

  withStore('gives out stale entries, and none past keeping', async (store, host) => {
    const lookup = lookupOf()
    await store.put(lookup, slotOf(lookup), entryOf({ freshMs: 1000, keepMs: 60_000 }))
    host.advance(59_000)
    assert.ok(await store.find(lookup))
    host.advance(1000)
    assert.equal(await store.find(lookup), undefined)
  })

  withStore('invalidates a resource as a whole, hard', async (store) => {
    const lookup = lookupOf()
    for (const slot of lookup.slots) await store.put(lookup, slot, entryOf({}))
    await store.invalidate(lookup.resource, 'hard')
    assert.equal(await store.find(lookup), undefined)
    await store.find(lookup)
    await store.put(lookup, slotOf(lookup), entryOf({}))
    assert.ok(await store.find(lookup))
  })

  withStore('invalidates a resource as a whole, softly', async (store, host) => {
    const lookup = lookupOf()
    await store.put(lookup, slotOf(lookup), entryOf({ freshMs: 60_000 }))
    await store.invalidate(lookup.resource, 'soft')
    const stale = await store.find(lookup)
    assert.ok(stale !== undefined && stale.response.facts.freshUntilMs <= host.now())
    await store.find(lookup)
    await store.put(lookup, slotOf(lookup), entryOf({ freshMs: 60_000 }))
    assert.ok(((await store.find(lookup))?.response.facts.freshUntilMs ?? 0) > host.now())
  })

  withStore(
    'applies what was invalidated by tag, by prefix or altogether',
    async (store, { invalidations, now }) => {
      const scopes = [
        { scope: 'tag', value: 'menu' },
        { scope: 'prefix', value: '/contract/' },
        { scope: 'all', value: '' },
      ] as const
      for (const invalidation of scopes) {
        const before = invalidations.latest
        const lookup = lookupOf()
        await store.put(lookup, slotOf(lookup), entryOf({ tags: ['menu'], stamp: before }))
        const untouched = lookupOf({}, '/elsewhere/')
        await store.put(untouched, slotOf(untouched), entryOf({ stamp: before }))
        invalidations.note({ ...invalidation, mode: 'hard', stamp: before + 1, atMs: now() })
        assert.equal(await store.find(lookup), undefined, invalidation.scope)
        assert.equal((await store.find(untouched)) === undefined, invalidation.scope === 'all')
        await store.put(lookup, slotOf(lookup), entryOf({ tags: ['menu'], stamp: before + 1 }))
        assert.ok(await store.find(lookup), 'what was fetched since is good')
      }
    },
  )
}

class ContractHost implements StoreContractHost {
  readonly invalidations: Invalidations = new Invalidations()
  #now = START_MS
  readonly now = (): number => this.#now

  advance(ms: number): void {
    this.#now += ms
  }
}

const START_MS = Date.UTC(2026, 0, 1)

function requestOf(headers: Record<string, string>): CacheRequest {
  return { method: 'GET', headers, consumer: undefined }
}

function lookupOf(headers: Record<string, string> = {}, prefix = '/contract/'): Lookup {
  return {
    resource: `${prefix}${randomUUID()}?q={x}`,
    slots: [tuple(['host', 'own']), tuple(['host', 'shared'])],
    request: requestOf(headers),
    hint: { vary: [] },
  }
}

function slotOf(lookup: Lookup): string {
  return lookup.slots[0] ?? ''
}

interface Sample {
  body?: Buffer
  headers?: Record<string, string | string[]>
  tags?: string[]
  vary?: string[]
  stamp?: number
  freshMs?: number
  keepMs?: number
}

function entryOf(sample: Sample): CacheEntry {
  const { body = Buffer.from('soup'), headers = {}, tags = [], vary = [], stamp = 0 } = sample
  const { freshMs = 60_000, keepMs = 3_600_000 } = sample
  const facts: StoredFacts = {
    partition: 'own',
    bornAtMs: START_MS,
    receivedAtMs: START_MS,
    freshUntilMs: START_MS + freshMs,
    alwaysRevalidate: false,
    staleForbidden: false,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    immutable: false,
    etag: undefined,
    lastModified: undefined,
    vary,
  }
  return {
    response: { status: 200, headers, facts },
    body,
    tags,
    stamp,
    keepUntilMs: START_MS + keepMs,
    fetchMs: 12,
  }
}
