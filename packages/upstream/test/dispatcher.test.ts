import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type Test } from 'tap'
import { fetch, request, type Dispatcher } from 'undici'
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

/** Collects what a handler of the new API hears. */
function record(heard: string[], done: () => void): Dispatcher.DispatchHandler {
  return {
    onRequestStart: () => void heard.push('start'),
    onResponseStart: (_controller, code) => void heard.push(String(code)),
    onResponseData: (_controller, chunk) => void heard.push(String(chunk)),
    onResponseEnd: () => {
      heard.push('end')
      done()
    },
    onResponseError: (_controller, error) => {
      heard.push(error.message)
      done()
    },
  }
}

test('a handler has its controller at once, and may leave with it', async (t) => {
  const origin = await serve(t, (_req, res) => void res.end('ok'))
  const upstream = createUpstream({ name: 'echo', origins: origin })
  t.teardown(() => upstream.close())
  const heard: string[] = []
  upstream.dispatcher.dispatch(
    { path: '/', method: 'GET' },
    {
      ...record(heard, () => {}),
      onRequestStart(controller) {
        t.notOk(controller.aborted)
        controller.abort(new Error('changed my mind'))
        t.ok(controller.aborted)
        t.match(controller.reason, { message: 'changed my mind' })
        controller.abort(new Error('twice'))
      },
    },
  )
  t.same(heard, ['changed my mind'])
  t.equal(upstream.stats().attempts, 0, 'nothing was sent')
})

test('interim responses pass, and the final one after them', async (t) => {
  const origin = await serve(t, (_req, res) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' })
    res.end('ok')
  })
  const upstream = createUpstream({ name: 'hints', origins: origin, retry: { attempts: 1 } })
  t.teardown(() => upstream.close())
  const heard: string[] = []
  await new Promise<void>((done) => {
    upstream.dispatcher.dispatch({ path: '/', method: 'GET' }, record(heard, done))
  })
  t.same(heard, ['start', '103', '200', 'ok', 'end'])
})

test('a request that undici refuses ends in its error', async (t) => {
  const upstream = createUpstream({ name: 'strict', origins: 'http://127.0.0.1:9' })
  t.teardown(() => upstream.close())
  await t.rejects(upstream.dispatcher.request({ path: 'nonsense', method: 'GET', origin: 'http://any' }), {
    code: 'UND_ERR_INVALID_ARG',
  })
  await t.rejects(
    upstream.dispatcher.request({
      path: '/',
      method: 'GET',
      origin: 'http://any',
      headers: { a: 'b\r\nc: d' },
    }),
    { code: 'UND_ERR_INVALID_ARG' },
  )
  t.equal(upstream.stats().origins[0]?.failures, 0)
})

test('upgrades pass', async (t) => {
  const server = createServer().on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const upstream = createUpstream({
    name: 'up',
    origins: `http://127.0.0.1:${port}`,
    retry: { attempts: 1 },
    timeouts: { headersMs: 5_000, totalMs: 5_000 },
  })
  t.teardown(() => upstream.close())
  const { socket } = await upstream.dispatcher.upgrade({ path: '/', protocol: 'echo' })
  socket.write('hello')
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  t.equal(String(chunk), 'hello')
  t.equal(upstream.stats().origins[0]?.active, 0, 'the handshake was the request')
  socket.destroy()
})

test('one origin on a unix socket', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'up.sock')
  const server = createServer((req, res) => void res.end(req.headers.host)).listen(path)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    rmSync(dirname(path), { recursive: true })
  })
  const upstream = createUpstream({ name: 'local', origins: `unix:${path}` })
  t.teardown(() => upstream.close())
  const { body } = await request('http://any/', { dispatcher: upstream.dispatcher })
  t.equal(await body.text(), 'localhost')
  t.match(upstream.stats().origins, [{ origin: `unix:${path}`, state: 'closed' }])
})
