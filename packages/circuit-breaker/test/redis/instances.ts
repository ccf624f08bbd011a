import fastify, { type FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { circuitBreaker, type BreakerOptions, type FleetEvent } from '../../src/index.ts'
import type { FleetOptions, RedisClient } from '../../src/redis/index.ts'

/** What the test decides about an instance's upstream. */
export interface Upstream {
  down: boolean
}

export interface Instance {
  readonly app: FastifyInstance
  readonly redis: Redis
  readonly events: FleetEvent[]
  readonly upstream: Upstream
  /** Status of one request through the breaker `orders`. */
  get(): Promise<number>
  state(): string
}

export const quick: BreakerOptions = {
  open: { durationMs: 300, jitter: 0 },
  recovery: { rampMs: 0 },
}

/** An app in front of an upstream, in a fleet that meets at `url`. */
export async function startInstance(
  t: Test,
  url: string,
  name: string,
  {
    breaker = {},
    fleet = {},
    upstream = { down: false },
  }: {
    breaker?: BreakerOptions
    fleet?: Partial<FleetOptions>
    upstream?: Upstream
  } = {},
): Promise<Instance> {
  const redis = new Redis(url, { retryStrategy: () => 100 })
  redis.on('error', () => {})
  return startWith(t, redis, name, { breaker, fleet, upstream }, redis)
}

export async function startWith(
  t: Test,
  client: RedisClient & { disconnect(): void },
  name: string,
  {
    breaker = {},
    fleet = {},
    upstream = { down: false },
  }: {
    breaker?: BreakerOptions
    fleet?: Partial<FleetOptions>
    upstream?: Upstream
  } = {},
  redis: Redis = client as unknown as Redis,
): Promise<Instance> {
  const app = fastify()
  await app.register(circuitBreaker, {
    breakers: { orders: breaker },
    fleet: { redis: client, instance: name, beatMs: 1_000, commandTimeoutMs: 2_000, ...fleet },
  })
  const events: FleetEvent[] = []
  app.circuitBreakers.on('fleet', (event) => events.push(event))
  app.get('/', { config: { circuitBreaker: 'orders' } }, (_request, reply) =>
    reply.code(upstream.down ? 500 : 200).send({ ok: !upstream.down }),
  )
  t.teardown(async () => {
    await app.close()
    client.disconnect()
  })
  await app.ready()
  return {
    app,
    redis,
    events,
    upstream,
    get: async () => (await app.inject('/')).statusCode,
    state: () => {
      const { state, scope } = app.circuitBreakers.get('orders')!.snapshot()
      return `${state} (${scope})`
    },
  }
}

export const mode = ({ app }: Instance): string | undefined =>
  app.circuitBreakers.get('orders')?.snapshot().fleet?.mode

/** Waits, generously, until it is so. Returns how long it took, in ms. */
export async function until(met: () => boolean | Promise<boolean>, what = 'condition'): Promise<number> {
  const start = performance.now()
  while (!(await met())) {
    if (performance.now() - start > 15_000) throw new Error(`not met in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return performance.now() - start
}
