import { fileURLToPath } from 'node:url'
import { ApiKeys, memoryKeys } from '@sluice/api-key-auth'
import { startDemoServices, type DemoServices } from '@sluice/demo-services'
import type { BreakerTest } from '../admin.ts'
import { loadConfig } from '../config/load.ts'
import type { GatewayConfig } from '../config/types.ts'
import { buildGateway, type Gateway } from '../gateway.ts'
import { stopOnSignals } from '../run.ts'
import { parseFlags, UsageError } from './usage.ts'

const file = fileURLToPath(new URL('../../demo/gateway.yaml', import.meta.url))

/**
 * Runs the gateway in front of five services of its own, with a key made for the occasion; with `--instances 2` and a
 * Redis two of them, which share their verdicts.
 */
export async function demo(args: string[]): Promise<void> {
  const { instances } = parseFlags(args, { instances: { type: 'string', default: '1' } })
  if (!/^[1-9]$/.test(instances)) throw new UsageError('--instances must be 1 to 9')
  const { REDIS_URL } = process.env
  if (instances !== '1' && REDIS_URL === undefined) {
    throw new UsageError('several instances meet in Redis: say where it is, REDIS_URL=redis://127.0.0.1:6379')
  }
  const services = await startDemoServices(REDIS_URL)
  try {
    const key = await makeKey()
    const config = await loadConfig({ file, env: { ...process.env, ...variables(services, key) } })
    const { host, port } = config.server
    const breakerTest = ordersTest(services, `http://${host}:${port}`, key.secret)
    const gateways: Gateway[] = []
    for (let index = 0; index < Number(instances); index++) {
      gateways.push(await buildGateway(onPort(config, port + index), { breakerTest }))
    }
    stopOnSignals(gateways, config.server.drain, () => services.close())
    const addresses: string[] = []
    for (const gateway of gateways) addresses.push((await gateway.listen()).address)
    console.log(greeting(addresses, key.secret, services))
  } catch (error) {
    await services.close()
    throw error
  }
}

function onPort(config: GatewayConfig, port: number): GatewayConfig {
  return { ...config, server: { ...config.server, port } }
}

interface DemoKey {
  id: string
  hash: string
  secret: string
}

async function makeKey(): Promise<DemoKey> {
  const store = memoryKeys()
  const keys = new ApiKeys({ store, environment: 'demo' })
  const { key, record } = await keys.create({ consumer: 'demo' })
  const stored = await store.get(record.id)
  await keys.close()
  if (stored === undefined) throw new Error('the demo key was not stored')
  return { id: stored.id, hash: stored.hash, secret: key }
}

/** What `demo/gateway.yaml` leaves open. */
function variables({ urls }: DemoServices, { id, hash }: DemoKey): NodeJS.ProcessEnv {
  const upstreams = Object.entries(urls).map(([name, url]) => [`${name.toUpperCase()}_SERVICE_URL`, url])
  return { ...Object.fromEntries(upstreams), DEMO_KEY_ID: id, DEMO_KEY_HASH: hash }
}

/** Breaks and heals the orders service for the dashboard's test button. Each request is a new URL, past the cache. */
function ordersTest({ urls }: DemoServices, gatewayUrl: string, key: string): BreakerTest {
  let requests = 0
  const setFaults = async (method: 'PUT' | 'DELETE'): Promise<void> => {
    const fault = { headers: { 'content-type': 'application/json' }, body: '{"errorRatio":1}' }
    await fetch(`${urls.orders}/faults`, { method, ...(method === 'PUT' && fault) })
  }
  return {
    breaker: 'orders',
    fail: () => setFaults('PUT'),
    heal: () => setFaults('DELETE'),
    request: async () => {
      const response = await fetch(`${gatewayUrl}/orders/1?test=${requests++}`, {
        headers: { 'x-api-key': key },
      })
      await response.body?.cancel()
      return response.status
    },
  }
}

function greeting([address = '', second]: string[], key: string, { urls }: DemoServices): string {
  const auth = `-H 'x-api-key: ${key}'`
  return `
Sluice is up on ${address}, in front of ${Object.keys(urls).join(', ')}.

  API key     ${key}
  dashboard   ${address}/monitor  (sign in with the key)

A cached read. Run it twice: X-Cache turns from MISS to HIT.
  curl -i ${auth} ${address}/restaurants/1/menu

Trip a breaker: orders fails three times, then the gateway answers 503 by itself for ten seconds. DELETE heals it.
  curl -X PUT -H 'content-type: application/json' -d '{"errorRatio":1}' ${urls.orders}/faults; curl -s -o /dev/null -w '%{http_code}\\n' ${auth} '${address}/orders/[1-6]'

The stats.
  curl ${auth} ${address}/stats/circuit-breakers
${second === undefined ? '' : sharedVerdict(address, second, auth, urls)}
Ctrl-C stops it.
`
}

/** Profile asks auth, and so do clients of either gateway: one verdict about auth serves them all. */
function sharedVerdict(first: string, second: string, auth: string, urls: DemoServices['urls']): string {
  return `
A second gateway is up on ${second}. Break auth, and let the first one find out:
  curl -X PUT -H 'content-type: application/json' -d '{"errorRatio":1}' ${urls.auth}/faults; curl -s -o /dev/null -w '%{http_code}\\n' ${auth} '${first}/auth/accounts/[1-4]'

The second one, which never asked, refuses as well, and the profile service answers without asking.
  curl -i ${auth} ${second}/auth/accounts/1
  curl ${auth} ${second}/profile/1
`
}
