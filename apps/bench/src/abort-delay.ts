import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { withContenders } from './contender.ts'
import { type Claim, claim } from './result.ts'
import { quantile } from './statistics.ts'

const TIMES = 100
const GET = 'GET / HTTP/1.1\r\nHost: bench\r\n\r\n'
const UPLOAD = 'POST / HTTP/1.1\r\nHost: bench\r\nContent-Length: 1000\r\n\r\nabc'
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n'

/** What the client and the upstream have said when one of them leaves. */
interface Phase {
  readonly request: string
  readonly response: string
}

const phases: Readonly<Record<string, Phase>> = {
  'before the head': { request: GET, response: '' },
  'within a short body': { request: GET, response: `${HEAD}Content-Length: 10\r\n\r\nabc` },
  'within a stream': { request: GET, response: `${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n` },
  'within an upload': { request: UPLOAD, response: '' },
}

/** How long it takes the upstream to see that the client has left, in each phase. */
export async function abortDelays(tell: (line: string) => void): Promise<Claim[]> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    // undici makes connections of which it has no need yet.
    socket.once('data', () => server.emit('asked', socket))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const settings = { upstream, breaker: true }
  try {
    return await withContenders([{ name: 'direct', file: 'proxy/direct', settings }], async ([gateway]) => {
      const claims: Claim[] = []
      for (const [name, phase] of Object.entries(phases)) {
        tell(`  a client that leaves ${name}`)
        const delays: number[] = []
        for (let i = 0; i < TIMES; i++) delays.push(await abortOnce(server, gateway?.port ?? 0, phase))
        const what = `ms until the upstream sees that a client has left ${name}, 95th percentile`
        claims.push(claim(what, { atMost: 20 }, quantile(delays, 0.95)))
      }
      return claims
    })
  } finally {
    server.close()
  }
}

async function abortOnce(server: Server, port: number, { request, response }: Phase): Promise<number> {
  const asked = once(server, 'asked') as Promise<[Socket]>
  const client = connect({ port, host: '127.0.0.1', noDelay: true })
  client.on('error', () => {}).resume()
  client.write(request)
  const [upstream] = await asked
  if (response !== '') {
    upstream.write(response)
    if (response.includes('chunked')) await once(client, 'data')
    else await new Promise(setImmediate)
  }
  const left = performance.now()
  client.destroy()
  await once(upstream, 'close')
  return performance.now() - left
}
