import { test } from 'tap'
import { appWith, cached, ManualClock } from './app.ts'
import { PurgeTargetError } from '../src/index.ts'

test('get, set, delete and clear work on the keys of requests', async (t) => {
  const app = await appWith({ key: { host: false } }, (app) => {
    app.get('/orders/:id', cached({ defaultTtl: 60_000 }), (request) => ({
      id: (request.params as { id: string }).id,
    }))
  })
  const { responseCache } = app
  const key = responseCache.keyOf({ url: '/orders/1' })
  t.equal(await responseCache.get(key), undefined)
  await responseCache.set(key, { body: { id: 'by hand' }, ttl: 60_000, tags: ['orders'] })
  const hit = await app.inject('/orders/1')
  t.equal(hit.headers['x-cache'], 'HIT')
  t.same(hit.json(), { id: 'by hand' })
  t.match(await responseCache.get(key), { status: 200, ageSeconds: 0, tags: ['orders'] })
  t.equal(await responseCache.delete(key), true)
  t.equal(await responseCache.delete(key), false)
  t.same((await app.inject('/orders/1')).json(), { id: '1' })
  t.equal((await responseCache.get(key))?.body.toString(), '{"id":"1"}')
  await responseCache.clear()
  t.equal((await app.inject('/orders/1')).headers['x-cache'], 'MISS')
  for (const body of ['text', Buffer.from('bytes')]) {
    await responseCache.set(key, { body, ttl: 1000 })
    t.equal((await app.inject('/orders/1')).body, body.toString())
  }
})

test('an answer for everyone is found under an anonymous key', async (t) => {
  const app = await appWith({ key: { host: false } }, (app) => {
    app.get('/menu', cached(), (_request, reply) =>
      reply.header('cache-control', 'public, max-age=5').send('soup'),
    )
  })
  await app.inject({ url: '/menu', headers: { authorization: 'a' } })
  const key = app.responseCache.keyOf({ url: '/menu' })
  t.equal((await app.responseCache.get(key))?.body.toString(), 'soup')
  t.equal(await app.responseCache.delete(key), true)
  t.equal(await app.responseCache.get('no key of ours'), undefined)
})

test('purges reach what they name, hard or soft', async (t) => {
  const clock = new ManualClock()
  const app = await appWith({ now: clock.now }, (app) => {
    app.get('/menu/:dish', cached({ tags: ['menu'] }), (request, reply) => {
      if (request.headers['if-none-match'] === '"v"') return reply.code(304).send()
      return reply
        .header('cache-control', 'max-age=60')
        .header('surrogate-key', `dish ${request.url.slice(6)}`)
        .header('etag', '"v"')
        .send('x')
    })
  })
  const fill = async (): Promise<void> => {
    for (const url of ['/menu/a?x=1&y=2', '/menu/b', '/menu/c']) await app.inject(url)
  }
  const states = async (): Promise<unknown[]> => {
    const seen = []
    for (const url of ['/menu/a?y=2&x=1', '/menu/b', '/menu/c'])
      seen.push((await app.inject(url)).headers['x-cache'])
    return seen
  }
  await fill()
  t.same(await states(), ['HIT', 'HIT', 'HIT'])
  t.same(await app.responseCache.purge({ url: 'https://any.example/menu/a?y=2&x=1' }), { purged: 1 })
  t.same(await states(), ['MISS', 'HIT', 'HIT'])
  t.same(await app.responseCache.purge({ tag: 'b' }), { purged: 1 })
  t.same(await states(), ['HIT', 'MISS', 'HIT'])
  t.same(await app.responseCache.purge({ tag: 'menu' }), { purged: 3 })
  t.same(await states(), ['MISS', 'MISS', 'MISS'])
  t.same(await app.responseCache.purge({ prefix: '/menu/' }), { purged: 3 })
  t.same(await states(), ['MISS', 'MISS', 'MISS'])
  t.same(await app.responseCache.purge({ all: true }), { purged: 3 })
  t.same(await states(), ['MISS', 'MISS', 'MISS'])
  await app.responseCache.purge({ tag: 'c', soft: true })
  t.same(await states(), ['HIT', 'HIT', 'REVALIDATED'])
  await app.responseCache.purge({ url: '/menu/b', soft: true })
  t.same(await states(), ['HIT', 'REVALIDATED', 'HIT'])
  t.same(await states(), ['HIT', 'HIT', 'HIT'])
  for (const target of [{}, { url: '/', tag: 'x' }, { tag: '' }, { prefix: 7 }]) {
    await t.rejects(app.responseCache.purge(target as object), PurgeTargetError)
  }
})

test('the last good answer outlives its freshness, unless the origin forbids it', async (t) => {
  const clock = new ManualClock()
  const bodies: (string | undefined)[] = []
  const app = await appWith({ now: clock.now, keepStale: 3_600_000 }, (app) => {
    for (const [url, control] of Object.entries({ '/a': 'max-age=1', '/b': 'max-age=1, must-revalidate' })) {
      app.get(
        url,
        {
          ...cached(),
          preHandler: async (request) => {
            const good = await app.responseCache.lastGood(request)
            bodies.push(good && `${good.body.toString()} ${good.ageSeconds}`)
          },
        },
        (_request, reply) => reply.header('cache-control', control).header('etag', '"v"').send('soup'),
      )
    }
  })
  const ask = async (url: string): Promise<string | undefined> => {
    await app.inject(url)
    return bodies.pop()
  }
  t.equal(await ask('/a'), undefined)
  clock.advance(100_000)
  t.equal(await ask('/a'), 'soup 100')
  await ask('/b')
  clock.advance(100_000)
  t.equal(await ask('/b'), undefined)
  clock.advance(3_700_000)
  t.equal(await ask('/a'), undefined, 'kept an hour')
})

test('what happened is counted', async (t) => {
  const app = await appWith({}, (app) => {
    app.get('/menu', cached(), (_request, reply) => reply.header('cache-control', 'max-age=5').send('soup'))
    app.post('/menu', cached(), () => 'done')
  })
  await app.inject('/menu')
  await app.inject('/menu')
  await app.inject({ method: 'POST', url: '/menu' })
  const { memory, ...counters } = app.responseCache.stats()
  t.same(counters, {
    hits: 1,
    misses: 1,
    stale: 0,
    revalidated: 0,
    bypass: 1,
    coalesced: 0,
    stores: 1,
    errors: 0,
    evictions: 0,
  })
  t.same(memory, { bytes: 0, entries: 0, maxBytes: 64 * 1024 * 1024 })
})
