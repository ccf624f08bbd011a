import fastifyRedis from '@fastify/redis'
import fastify from 'fastify'
import { Redis as Redis5 } from 'ioredis-5'
import { test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis } from '../../../../test/redis.ts'
import { circuitBreaker } from '../../src/index.ts'
import { type Instance, mode, startInstance, startWith, until } from './instances.ts'

/** Verdicts go both ways, and the caller's client is the caller's still. */
async function agree(one: Pick<Instance, 'app'>, other: Instance): Promise<void> {
  const [here, there] = [one.app.circuitBreakers, other.app.circuitBreakers]
  here.open('orders', { reason: 'maintenance' })
  await until(() => there.get('orders')?.state === 'forced-open', 'the other hears of it')
  there.close('orders')
  await until(() => here.get('orders')?.state === 'closed', 'and is heard')
}

test('ioredis 5, beside 6', { skip: skipWithout('redis-server') }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const redis = new Redis5(server.url)
  const one = await startWith(t, redis, 'five')
  const other = await startInstance(t, server.url, 'six')
  await until(() => [one, other].every((instance) => mode(instance) === 'shared'))
  await agree(one, other)
  await one.app.close()
  t.equal(await redis.ping(), 'PONG')
})

test('the client of @fastify/redis', { skip: skipWithout('redis-server') }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const app = fastify()
  await app.register(fastifyRedis, { url: server.url })
  await app.register(circuitBreaker, { breakers: { orders: {} }, fleet: { redis: app.redis } })
  t.teardown(() => app.close())
  await app.ready()
  const other = await startInstance(t, server.url, 'other')
  await until(() => app.circuitBreakers.fleet?.mode === 'shared')
  await agree({ app }, other)
})
