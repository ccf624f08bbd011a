import { createServer } from 'node:http'
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { test } from 'tap'
import { request } from 'undici'
import { createUpstream } from '../../src/index.ts'

test('an upstream in front of @fastify/http-proxy, as the README shows it', async (t) => {
  const server = createServer((req, res) => res.end(`${req.method} ${req.url}`))
  t.teardown(() => server.close())
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as { port: number }
  const orders = createUpstream({ name: 'orders', origins: [`http://127.0.0.1:${port}`] })
  t.teardown(() => orders.close())
  const app = fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  app.register(httpProxy, { prefix: '/orders', ...orders.proxyOptions() })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { statusCode, body } = await request(`${url}/orders/7?expand=items`)
  t.equal(statusCode, 200)
  t.equal(await body.text(), 'GET /7?expand=items')
})
