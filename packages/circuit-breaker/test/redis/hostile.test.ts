import { Redis } from 'ioredis'
import { type Test, test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { type RedisProcess, startRedis } from '../../../../test/redis.ts'
import { type Instance, mode, startInstance, until } from './instances.ts'

const skip = skipWithout('redis-server')

async function start(t: Test, args: string[] = []): Promise<{ server: RedisProcess; plain: Redis }> {
  const server = await startRedis(args)
  const plain = new Redis(server.url)
  plain.on('error', () => {})
  t.teardown(async () => {
    plain.disconnect()
    await server.stop()
  })
  return { server, plain }
}

/** It goes on alone: requests are answered, the breaker opens by itself, and it says why once at most. */
async function goesOnAlone(t: Test, one: Instance): Promise<void> {
  t.equal(await one.get(), 200)
  one.upstream.down = true
  for (let call = 0; call < 30; call += 1) await one.get()
  t.equal(one.state(), 'open (local)')
  t.equal(mode(one), 'local')
  t.ok(one.events.length <= 1)
  one.app.circuitBreakers.open('orders', { reason: 'by hand' })
  t.equal(one.state(), 'forced-open (fleet)')
}

test('Redis that refuses scripts', { skip }, async (t) => {
  const { server, plain } = await start(t)
  await plain.call('ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '&*', '+@all', '-@scripting')
  const url = `redis://limited:secret@127.0.0.1:${server.port}`
  await goesOnAlone(t, await startInstance(t, url, 'a'))
})

test('a replica that is read-only', { skip }, async (t) => {
  const { server } = await start(t)
  const { server: replica } = await start(t, ['--replicaof', '127.0.0.1', `${server.port}`])
  await goesOnAlone(t, await startInstance(t, replica.url, 'a'))
})

test('keys that somebody uses by other rules, until they are gone', { skip }, async (t) => {
  const { server, plain } = await start(t)
  await plain.set('sluice:{cb:0}:version', 'another:2')
  const one = await startInstance(t, server.url, 'a')
  await goesOnAlone(t, one)
  await plain.del('sluice:{cb:0}:version')
  await until(() => mode(one) === 'shared')
  t.match(one.events.at(-1), { from: 'local', mode: 'shared' })
})

test('keys of another kind, and messages of others', { skip }, async (t) => {
  const { server, plain } = await start(t)
  await plain.set('sluice:{cb:0}:v1:verdicts', 'not a hash')
  await goesOnAlone(t, await startInstance(t, server.url, 'a'))
  const two = await startInstance(t, server.url, 'b', { fleet: { prefix: 'well' } })
  await until(() => mode(two) === 'shared')
  for (const text of ['', '{', 'null', '[]', '{"breaker":"orders"}', '{"breaker":"else","epoch":1}']) {
    await plain.publish('well:{cb:0}:v1:verdicts-made', text)
  }
  t.equal(await two.get(), 200)
  t.equal(two.state(), 'closed (local)')
})

test(
  'nestjs-redisx, gobreaker: no Redis at all, then one that is silent, then one that is well',
  { skip },
  async (t) => {
    const { server } = await start(t)
    await server.kill()
    const one = await startInstance(t, server.url, 'a', { fleet: { commandTimeoutMs: 200 } })
    t.equal(mode(one), 'local')
    t.equal(await one.get(), 200)
    await server.restart()
    await until(() => mode(one) === 'shared', 'it is found')
    server.pause()
    const lostMs = await until(() => mode(one) === 'local', 'silence is noticed')
    t.comment(`silent Redis given up after ${Math.round(lostMs)} ms`)
    t.equal(await one.get(), 200)
    server.resume()
    await until(() => mode(one) === 'shared', 'it is found again')
  },
)
