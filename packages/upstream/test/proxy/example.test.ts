import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'tap'
import { buildProxy } from '../../examples/proxy.ts'

test('the example proxies, vouches for the consumer and keeps the key to itself', async (t) => {
  const server = createServer((req, res) =>
    res.end(
      `${req.url} for ${String(req.headers['x-consumer-id'])}, key ${String(req.headers['x-api-key'])}`,
    ),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const app = await buildProxy(`http://127.0.0.1:${port}`)
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const response = await fetch(`${url}/orders/7`, { headers: { 'x-api-key': 'demo' } })
  t.equal(await response.text(), '/7 for alice, key undefined')
})
