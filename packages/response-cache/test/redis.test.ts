import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { test } from 'tap'
import { skipWithout } from '../../../test/binary.ts'
import { startRedis, type RedisProcess } from '../../../test/redis.ts'
import { redisTier, type RedisTierOptions } from '../src/redis/index.ts'
import { appWith, cached, gate, until } from './app.ts'

const skip = skipWithout('redis-server')

interface Teardown {
  teardown(fn: () => unknown): void
}

async function instance(
  t: Teardown,
  server: RedisProcess,
  routes: (app: FastifyInstance) => void,
  options: RedisTierOptions = { deadline: 2000 },
): Promise<FastifyInstance> {
  const redis = new Redis(server.url)
  redis.on('error', () => {})
  const app = await appWith({ redis: redisTier(redis, options) }, routes)
  t.teardown(async () => {
    await app.close()
    redis.disconnect()
  })
  await until(() => app.responseCache.stats().redis?.state === 'up')
  return app
}

test('instances share answers, variants and purges', { skip }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
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
  const [a, b] = [await instance(t, server, routes), await instance(t, server, routes)]
  const get = async (app: FastifyInstance, language = 'en'): Promise<string> => {
    const { headers } = await app.inject({ url: '/menu/soup', headers: { 'accept-language': language } })
    return [headers['x-cache'], headers['x-cache-source']].join(' ').trim()
  }
  t.equal(await get(a), 'MISS')
  await until(() => a.responseCache.stats().redis?.state === 'up')
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
  const server = await startRedis()
  t.teardown(() => server.stop())
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
    await instance(t, server, routes),
    await instance(t, server, routes),
    await instance(t, server, routes),
  ]
  const answers = apps.flatMap((app) => Array.from({ length: 334 }, () => app.inject('/menu')))
  await until(() => calls > 0)
  hold.open()
  const bodies = new Set((await Promise.all(answers)).map((answer) => answer.body))
  t.same([...bodies], ['{"calls":1}'])
  t.equal(calls, 1)
})
