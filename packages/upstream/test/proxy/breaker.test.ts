import { once } from 'node:events'
import { circuitBreaker } from '@sluice/circuit-breaker'
import fastify from 'fastify'
import { test } from 'tap'
import { WebSocket } from 'ws'
import { createUpstream, directProxy } from '../../src/index.ts'
import { converse } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'

const GET = 'GET /orders/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

test('the breaker counts each attempt once, and its gate holds requests and upgrades alike', async (t) => {
  const upstream = await startRawUpstream((peer) => {
    peer.socket.on('data', () =>
      peer.write('HTTP/1.1 500 No\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nno'),
    )
  })
  t.teardown(() => upstream.stop())
  const app = fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  await app.register(circuitBreaker)
  const orders = createUpstream({
    name: 'orders',
    origins: upstream.url,
    breaker: { consecutiveFailures: 2 },
    registry: app.circuitBreakers,
  })
  t.teardown(() => orders.dispatcher.destroy())
  await app.register(directProxy, { prefix: '/orders', upstream: orders, websocket: true })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }

  t.match(await converse(port, GET), /^HTTP\/1.1 500 No\r\n[^]*no$/)
  t.match(await converse(port, GET), /^HTTP\/1.1 500 No\r\n[^]*no$/)
  const breaker = app.circuitBreakers.get('orders')
  t.equal(breaker?.state, 'open')
  t.equal(breaker?.snapshot().totals.failures, 2)

  const before = upstream.connections.map(({ text }) => text).join('')
  t.match(await converse(port, GET), /^HTTP\/1.1 503 [^]*retry-after: \d+[^]*SLUICE_BREAKER_OPEN/i)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/orders/live`)
  const [, response] = await once(socket, 'unexpected-response')
  t.equal(response.statusCode, 503)
  response.resume()
  t.equal(upstream.connections.map(({ text }) => text).join(''), before)
})
