import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApiKeys, memoryKeys } from '@sluice/api-key-auth'
import { parseConfig } from '../src/config/load.ts'
import { buildGateway, type Gateway } from '../src/gateway.ts'

interface Teardown {
  teardown(fn: () => unknown): void
}

export interface Upstream {
  readonly url: string
  readonly server: Server
  /** What arrived, the latest last. */
  readonly requests: { method: string; url: string; headers: IncomingHttpHeaders }[]
  /** The status of the next answers. */
  status: number
  /** Their headers, beside the content type. */
  headers: Record<string, string>
}

/** An upstream that answers with what it was asked. */
export async function startUpstream(t: Teardown): Promise<Upstream> {
  const requests: Upstream['requests'] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    requests.push({ method, url, headers })
    response.writeHead(upstream.status, { 'content-type': 'application/json', ...upstream.headers })
    response.end(method === 'HEAD' ? undefined : JSON.stringify({ url, call: requests.length }))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const upstream: Upstream = { url, server, requests, status: 200, headers: {} }
  return upstream
}

/** A gateway from a configuration as it would stand in the file, quiet. */
export async function startGateway(t: Teardown, raw: Record<string, unknown>): Promise<Gateway> {
  const gateway = await buildGateway(parseConfig({ logging: { level: 'silent' }, ...raw }))
  t.teardown(() => gateway.close())
  return gateway
}

export interface TestKey {
  /** What a client sends. */
  readonly key: string
  /** What stands in the configuration. */
  readonly entry: { id: string; hash: string; consumer: string; scopes: string[] }
}

/** A key for the configuration's list. */
export async function makeKey(consumer: string, ...scopes: string[]): Promise<TestKey> {
  const store = memoryKeys()
  const keys = new ApiKeys({ store })
  const { key, record } = await keys.create({ consumer })
  const stored = await store.get(record.id)
  await keys.close()
  return { key, entry: { id: record.id, hash: stored?.hash ?? '', consumer, scopes } }
}
