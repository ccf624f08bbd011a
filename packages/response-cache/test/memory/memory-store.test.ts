import { test } from 'tap'
import { appWith, cached } from '../app.ts'

const MIB = 1024 * 1024

test('memory is bounded in bytes, headers and keys included', async (t) => {
  const maxBytes = 2 * MIB
  const app = await appWith({ defaultTtl: 60_000, memory: { maxBytes }, key: { host: false } }, (app) => {
    app.get('/:n', cached(), (_request, reply) =>
      reply.header('x-large', 'h'.repeat(2000)).send(Buffer.alloc(1000)),
    )
  })
  for (let n = 0; n < 1500; n++) await app.inject(`/${n}`)
  const { memory, evictions, stores } = app.responseCache.stats()
  t.ok(memory.bytes <= maxBytes && memory.bytes > maxBytes * 0.9)
  t.ok(memory.entries < maxBytes / 4000, 'more than the bodies count')
  t.equal(evictions, stores - memory.entries)
  t.equal((await app.inject('/1499')).headers['x-cache'], 'HIT', 'the latest is there')
  t.equal((await app.inject('/0')).headers['x-cache'], 'MISS', 'the oldest has gone')
})

test('an entry too large for its limit is not kept, and harms nobody', async (t) => {
  const app = await appWith({ defaultTtl: 60_000, memory: { maxEntryBytes: 5000 } }, (app) => {
    app.get('/:size', cached(), (request) => Buffer.alloc(Number((request.params as { size: string }).size)))
  })
  for (const [size, expected] of [
    [100, 'HIT'],
    [4999, 'MISS'],
    [50_000, 'MISS'],
  ] as const) {
    await app.inject(`/${size}`)
    t.equal((await app.inject(`/${size}`)).headers['x-cache'], expected, String(size))
  }
})

test('an absurdly long key passes the cache by', async (t) => {
  const app = await appWith({ defaultTtl: 60_000 }, (app) => {
    app.get('/menu', cached({ key: { headers: ['x-tenant'] } }), () => ({}))
  })
  for (const request of [
    { url: `/menu?${'q'.repeat(65_536)}` },
    { url: '/menu', headers: { 'x-tenant': 't'.repeat(65_536) } },
  ]) {
    for (let round = 0; round < 2; round++) {
      const answer = await app.inject(request)
      t.equal(answer.statusCode, 200)
      t.equal(answer.headers['x-cache'], 'BYPASS')
    }
  }
  t.equal(app.responseCache.stats().bypass, 4)
})

test('what is asked for again and again keeps no memory alive around it', async (t) => {
  const maxBytes = MIB
  const app = await appWith({ defaultTtl: 60_000, memory: { maxBytes }, key: { host: false } }, (app) => {
    app.get('/:n', cached(), (request) => Buffer.from(request.url.padEnd(2000, '.')))
  })
  // One of each block that small bodies share.
  const favourites = Array.from({ length: 20 }, (_, block) => block * 16)
  for (let n = 0; n < 1200; n++) {
    await app.inject(`/${n}`)
    if (n % 100 === 0)
      for (const favourite of favourites) if (favourite < n) await app.inject(`/${favourite}`)
  }
  const { memory } = app.responseCache.stats()
  t.ok(memory.bytes <= maxBytes)
  t.ok(memory.entries > maxBytes / 4500, 'nearly all of it holds answers')
  for (const favourite of favourites) {
    const { headers, body } = await app.inject(`/${favourite}`)
    t.equal(headers['x-cache'], 'HIT')
    t.equal(body, `/${favourite}`.padEnd(2000, '.'))
  }
})
