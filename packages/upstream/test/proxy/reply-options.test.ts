import { test } from 'tap'
import { converse } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { startGateway } from './gateway.ts'

const GET = 'GET /a?b=1&c=%20 HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n'

const rewritten: [string, unknown, string][] = [
  ['none', undefined, '/a?b=1&c=%20'],
  ['an object', { d: [2, 3], e: 'f g' }, '/a?d=2&d=3&e=f%20g'],
  ['an empty object', {}, '/a'],
  [
    'a function',
    (search: string, url: string) => `was=${encodeURIComponent(search + url)}`,
    '/a?was=%3Fb%3D1%26c%3D%2520%2Fa%3Fb%3D1%26c%3D%2520',
  ],
  [
    'a function of the request',
    (_search: string, _url: string, { method }: { method: string }) => `m=${method}`,
    '/a?m=GET',
  ],
  ['a function that says nothing', () => '', '/a'],
]

for (const [what, queryString, target] of rewritten) {
  for (const direct of [true, false]) {
    test(`queryString: ${what}, ${direct ? 'directProxy' : 'http-proxy'}`, async (t) => {
      const upstream = await startRawUpstream((peer) => {
        peer.socket.on('data', () => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
      })
      t.teardown(() => upstream.stop())
      const { port } = await startGateway(t, {
        to: upstream.url,
        direct,
        overrides: { replyOptions: { queryString } },
      })
      t.match(await converse(port, GET), /^HTTP\/1.1 200 /)
      t.equal(upstream.connections[0]?.text.split('\r\n')[0], `GET ${target} HTTP/1.1`)
    })
  }
}
