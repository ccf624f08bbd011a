/** How long a revoked key stays good on the other instances, each with a connection of its own. */
import { ApiKeys } from '@sluice/api-key-auth'
import { redisKeys } from '@sluice/api-key-auth/redis'
import { Redis } from 'ioredis'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { announce, settings } from '../../child.ts'

export interface RevocationSettings {
  /** Port of a Redis on the loopback. */
  readonly redis: number
}

export interface RevocationQuestion {
  readonly keys: number
}

const { redis: port } = settings() as RevocationSettings
/** Only a message can end a key in time. */
const memory = { ttlMs: 3_600_000 }
const instances = Array.from(
  { length: 3 },
  () => new ApiKeys({ store: redisKeys(new Redis(port, '127.0.0.1')), memory }),
)

announce({}, async (question) => {
  const [here, ...others] = instances as [ApiKeys, ...ApiKeys[]]
  const times: number[] = []
  for (let round = 0; round < (question as RevocationQuestion).keys; round++) {
    const { key, record } = await here.create({ consumer: 'bench' })
    for (const instance of others) await untilValid(instance, key, true)
    const start = performance.now()
    await here.revoke(record.id)
    for (const instance of others) await untilValid(instance, key, false)
    times.push(performance.now() - start)
  }
  return times
})

async function untilValid(instance: ApiKeys, key: string, valid: boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while ((await instance.verify(key)).valid !== valid) {
    if (performance.now() > deadline) throw new Error(`a key is still ${valid ? 'not good' : 'good'}`)
    // Neither in the way of the messages, nor asleep when they come.
    await (valid ? setTimeout(1) : setImmediate())
  }
}
