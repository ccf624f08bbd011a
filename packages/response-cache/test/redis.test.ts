import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import tap, { test } from 'tap'
import { skipWithout } from '../../../test/binary.ts'
import { startRedis, type RedisProcess } from '../../../test/redis.ts'
import type { ResponseCacheOptions } from '../src/index.ts'
import { redisTier } from '../src/redis/index.ts'
import { appWith, cached, gate, until } from './app.ts'

const skip = skipWithout('redis-server')

/** For tests that leave Redis itself alone; each has a namespace. */
const shared = skip === false ? await startRedis() : undefined
tap.teardown(() => shared?.stop())

interface Named {
  readonly name: string
  teardown(fn: () => unknown): void
}

/** An app with a client of its own. The deadline is long, for the machine may be busy; where it matters, tests set it. */
async function instance(
  t: Named,
  server: RedisProcess | undefined,
  routes: (app: FastifyInstance) => void,
  { deadline = 2000, ...options }: ResponseCacheOptions & { deadline?: number } = {},
): Promise<FastifyInstance> {
  const namespace = server === shared ? t.name.replace(/\W+/g, '-').slice(0, 64) : 'default'
  const redis = new Redis(server?.url ?? '', { retryStrategy: () => 50 })
  redis.on('error', () => {})
  const app = await appWith({ redis: redisTier(redis, { deadline, namespace }), ...options }, routes)
  t.teardown(async () => {
    await app.close()
    redis.disconnect()
  })
  await until(() => isUp(app))
  return app
}

function isUp(app: FastifyInstance): boolean {
  return app.responseCache.stats().redis?.state === 'up'
}

async function xCache(app: FastifyInstance, url: string): Promise<string> {
  const { headers } = await app.inject(url)
  return [headers['x-cache'], headers['x-cache-source']].join(' ').trim()
}

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

test('a Redis that hangs costs a deadline, and then nothing', { skip }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const routes = (app: FastifyInstance): void => {
    app.get('/menu/:dish', cached({ defaultTtl: 60_000 }), (request) => request.params as object)
  }
  const app = await instance(t, server, routes, { deadline: 50 })
  await app.inject('/menu/a')
  server.pause()
  t.teardown(() => server.resume())
  for (const dish of ['b', 'c', 'd', 'e']) t.equal(await xCache(app, `/menu/${dish}`), 'MISS')
  t.equal(await xCache(app, '/menu/b'), 'HIT memory')
  await until(() => !isUp(app))
  const { errors } = app.responseCache.stats().redis ?? {}
  t.ok((errors ?? 0) > 0)
  server.resume()
  await until(() => isUp(app))
})

test('what this process is too busy for is not held against Redis', { skip }, async (t) => {
  const routes = (app: FastifyInstance): void => {
    app.get('/menu/:dish', cached({ defaultTtl: 60_000 }), (request) => request.params as object)
  }
  const writer = await instance(t, shared, routes)
  const reader = await instance(t, shared, routes, { deadline: 200 })
  await writer.inject('/menu/a')
  await until(async () => (await xCache(await instance(t, shared, routes), '/menu/a')) === 'HIT redis')
  const answer = xCache(reader, '/menu/a')
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  // Five deadlines: the reply is in the socket long before they are over.
  const busyUntil = performance.now() + 1000
  while (performance.now() < busyUntil);
  t.equal(await answer, 'HIT redis')
  t.equal(reader.responseCache.stats().redis?.errors, 0)
})

test('a short stall is one failure, however many requests it meets', { skip }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const routes = (app: FastifyInstance): void => {
    app.get('/menu/:dish', cached({ defaultTtl: 60_000 }), (request) => request.params as object)
  }
  const app = await instance(t, server, routes, { deadline: 50 })
  server.pause()
  t.teardown(() => server.resume())
  const dishes = Array.from({ length: 100 }, (_, at) => `/menu/${at}`)
  await Promise.all(dishes.map((url) => app.inject({ method: 'HEAD', url })))
  t.ok((app.responseCache.stats().redis?.errors ?? 0) > 2)
  t.ok(isUp(app))
})

test('a message that comes late opens no gap', { skip }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const [admin, ear] = [new Redis(server.url), new Redis(server.url)]
  t.teardown(() => [admin, ear].forEach((client) => client.disconnect()))
  const heard: string[] = []
  ear.on('message', (_channel, text: string) => heard.push(text))
  await ear.subscribe('sluice:rc:v1:default:messages')
  const routes = (app: FastifyInstance): void => {
    app.get('/menu', cached({ defaultTtl: 60_000 }), () => ({}))
  }
  const app = await instance(t, server, routes)
  for (const tag of ['a', 'b', 'c']) await app.responseCache.purge({ tag })
  await until(() => heard.length === 3)
  await xCache(app, '/menu')
  await admin.publish('sluice:rc:v1:default:messages', heard[1] ?? '')
  await app.responseCache.purge({ tag: 'd' })
  await until(() => heard.length === 5)
  t.equal(await xCache(app, '/menu'), 'HIT memory')
})

