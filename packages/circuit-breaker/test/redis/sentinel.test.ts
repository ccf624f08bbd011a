import { Redis } from 'ioredis'
import { test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startSentinel } from '../../../../test/redis.ts'
import { type Instance, mode, startWith, until } from './instances.ts'

test('Sentinel makes the replica the primary', { skip: skipWithout('redis-server') }, async (t) => {
  const servers = await startSentinel()
  t.teardown(() => servers.stop())
  const { sentinels, primary } = servers
  const start = (name: string): Promise<Instance> => {
    const redis = new Redis({ sentinels, name: 'main', sentinelRetryStrategy: () => 100 })
    redis.on('error', () => {})
    return startWith(t, redis, name)
  }
  const all = [await start('a'), await start('b')]
  await until(() => all.every((one) => mode(one) === 'shared'), 'all in touch')
  all[0]?.app.circuitBreakers.open('orders', { reason: 'maintenance' })
  await until(() => all.every((one) => one.state() === 'forced-open (fleet)'), 'all forced')

  await primary.kill()
  await until(() => all.every((one) => mode(one) === 'stale'), 'the loss is noticed, the verdict stays')
  t.equal(await all[1]?.get(), 503)
  const backMs = await until(
    () => all.every((one) => mode(one) === 'shared'),
    'all in touch with the new primary',
  )
  t.comment(`in touch with the new primary ${Math.round(backMs)} ms after the loss`)
  t.ok(all.every((one) => one.state() === 'forced-open (fleet)'))
  all[1]?.app.circuitBreakers.close('orders')
  await until(() => all.every((one) => one.state().startsWith('closed')), 'all closed')
})
