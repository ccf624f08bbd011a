// undici's fetch through an upstream with a breaker: it opens after three failures in a row.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createUpstream } from '@sluice/upstream'
import { fetch } from 'undici'

const server = createServer((_request, response) => void response.writeHead(500).end('broken')).listen(
  0,
  '127.0.0.1',
)
await once(server, 'listening')

const profile = createUpstream({
  name: 'profile',
  origins: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  breaker: { consecutiveFailures: 3 },
})

for (let i = 0; i < 4; i++) {
  try {
    const response = await fetch('http://profile/me', { dispatcher: profile.dispatcher })
    console.log(response.status, await response.text())
  } catch (error) {
    const { cause } = error as { cause: { code: string; statusCode: number } }
    console.log(cause.statusCode, cause.code)
  }
}

await profile.close()
server.close()
