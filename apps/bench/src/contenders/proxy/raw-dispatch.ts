/** The least that Node needs for a proxy: `node:http` in front, undici's `dispatch` behind. */
import { createServer, type ServerResponse } from 'node:http'
import { Agent } from 'undici'
import { listenRaw, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'
import { collect } from './collect.ts'

const { upstream } = settings() as ProxySettings
const agent = new Agent()

const server = createServer((request, response) => {
  const { connection: _, ...headers } = request.headers
  const target = { origin: upstream, path: request.url ?? '/', method: 'GET' as const }
  agent.dispatch({ ...target, headers }, collect(answer(response), fail(response)))
})
await listenRaw(server)

function answer(response: ServerResponse) {
  return (status: number, headers: Record<string, string | string[]>, body: Buffer): void => {
    response.writeHead(status, headers).end(body)
  }
}

function fail(response: ServerResponse) {
  return (): void => void response.writeHead(502).end()
}
