import { test } from 'tap'
import { connect, converse } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { startGateway } from './gateway.ts'

/** Requests that two servers may read as different ones: all refused, and the upstream never hears of them. */
const attempts: Record<string, string> = {
  'both lengths':
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
  'two lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'a list of lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na',
  'a signed length': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na',
  'chunked twice': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
  'chunked not last': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
  'an unknown coding': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'a bare LF in the head': 'GET / HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n',
  'bare LFs throughout': 'GET / HTTP/1.1\nHost: a\n\n',
  'a bare CR in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\rX-B: 2\r\n\r\n',
  'obs-fold': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n Transfer-Encoding: chunked\r\n\r\n',
  'a space before the colon': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\na',
  'a NUL in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\0\r\n\r\n',
  'two hosts': 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
  'no host': 'GET / HTTP/1.1\r\n\r\n',
  'a space in the target': 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
  'a version of its own': 'GET / HTTP/3.7\r\nHost: a\r\n\r\n',
}

for (const [name, text] of Object.entries(attempts)) {
  test(`${name} is refused and not forwarded`, async (t) => {
    const upstream = await startRawUpstream()
    t.teardown(() => upstream.stop())
    const { port } = await startGateway(t, { to: upstream.url })
    t.match(await converse(port, text), /^HTTP\/1.1 (?:400|501|505) /)
    t.equal(upstream.connections.length, 0)
  })
}

test('a malformed chunk ends the request on both sides', async (t) => {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, { to: upstream.url })
  for (const body of ['3\r\nabc\r\nzz\r\n', '3\r\nabcGET /smuggled HTTP/1.1\r\n', '3\nabc\n0\n\n']) {
    const text = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`
    const client = await connect(port)
    client.write(text)
    await client.closed
    t.notMatch(client.text, /^HTTP\/1.1 2/)
  }
  for (const up of upstream.connections) await up.closed
  t.notOk(upstream.connections.some(({ text }) => text.includes('smuggled')))
})

test('what follows a request goes upstream as a request of its own', async (t) => {
  const upstream = await startRawUpstream((peer) => {
    peer.socket.on('data', () =>
      peer.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok'),
    )
  })
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, { to: upstream.url })
  const client = await connect(port)
  client.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await client.closed
  t.equal(client.text.match(/HTTP\/1.1 200 OK/g)?.length, 2)
  const heads = upstream.connections.map((peer) => peer.text).join('')
  t.equal(heads.match(/\r\nx-request-id: /g)?.length, 2)
})
