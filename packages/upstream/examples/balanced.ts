// Two origins, one of which fails now and then: a retry goes to the other one, and nobody notices.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { createUpstream } from '@sluice/upstream'
import { request } from 'undici'

function serve(name: string, fails: () => boolean): Server {
  return createServer((_request, response) => {
    response.statusCode = fails() ? 503 : 200
    response.end(name)
  }).listen(0, '127.0.0.1')
}

let count = 0
const servers = [serve('a', () => count++ % 3 === 0), serve('b', () => false)]
await Promise.all(servers.map((server) => once(server, 'listening')))

const orders = createUpstream({
  name: 'orders',
  origins: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`),
  balance: 'least-requests',
  retry: { attempts: 1, backoff: { baseMs: 5 } },
  timeouts: { headersMs: 2_000, totalMs: 5_000 },
})

const statuses: number[] = []
for (let i = 0; i < 12; i++) {
  const { statusCode, body } = await request('http://orders/', { dispatcher: orders.dispatcher })
  await body.dump()
  statuses.push(statusCode)
}
console.log(statuses.join(' '))
console.log(`${orders.stats().requests} requests`)

await orders.close()
for (const server of servers) server.close()
