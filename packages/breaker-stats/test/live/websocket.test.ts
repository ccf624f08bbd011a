import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import httpProxy from '@fastify/http-proxy'
import fastifyWebsocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import { test, type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import type { BreakerStatsOptions } from '../../src/index.ts'
import type { Frame } from '../../src/live/protocol.ts'
import { gateway, succeed, trip } from '../gateway.ts'

const access = (): void => {}

async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as { port: number }).port
}

async function ticket(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/monitor/ticket`, { method: 'POST' })
  return ((await answer.json()) as { ticket: string }).ticket
}

/** A dashboard of few words: collects frames. */
async function view(
  t: Test,
  port: number,
  offered?: string,
): Promise<{ socket: WebSocket; frames: Frame[] }> {
  const protocols = ['sluice-live', `ticket.${offered ?? (await ticket(port))}`]
  const socket = new WebSocket(`ws://127.0.0.1:${port}/monitor/live`, protocols)
  const frames: Frame[] = []
  socket.on('message', (data) => void frames.push(JSON.parse((data as Buffer).toString()) as Frame))
  socket.on('error', () => {})
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  return { socket, frames }
}

async function until(isThere: () => boolean): Promise<void> {
  for (const end = Date.now() + 15_000; !isThere();) {
    if (Date.now() > end) throw new Error('it did not come to pass within 15 s')
    await new Promise((done) => setTimeout(done, 10))
  }
}

test('sends everything first, and then what changes', async (t) => {
  const { app, registry } = await gateway(t, { access, live: { intervalMs: 100 } })
  succeed(registry, 'orders', 3)
  succeed(registry, 'payments', 1)
  const { frames } = await view(t, await listen(app))
  await until(() => frames.length > 0)
  t.match(frames[0], {
    type: 'full',
    rows: [{ name: 'orders', state: 'closed', successes: 3 }, { name: 'payments' }],
    panels: { cache: null },
  })
  trip(registry, 'payments')
  await until(() => frames.some(({ rows }) => rows.some(({ state }) => state === 'open')))
  const tripped = frames.find(({ rows }) => rows.some(({ state }) => state === 'open'))
  t.equal(tripped?.type, 'delta')
  t.same(
    tripped?.rows.map(({ name }) => name),
    ['payments'],
    'the others are not repeated',
  )
  t.notOk('group' in (tripped?.rows[0] ?? {}), 'nor what did not change')
  const seqs = frames.map(({ seq }) => seq)
  t.same(
    seqs,
    seqs.map((_, i) => (seqs.at(0) ?? 0) + i),
    'none is missing',
  )
})

test('lets nobody in without a ticket, and with one once', async (t) => {
  const { app } = await gateway(t, { access })
  const port = await listen(app)
  const good = await ticket(port)
  await view(t, port, good)
  for (const bad of [good, 'made-up', '']) {
    await t.rejects(view(t, port, bad), { message: /401/ }, `ticket ${bad === good ? 'used' : bad}`)
  }
})

test('turns further viewers away when full; they poll', async (t) => {
  const { app, registry } = await gateway(t, { access, live: { maxViewers: 1 } })
  succeed(registry, 'orders', 1)
  const port = await listen(app)
  await view(t, port)
  await t.rejects(view(t, port), { message: /503/ })
  const polled = await fetch(`http://127.0.0.1:${port}/monitor/frame`)
  t.match(await polled.json(), { type: 'full', rows: [{ name: 'orders' }] })
})

test('asks a viewer for its key again after a while', async (t) => {
  const { app } = await gateway(t, { access, live: { maxAgeMs: 1_000, intervalMs: 100 } })
  const { socket } = await view(t, await listen(app))
  const [code] = (await once(socket, 'close')) as [number]
  t.equal(code, 4001)
})

/** An upstream that echoes WebSocket messages. */
async function echoUpstream(t: Test): Promise<string> {
  const app = Fastify()
  const server = new WebSocketServer({ server: app.server })
  server.on('connection', (socket) =>
    socket.on('message', (data) => socket.send(`echo ${(data as Buffer).toString()}`)),
  )
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    return app.close()
  })
  return `http://127.0.0.1:${await listen(app)}`
}

for (const prefix of ['/', '/chat']) {
  for (const order of ['before', 'after'] as const) {
    test(`lives beside a WebSocket proxy of ${prefix} that is registered ${order} it`, async (t) => {
      const upstream = await echoUpstream(t)
      const proxy = (app: FastifyInstance) => app.register(httpProxy, { upstream, prefix, websocket: true })
      const options: BreakerStatsOptions = { access, live: { intervalMs: 100 } }
      const { app, registry } = await gateway(
        t,
        options,
        order === 'before'
          ? {
              before: async (app) => {
                await proxy(app)
              },
            }
          : {},
      )
      if (order === 'after') await proxy(app)
      succeed(registry, 'orders', 1)
      const port = await listen(app)

      const { socket, frames } = await view(t, port)
      await until(() => frames.length >= 3)
      t.match(frames[0], { type: 'full', rows: [{ name: 'orders' }] })
      t.equal(socket.readyState, WebSocket.OPEN)
      await t.rejects(view(t, port, 'made-up'), { message: /401/ })

      const proxied = new WebSocket(`ws://127.0.0.1:${port}${prefix === '/' ? '/x' : prefix}`)
      await once(proxied, 'open')
      proxied.send('hello')
      const [message] = (await once(proxied, 'message')) as [Buffer]
      t.equal(message.toString(), 'echo hello')
      proxied.terminate()
    })
  }
}

for (const order of ['before', 'after'] as const) {
  test(`lives beside routes of @fastify/websocket that is registered ${order} it`, async (t) => {
    const register = async (app: FastifyInstance): Promise<void> => {
      await app.register(fastifyWebsocket)
      app.get('/echo', { websocket: true }, (socket) => {
        socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`))
      })
    }
    const options: BreakerStatsOptions = { access, live: { intervalMs: 100 } }
    const { app } = await gateway(t, options, order === 'before' ? { before: register } : {})
    if (order === 'after') await register(app)
    const port = await listen(app)
    const { socket, frames } = await view(t, port)
    await until(() => frames.length >= 3)
    t.equal(socket.readyState, WebSocket.OPEN)
    await t.rejects(view(t, port, 'made-up'), { message: /401/ })

    const own = new WebSocket(`ws://127.0.0.1:${port}/echo`)
    await once(own, 'open')
    own.send('hello')
    const [message] = (await once(own, 'message')) as [Buffer]
    t.equal(message.toString(), 'echo hello')
    own.terminate()
  })
}

test('answers upgrade requests that nobody wants as the ordinary ones they are', async (t) => {
  const { app } = await gateway(t, { access })
  app.get('/plain', async () => 'plain')
  const port = await listen(app)
  const ask = async (path: string): Promise<[number | undefined, string]> => {
    const sent = request({
      port,
      host: '127.0.0.1',
      path,
      headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' },
    }).end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    let body = ''
    for await (const chunk of answer) body += String(chunk)
    return [answer.statusCode, body]
  }
  t.same(await ask('/plain'), [200, 'plain'])
  t.equal((await ask('/nowhere'))[0], 404)
})

test('closes with viewers connected', async (t) => {
  const { app } = await gateway(t, { access })
  const { socket } = await view(t, await listen(app))
  const closed = once(socket, 'close')
  await app.close()
  await closed
  t.pass()
})
