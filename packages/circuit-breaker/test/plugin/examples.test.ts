import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type Test } from 'tap'
import { build } from '../../examples/fastify.ts'
import { breakers, dispatcher, read } from '../../examples/undici.ts'

/** An upstream that answers with this status; it can be changed. */
async function startUpstream(t: Test): Promise<{ origin: string; status: number; calls: number }> {
  const upstream = { origin: '', status: 200, calls: 0 }
  const server = createServer((_request, response) => {
    upstream.calls++
    response.writeHead(upstream.status, { 'content-type': 'application/json' }).end('{"items":["soup"]}')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  upstream.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return upstream
}

test('examples/fastify.ts', async (t) => {
  const upstream = await startUpstream(t)
  const app = await build(upstream.origin)
  t.teardown(() => app.close())
  t.strictSame((await app.inject('/menu')).json(), { items: ['soup'] })
  t.equal((await app.inject('/orders/7')).statusCode, 200)
  upstream.status = 500
  t.equal((await app.inject('/orders/7')).statusCode, 500)
  for (let call = 0; call < 4; call++) {
    t.strictSame((await app.inject('/menu')).json(), { items: [], stale: true })
  }
  t.equal(app.circuitBreakers.get('orders')?.state, 'open')
  const before = upstream.calls
  t.strictSame((await app.inject('/menu')).json(), { items: [], stale: true })
  t.match((await app.inject('/orders/7')).json(), { code: 'SLUICE_BREAKER_OPEN', circuitBreaker: 'orders' })
  t.equal(upstream.calls, before)
})

test('examples/undici.ts', async (t) => {
  t.teardown(() => dispatcher.close())
  const upstream = await startUpstream(t)
  t.equal(await read(upstream.origin), '{"items":["soup"]}')
  upstream.status = 503
  await read(upstream.origin)
  t.equal(upstream.calls, 4)
  t.equal(breakers.get(upstream.origin)?.state, 'open')
  await t.rejects(read(upstream.origin), { code: 'SLUICE_BREAKER_OPEN', breaker: upstream.origin })
  t.equal(upstream.calls, 4)
})