test(
  'with Redis dead, each instance goes on by itself; purges reach the others when it is back',
  { skip },
  async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    const hold = gate()
    let calls = 0
    const routes = (app: FastifyInstance): void => {
      app.get('/menu', cached({ tags: ['menu'] }), async (_request, reply) => {
        calls += 1
        await hold.opened
        return reply.header('cache-control', 'max-age=60').send({ calls })
      })
    }
    const apps = [
      await instance(t, server, routes),
      await instance(t, server, routes),
      await instance(t, server, routes),
    ]
    await server.kill()
    await until(() => apps.every((app) => !isUp(app)))
    const answers = apps.flatMap((app) => Array.from({ length: 334 }, () => app.inject('/menu')))
    await until(() => calls === 3)
    hold.open()
    t.ok((await Promise.all(answers)).every((answer) => answer.statusCode === 200))
    t.equal(calls, 3, 'one an instance')
    const [a, b] = apps as [FastifyInstance, FastifyInstance]
    await a.responseCache.purge({ tag: 'menu' })
    t.equal(await xCache(a, '/menu'), 'MISS')
    t.equal(await xCache(b, '/menu'), 'HIT memory', 'b cannot know yet')
    await server.restart()
    await until(async () => (await xCache(b, '/menu')) !== 'HIT memory')
  },
)

test('an instance that missed a purge finds out', { skip }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const admin = new Redis(server.url)
  t.teardown(() => admin.disconnect())
  const routes = (app: FastifyInstance): void => {
    app.get('/menu', cached({ defaultTtl: 60_000 }), () => ({}))
    app.post('/menu', cached(), () => ({}))
  }
  const [a, b] = [await instance(t, server, routes), await instance(t, server, routes)]
  await xCache(a, '/menu')
  await until(async () => (await xCache(b, '/menu')) === 'HIT memory')
  // As if the message of a purge had been lost.
  const stamp = 'sluice:rc:v1:default:{purges}:latest'
  await admin.set(stamp, String(Number((await admin.get(stamp)) ?? 0) + 1))
  await until(async () => (await xCache(b, '/menu')) !== 'HIT memory')
  await until(async () => isUp(b) && (await xCache(b, '/menu')) === 'HIT memory')
  await admin.set(stamp, String(Number((await admin.get(stamp)) ?? 0) + 1))
  await a.responseCache.purge({ tag: 'of nothing here' })
  await until(async () => (await xCache(b, '/menu')) !== 'HIT memory')
  t.pass('the stamp told it, and so did a message that follows one unheard')
})

test('corrupt, foreign and older entries are misses, and counted', { skip }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const admin = new Redis(server.url)
  t.teardown(() => admin.disconnect())
  const routes = (app: FastifyInstance): void => {
    app.get('/menu', cached({ defaultTtl: 60_000 }), () => ({ dish: 'soup' }))
  }
  const damages: ((bytes: Buffer) => Buffer)[] = [
    (bytes) => bytes.subarray(0, bytes.length - 1),
    (bytes) => Buffer.concat([bytes.subarray(0, 40), Buffer.from('?'), bytes.subarray(41)]),
    (bytes) => Buffer.concat([bytes.subarray(0, 4), Buffer.from([99]), bytes.subarray(5)]),
    () => Buffer.from('{"json":"of someone else"}'),
    () => Buffer.alloc(0),
  ]
  for (const damage of damages) {
    await admin.flushall()
    const writer = await instance(t, server, routes)
    await writer.inject('/menu')
    let key = ''
    await until(async () => {
      key = (await admin.keys('*:entry:*'))[0] ?? ''
      return key !== ''
    })
    const bytes = (await admin.getBuffer(key)) ?? Buffer.alloc(0)
    await admin.set(key, damage(bytes), 'PX', 60_000)
    const reader = await instance(t, server, routes)
    const answer = await reader.inject('/menu')
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers['x-cache'], 'MISS')
    t.equal(reader.responseCache.stats().redis?.errors, 1)
  }
  await admin.flushall()
  const writer = await instance(t, server, routes)
  await writer.inject('/menu')
  await until(async () => (await admin.keys('*:index')).length > 0)
  await admin.set((await admin.keys('*:index'))[0] ?? '', 'no index', 'PX', 60_000)
  t.equal(await xCache(await instance(t, server, routes), '/menu'), 'MISS')
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
