import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CountingUpstream {
  readonly origin: string
  /** Requests so far. */
  requests: number
  status: number
}

/** An upstream that counts what it is asked. */
export async function countingUpstream(t: { teardown(fn: () => void): void }): Promise<CountingUpstream> {
  const server = createServer((_request, response) => {
    counting.requests++
    response.writeHead(counting.status, {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=60',
    })
    response.end('{"hello":"world"}')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const counting: CountingUpstream = { origin, requests: 0, status: 200 }
  return counting
}
