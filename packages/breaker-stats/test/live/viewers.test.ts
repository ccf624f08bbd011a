import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { test, type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { Viewers } from '../../src/live/viewers.ts'

const limits = { maxViewers: 2, maxBufferedBytes: 65_536, maxAgeMs: 1_000 }

async function serve(t: Test, viewers: Viewers): Promise<number> {
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  server.on('connection', (socket) => viewers.add(socket, () => {}))
  await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready))
  t.teardown(() => {
    viewers.close()
    http.close()
  })
  return (http.address() as { port: number }).port
}

/** Says what a WebSocket client says, and then reads nothing. */
async function deafViewer(t: Test, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await once(socket, 'readable')
  return socket
}

async function goodViewer(t: Test, port: number): Promise<{ socket: WebSocket; received: () => number }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`)
  t.teardown(() => socket.terminate())
  let received = 0
  socket.on('message', () => received++)
  await once(socket, 'open')
  return { socket, received: () => received }
}

test('drops a viewer that does not read, and nobody else', async (t) => {
  const viewers = new Viewers(limits, () => 0)
  const port = await serve(t, viewers)
  const { received } = await goodViewer(t, port)
  await deafViewer(t, port)
  t.equal(viewers.size, 2)
  t.equal(viewers.isFull, true)
  const frame = Buffer.alloc(262_144, ' ')
  let sent = 0
  while (viewers.size === 2 && sent < 400) {
    viewers.send(frame)
    sent++
    for (const end = Date.now() + 10_000; received() < sent && Date.now() < end;)
      await new Promise(setImmediate)
  }
  t.equal(viewers.size, 1, `one is left after ${sent} frames`)
  t.equal(received(), sent, 'who reads gets everything')
})

test('drops a viewer that does not answer, and sends one that is too old to the door', async (t) => {
  let now = 0
  const viewers = new Viewers(limits, () => now)
  const port = await serve(t, viewers)
  const { socket } = await goodViewer(t, port)
  await deafViewer(t, port)
  const ping = once(socket, 'ping')
  viewers.checkUp()
  await ping
  await new Promise((done) => setTimeout(done, 200)) // for the pong to arrive; late, the next check drops both
  viewers.checkUp()
  for (const end = Date.now() + 10_000; viewers.size > 1 && Date.now() < end;) await new Promise(setImmediate)
  t.equal(viewers.size, 1)
  now = limits.maxAgeMs
  const closed = once(socket, 'close')
  for (const end = Date.now() + 10_000; socket.readyState === WebSocket.OPEN && Date.now() < end;) {
    viewers.checkUp()
    await new Promise((done) => setTimeout(done, 50))
  }
  const [code] = (await closed) as [number]
  t.equal(code, 4001)
})
