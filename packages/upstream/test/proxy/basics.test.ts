import { Writable } from 'node:stream'
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { test } from 'tap'
import { request } from 'undici'
import { createUpstream } from '../../src/index.ts'
import { startOrigin } from '../origin-server.ts'
import { startGateway, WAYS } from './gateway.ts'

test('an upstream in front of @fastify/http-proxy, as the README shows it', async (t) => {
  const { url: origin } = await startOrigin(t, (req, res) => res.end(`${req.method} ${req.url}`))
  const orders = createUpstream({ name: 'orders', origins: [origin] })
  t.teardown(() => orders.close())
  const app = fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  app.register(httpProxy, { prefix: '/orders', ...orders.proxyOptions() })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { statusCode, body } = await request(`${url}/orders/7?expand=items`)
  t.equal(statusCode, 200)
  t.equal(await body.text(), 'GET /7?expand=items')
})

for (const [by, direct] of WAYS) {
  test(`${by}: requests go to all origins`, async (t) => {
    const origins = [await startOrigin(t), await startOrigin(t)]
    const upstream = { origins: origins.map(({ url }) => url) }
    const { url } = await startGateway(t, { to: '', direct, upstream })
    for (let i = 0; i < 10; i++) t.equal((await fetch(url)).status, 200)
    t.same(
      origins.map(({ hits }) => hits),
      [5, 5],
    )
  })

  test(`${by}: the upstream outlives an app that uses it, with its connection`, async (t) => {
    const origin = await startOrigin(t)
    const { app, url, upstream } = await startGateway(t, { to: origin.url, direct })
    t.equal(await (await fetch(url)).text(), 'ok')
    await app.close()
    const { body } = await upstream.dispatcher.request({ origin: 'http://any', path: '/', method: 'GET' })
    t.equal(await body.text(), 'ok')
    t.equal(origin.connections, 1)
  })

  test(`${by}: a request is logged by Fastify alone`, async (t) => {
    const lines: string[] = []
    const stream = new Writable({
      write(line, _encoding, done) {
        lines.push((JSON.parse(String(line)) as { msg: string }).msg)
        done()
      },
    })
    const origin = await startOrigin(t)
    const { url } = await startGateway(t, { to: origin.url, direct, server: { logger: { stream } } })
    lines.length = 0
    t.equal(await (await fetch(url)).text(), 'ok')
    while (lines.length < 2) await new Promise(setImmediate)
    t.same(lines, ['incoming request', 'request completed'])
  })
}
