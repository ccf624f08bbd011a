import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { BreakerView } from '@sluice/breaker-stats'
import { Redis } from 'ioredis'
import { type Test, test } from 'tap'
import { skipWithout } from '../../../test/binary.ts'
import { freePort, type RedisProcess, startRedis } from '../../../test/redis.ts'
import { startUpstream, type Upstream } from './fixtures.ts'
import { sluice, untilUp } from './sluice-process.ts'

const HOUR = 3_600_000

interface GatewayProcess {
  readonly child: ChildProcess
  /** Status of one request to a service. */
  get(service: string): Promise<number>
  breaker(service: string): Promise<BreakerView>
}

/** A process of its own, with a wall clock of its own. */
async function startProcess(
  t: Test,
  dir: string,
  redis: string,
  services: Record<string, string>,
  skewMs: number,
): Promise<GatewayProcess> {
  const port = await freePort()
  const breaker = { consecutiveFailures: 3, open: { durationMs: '60s' } }
  const config = {
    server: { port },
    logging: { level: 'silent' },
    redis: { url: redis },
    defaults: { circuitBreaker: breaker },
    services: Object.fromEntries(
      Object.entries(services).map(([name, upstream]) => [name, { prefix: `/${name}`, upstream }]),
    ),
  }
  const file = join(dir, `${port}.yaml`)
  writeFileSync(file, JSON.stringify(config))
  const preload = `--import=${new URL('skewed-clock.ts', import.meta.url).href}`
  const child = sluice(['start', '--config', file], {
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${preload}`,
    CLOCK_SKEW_MS: `${skewMs}`,
  })
  t.teardown(() => child.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}`
  await untilUp(url)
  return {
    child,
    get: async (service) => {
      const response = await fetch(`${url}/${service}/1`)
      await response.body?.cancel()
      return response.status
    },
    breaker: async (service) =>
      (await fetch(`${url}/stats/circuit-breakers/${service}`)).json() as Promise<BreakerView>,
  }
}

/** Waits, generously, until it is so. Returns how long it took, in ms. */
async function until(met: () => Promise<boolean>, what: string): Promise<number> {
  const start = performance.now()
  while (!(await met())) {
    if (performance.now() - start > 30_000) throw new Error(`not met in time: ${what}`)
    await delay(10)
  }
  return Math.round(performance.now() - start)
}

async function everywhere(
  gateways: readonly GatewayProcess[],
  service: string,
  fits: (breaker: BreakerView) => boolean,
): Promise<boolean> {
  return (await Promise.all(gateways.map((gateway) => gateway.breaker(service)))).every(fits)
}

interface Load {
  /** Status of each answer so far. */
  readonly answers: readonly number[]
  stop(): Promise<void>
}

/** Asks again and again, from each, until it is stopped. */
function load(gateways: readonly GatewayProcess[], service: string): Load {
  const answers: number[] = []
  const turn = { over: false }
  const loops = gateways.map(async (gateway) => {
    while (!turn.over) {
      answers.push(await gateway.get(service))
      await delay(5)
    }
  })
  return {
    answers,
    stop: async () => {
      turn.over = true
      await Promise.all(loops)
    },
  }
}

/** What Redis is asked beside beats until it is told to stop. */
async function watchCommands(url: string): Promise<() => string[]> {
  const redis = new Redis(url)
  const monitor = await redis.monitor()
  const seen: string[] = []
  monitor.on('monitor', (_time: string, parts: string[], source: string) => {
    const isBeat = /^eval/i.test(parts[0] ?? '') && parts.some((part) => part.includes('"leaving"'))
    if (source !== 'lua' && !isBeat) seen.push(parts.join(' '))
  })
  return () => {
    monitor.disconnect()
    redis.disconnect()
    return seen
  }
}

interface Fleet {
  readonly redis: RedisProcess
  readonly dying: Upstream
  readonly gateways: readonly [GatewayProcess, GatewayProcess, GatewayProcess]
}

/** Three processes with an upstream that is well, one that is about to die, and one that the third cannot reach. */
async function startFleet(t: Test): Promise<Fleet> {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const [well, dying] = [await startUpstream(t), await startUpstream(t)]
  const dir = t.testdir({})
  const start = (near: string, skewMs: number): Promise<GatewayProcess> =>
    startProcess(t, dir, redis.url, { well: well.url, dying: dying.url, near }, skewMs)
  const unreachable = `http://127.0.0.1:${await freePort()}`
  const gateways = await Promise.all([start(well.url, HOUR), start(well.url, -HOUR), start(unreachable, 0)])
  await until(
    () => everywhere(gateways, 'dying', ({ fleet }) => fleet?.mode === 'shared' && fleet.instances === 3),
    'they know of each other',
  )
  return { redis, dying, gateways }
}

test(
  'three processes and a Redis, their clocks an hour apart',
  { skip: skipWithout('redis-server'), timeout: 120_000 },
  async (t) => {
    const { redis, dying, gateways } = await startFleet(t)
    const [one, two, three] = gateways

    await t.test('no Redis command for any request', async (t) => {
      const stop = await watchCommands(redis.url)
      for (let call = 0; call < 100; call++) {
        t.same(await Promise.all(gateways.map((gateway) => gateway.get('well'))), [200, 200, 200])
      }
      t.same(stop(), [])
    })

    await t.test('Redis is killed under load: nobody notices but the operators', async (t) => {
      const traffic = load(gateways, 'well')
      const { answers } = traffic
      await until(async () => answers.length > 50, 'requests')
      await redis.kill()
      const lostMs = await until(
        () => everywhere(gateways, 'well', ({ fleet }) => fleet?.mode === 'local'),
        'all are on their own',
      )
      const before = answers.length
      await until(async () => answers.length > before + 200, 'requests without Redis')
      await redis.restart()
      const backMs = await until(
        () => everywhere(gateways, 'well', ({ fleet }) => fleet?.mode === 'shared'),
        'all are together again',
      )
      await traffic.stop()
      t.same([...new Set(answers)], [200])
      t.comment(`${answers.length} requests; local after ${lostMs} ms, shared ${backMs} ms after its return`)
    })

    await t.test('what dies under traffic to two opens all three', async (t) => {
      const traffic = load([one, two], 'dying')
      dying.status = 500
      const opened = ({ state, scope }: BreakerView): boolean => state === 'OPEN' && scope === 'fleet'
      const openMs = await until(() => everywhere(gateways, 'dying', opened), 'all are open')
      await traffic.stop()
      t.comment(`all open after ${openMs} ms`)
      const asked = dying.requests.length
      t.equal(await three.get('dying'), 503)
      t.equal(dying.requests.length, asked, 'the third never asked')
      t.match(await three.breaker('dying'), { reason: /2 of 3 instances/, votes: 2 })
    })

    await t.test('what one alone sees failing opens that one alone', async (t) => {
      for (let call = 0; call < 5; call++) for (const gateway of gateways) await gateway.get('near')
      t.match(await three.breaker('near'), { state: 'OPEN', scope: 'local' })
      for (const gateway of [one, two]) {
        t.match(await gateway.breaker('near'), { state: 'CLOSED' })
        t.equal(await gateway.get('near'), 200)
      }
    })
  },
)
