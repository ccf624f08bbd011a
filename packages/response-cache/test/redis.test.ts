import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { test } from 'tap'
import { startRedis } from '../../../test/redis.ts'
import { cached, gate, until } from './app.ts'
import { instance, shared, skip, xCache } from './redis-app.ts'

test('instances share answers, variants and purges', { skip }, async (t) => {
  let calls = 0
  const routes = (app: FastifyInstance): void => {
    app.get('/menu/:dish', cached({ tags: ['menu'] }), (request, reply) => {
      calls += 1
      return reply
        .header('cache-control', 'max-age=60')
        .header('vary', 'accept-language')
        .send({ calls, language: request.headers['accept-language'] })
    })
  }
  const [a, b] = [await instance(t, shared, routes), await instance(t, shared, routes)]
  const get = async (app: FastifyInstance, language = 'en'): Promise<string> => {
    const { headers } = await app.inject({ url: '/menu/soup', headers: { 'accept-language': language } })
    return [headers['x-cache'], headers['x-cache-source']].join(' ').trim()
  }
  t.equal(await get(a), 'MISS')
  await until(async () => (await get(b)) === 'HIT redis')
  t.equal(await get(b), 'HIT memory')
  t.equal(await get(b, 'de'), 'MISS')
  await until(async () => (await get(a, 'de')) !== 'MISS')
  t.equal(calls, 2)
  for (const target of [
    { tag: 'menu' },
    { url: '/menu/soup' },
    { prefix: '/menu' },
    { all: true as const },
  ]) {
    await a.responseCache.purge(target)
    t.equal(await get(a), 'MISS', JSON.stringify(target))
    await until(async () => (await get(b)) !== 'HIT memory')
    t.match(await get(b), /HIT/)
  }
})

test('one fetch for all instances', { skip }, async (t) => {
  const hold = gate()
  let calls = 0
  const routes = (app: FastifyInstance): void => {
    app.get('/menu', cached(), async (_request, reply) => {
      calls += 1
      await hold.opened
      return reply.header('cache-control', 'max-age=60').send({ calls })
    })
  }
  const apps = [
    await instance(t, shared, routes),
    await instance(t, shared, routes),
    await instance(t, shared, routes),
  ]
  const answers = apps.flatMap((app) => Array.from({ length: 334 }, () => app.inject('/menu')))
  await until(() => calls > 0)
  hold.open()
  const bodies = new Set((await Promise.all(answers)).map((answer) => answer.body))
  t.same([...bodies], ['{"calls":1}'])
  t.equal(calls, 1)
})

test('waiters elsewhere go on at once where an answer cannot be shared', { skip }, async (t) => {
  const hold = gate()
  let calls = 0
  const routes = (app: FastifyInstance): void => {
    app.get('/basket', cached(), async (_request, reply) => {
      calls += 1
      if (calls === 1) await hold.opened
      return reply.header('cache-control', 'no-store').send({ calls })
    })
  }
  const [a, b] = [await instance(t, shared, routes), await instance(t, shared, routes)]
  const first = a.inject('/basket')
  await until(() => calls === 1)
  const second = b.inject('/basket')
  hold.open()
  t.same([(await first).json(), (await second).json()], [{ calls: 1 }, { calls: 2 }])
})

test('nobody waits longer than allowed for an instance that hangs', { skip }, async (t) => {
  const hold = gate()
  let calls = 0
  const routes = (app: FastifyInstance): void => {
    app.get('/menu', cached(), async (_request, reply) => {
      const call = ++calls
      if (call === 1) await hold.opened
      return reply.header('cache-control', 'max-age=60').send({ calls: call })
    })
  }
  const options = { coalesceWait: 300 }
  const [a, b] = [await instance(t, shared, routes, options), await instance(t, shared, routes, options)]
  const hanging = a.inject('/menu')
  await until(() => calls === 1)
  t.same((await b.inject('/menu')).json(), { calls: 2 })
  hold.open()
  t.same((await hanging).json(), { calls: 1 })
})

test('what Redis is asked for once does not drive out what memory is asked for', { skip }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const admin = new Redis(server.url)
  t.teardown(() => admin.disconnect())
  const routes = (app: FastifyInstance): void => {
    app.get('/:dish', cached({ defaultTtl: 60_000 }), () => Buffer.alloc(10_000))
  }
  const memory = { maxBytes: 1024 * 1024 }
  const [writer, reader] = [await instance(t, server, routes), await instance(t, server, routes, { memory })]
  const urls = Array.from({ length: 300 }, (_, at) => `/${at}`)
  for (const url of urls) await writer.inject(url)
  await until(async () => (await admin.keys('*:entry:*')).length === urls.length)
  for (const url of urls) t.equal(await xCache(reader, url), 'HIT redis')
  const { memory: full } = reader.responseCache.stats()
  t.ok(full.entries < 150)
  t.equal(await xCache(reader, '/0'), 'HIT memory', 'the first has stayed through all of them')
  t.equal(await xCache(reader, '/299'), 'HIT redis')
  t.equal(await xCache(reader, '/299'), 'HIT memory', 'the last was asked for again')
  t.equal(reader.responseCache.stats().evictions, 1)
})

test('an answer that was under way during a purge is not kept anywhere', { skip }, async (t) => {
  let hold = gate()
  let calls = 0
  const routes = (app: FastifyInstance): void => {
    app.get('/menu/:dish', cached({ tags: ['menu'] }), async (_request, reply) => {
      const call = ++calls
      await hold.opened
      return reply.header('cache-control', 'max-age=60').send({ call })
    })
  }
  const [a, b] = [await instance(t, shared, routes), await instance(t, shared, routes)]
  const call = async (app: FastifyInstance, url: string): Promise<number> =>
    (await app.inject(url)).json<{ call: number }>().call
  for (const [dish, target] of [{ url: '/menu/0' }, { tag: 'menu' }, { prefix: '/menu/2' }].entries()) {
    hold = gate()
    const underWay = call(a, `/menu/${dish}`)
    const before = calls
    await until(() => calls > before)
    await b.responseCache.purge(target)
    hold.open()
    const old = await underWay
    t.ok((await call(b, `/menu/${dish}`)) > old, 'the one that purged never finds it')
    await until(async () => (await call(a, `/menu/${dish}`)) > old)
  }
})
