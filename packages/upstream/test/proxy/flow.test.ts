import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'tap'
import { connect } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { startGateway } from './gateway.ts'

test('both directions flow at once', async (t) => {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, { to: upstream.url })
  const client = await connect(port)
  client.write('POST / HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
  const up = await upstream.next()
  await up.until('one')
  up.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nuno\r\n')
  await client.until('uno')
  client.write('3\r\ntwo\r\n')
  await up.until('two')
  up.write('3\r\ndos\r\n')
  await client.until('dos')
  client.write('0\r\n\r\n')
  await up.until('0\r\n\r\n')
  up.write('0\r\n\r\n')
  await client.until('0\r\n\r\n')
  t.match(client.text, /\r\n3\r\nuno\r\n3\r\ndos\r\n0\r\n\r\n$/)
  client.destroy()
})

test('every byte of a stream arrives in order, however it was cut', async (t) => {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  const { url } = await startGateway(t, { to: upstream.url })
  const answer = fetch(url)
  const up = await upstream.next()
  await up.until('\r\n\r\n')
  up.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n')
  const sent = createHash('sha256')
  for (let i = 1; i <= 200; i++) {
    const chunk = Buffer.alloc(((i * 7919) % 20_000) + 1, i)
    sent.update(chunk)
    up.write(`${chunk.length.toString(16)}\r\n`)
    if (!up.write(chunk)) await delay(1)
    up.write('\r\n')
  }
  up.write('0\r\n\r\n')
  const received = createHash('sha256').update(Buffer.from(await (await answer).arrayBuffer()))
  t.equal(received.digest('hex'), sent.digest('hex'))
})

const REFUSAL = 'HTTP/1.1 413 Content Too Large\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nno'

test('an early answer to a short upload leaves the client’s connection in use', async (t) => {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, { to: upstream.url })
  const client = await connect(port)
  client.write('POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 500000\r\n\r\n')
  client.write('x'.repeat(1000))
  const up = await upstream.next()
  await up.until('xxx')
  up.write(REFUSAL)
  await client.until(/^HTTP\/1.1 413 [^]*no$/)
  t.notMatch(client.text, /connection: close/i)
  client.forget()
  client.write('x'.repeat(499_000))
  client.write('GET /next HTTP/1.1\r\nHost: gateway\r\n\r\n')
  const next = await upstream.next()
  await next.until('GET /next ')
  next.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok')
  await client.until(/^HTTP\/1.1 200 [^]*ok$/)
  client.destroy()
})

test('an early answer to a long upload is delivered, and then the connection is closed', async (t) => {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, { to: upstream.url })
  const client = await connect(port)
  client.write('POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100000000\r\n\r\n')
  client.write('x'.repeat(1000))
  const up = await upstream.next()
  await up.until('xxx')
  up.write(REFUSAL)
  await client.until(/^HTTP\/1.1 413 [^]*no$/)
  while (!client.socket.destroyed) {
    client.socket.write(Buffer.alloc(65_536))
    await delay(1)
  }
  t.pass('closed')
})
