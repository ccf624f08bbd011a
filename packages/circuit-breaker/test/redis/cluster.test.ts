import { Cluster } from 'ioredis'
import { test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedisCluster } from '../../../../test/redis.ts'
import { type Instance, startWith, until } from './instances.ts'

const names = Array.from({ length: 8 }, (_, index) => `upstream-${index}`)

test('six nodes: shards all over, and a failover', { skip: skipWithout('redis-server') }, async (t) => {
  const servers = await startRedisCluster()
  t.teardown(() => servers.stop())
  const start = async (name: string): Promise<Instance> => {
    const redis = new Cluster(servers.nodes, { clusterRetryStrategy: () => 100 })
    redis.on('error', () => {})
    const instance = await startWith(t, redis, name, { breaker: { open: { durationMs: 60_000 } } })
    for (const each of names) instance.app.circuitBreakers.ensure(each)
    return instance
  }
  const all = [await start('a'), await start('b'), await start('c')]
  const mode = ({ app }: Instance, name: string): unknown =>
    app.circuitBreakers.get(name)?.snapshot().fleet?.mode
  const everywhere = (name: string, state: string): boolean =>
    all.every(({ app }) => app.circuitBreakers.get(name)?.state === state)
  await until(() => all.every((one) => names.every((name) => mode(one, name) === 'shared')), 'all in touch')

  const sharded = await until(() => {
    for (const { app } of all.slice(0, 2)) {
      for (const name of names) {
        const permit = app.circuitBreakers.get(name)?.acquire()
        if (permit?.admitted === true) permit.failure()
      }
    }
    return names.every((name) => everywhere(name, 'open'))
  }, 'votes open breakers of all shards')
  t.comment(`all shards open after ${Math.round(sharded)} ms`)

  await servers.processes[0]?.kill()
  for (const name of names) all[0]?.app.circuitBreakers.disable(name, { reason: 'after the crash' })
  const changed = await until(
    () => names.every((name) => everywhere(name, 'disabled')),
    'forces reach everybody although a node is gone',
  )
  t.comment(`all agreed again ${Math.round(changed)} ms after a node was killed`)
})
