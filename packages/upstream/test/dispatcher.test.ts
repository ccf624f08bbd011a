import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type Test } from 'tap'
import { fetch, request } from 'undici'
import { createUpstream } from '../src/index.ts'

async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('answers fetch and request, whatever the origin of their URL', async (t) => {
  const origin = await serve(t, (req, res) => {
    res.setHeader('x-host', req.headers.host ?? '')
    req.pipe(res)
  })
  const upstream = createUpstream({ name: 'echo', origins: origin })
  t.teardown(() => upstream.close())
  const fetched = await fetch('http://orders.invalid/a', {
    method: 'POST',
    body: 'hello',
    dispatcher: upstream.dispatcher,
  })
  t.equal(await fetched.text(), 'hello')
  t.equal(fetched.headers.get('x-host'), new URL(origin).host)
  const requested = await request('http://orders.invalid/a', {
    method: 'PUT',
    body: 'there',
    dispatcher: upstream.dispatcher,
  })
  t.equal(await requested.body.text(), 'there')
})
