import { fileURLToPath } from 'node:url'
import { ApiKeys, memoryKeys } from '@sluice/api-key-auth'
import { startDemoServices, type DemoServices } from '@sluice/demo-services'
import type { BreakerTest } from '../admin.ts'
import { loadConfig } from '../config/load.ts'
import { buildGateway } from '../gateway.ts'
import { stopOnSignals } from '../run.ts'
import { parseFlags } from './usage.ts'

const file = fileURLToPath(new URL('../../demo/gateway.yaml', import.meta.url))

/** Runs the gateway in front of five services of its own, with a key made for the occasion. */
export async function demo(args: string[]): Promise<void> {
  parseFlags(args, {})
  const services = await startDemoServices()
  try {
    const key = await makeKey()
    const config = await loadConfig({ file, env: { ...process.env, ...variables(services, key) } })
    const { host, port } = config.server
    const gateway = await buildGateway(config, {
      breakerTest: ordersTest(services, `http://${host}:${port}`, key.secret),
    })
    stopOnSignals(gateway, config.server.drain, () => services.close())
    const { address } = await gateway.listen()
    console.log(greeting(address, key.secret, services))
  } catch (error) {
    await services.close()
    throw error
  }
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

function greeting(address: string, key: string, { urls }: DemoServices): string {
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

Ctrl-C stops it.
`
}
