import { array, assert, constantFrom, property } from 'fast-check'
import { test } from 'tap'
import { targetPath } from '../../src/proxy/target-path.ts'
import { startOrigin } from '../origin-server.ts'
import { converse } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { startGateway, WAYS } from './gateway.ts'

const unsafe = [
  '/..',
  '/../a',
  '/a/..',
  '/a/../b',
  '/./a',
  '/a/.',
  '/%2e%2e/a',
  '/foo/bar/%2E%2E/',
  '/foo/bar/..%2f',
  '/foo/bar/%2e%2e%2f',
  '/ho/%2E%2E/hi',
  '/.%2E/a',
  '/a/%2e',
  '/..;/a',
  '/..%3bx/a',
  '/a%2f..%2fb',
  '/a/..%2Fb',
  '/a\\b',
  '/a%5Cb',
  '/a%00',
  '/a#b',
]
const safe = [
  '/',
  '/a.b',
  '/...',
  '/a..b',
  '/..a/b',
  '/.well-known/x',
  '/a%2Fb',
  '/a;b=..c',
  '/%252e%252e/',
  '/é',
]

test('paths that two servers may read differently are refused', (t) => {
  for (const path of unsafe)
    t.throws(() => targetPath(path, path), { code: 'SLUICE_UNSAFE_PATH', statusCode: 400 }, path)
  for (const path of safe) t.equal(targetPath(path, path), path)
  t.throws(() => targetPath('/a', '/a?x#y'), { code: 'SLUICE_UNSAFE_PATH' })
  t.end()
})

test('the query is the client’s to the last byte', (t) => {
  t.equal(targetPath('/v1/a', '/a?b=/../c&d=%00'), '/v1/a?b=/../c&d=%00')
  t.equal(targetPath('a', '/a?'), '/a?')
  t.end()
})

test('what is let through cannot leave its folder, once or twice decoded, by the rules of URLs', (t) => {
  const piece = constantFrom(
    '.',
    '..',
    '/',
    '%2e',
    '%2F',
    '%5c',
    '\\',
    ';',
    'a',
    '%25',
    '2e',
    '%00',
    '#',
    '?',
  )
  assert(
    property(array(piece, { maxLength: 8 }), (pieces) => {
      const path = `/base/${pieces.join('').replaceAll('?', '')}`
      let target: string
      try {
        target = targetPath(path, path)
      } catch {
        return true
      }
      const { pathname } = new URL(target, 'http://upstream')
      return (
        pathname === target &&
        new URL(target.replaceAll(/%2f/gi, '/'), 'http://upstream').pathname.startsWith('/base/')
      )
    }),
    { numRuns: 2000 },
  )
  t.end()
})

for (const [by, direct] of WAYS) {
  test(`${by}: an unsafe path is refused, and the upstream never hears of it`, async (t) => {
    const upstream = await startRawUpstream()
    t.teardown(() => upstream.stop())
    const { port } = await startGateway(t, { to: upstream.url, direct })
    const foreign = ['/%zz', '/%', 'http://evil.example/a', 'blah://evil.example/a', 'urn:foo:bar']
    for (const path of [...unsafe, ...foreign]) {
      const text = await converse(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
      t.match(text, /^HTTP\/1.1 40[04] /, path)
    }
    t.equal(upstream.connections.length, 0)
  })

  test(`${by}: a path that looks like a host is no host`, async (t) => {
    const origin = await startOrigin(t, (req, res) => res.end(req.url))
    const { port } = await startGateway(t, { to: origin.url, direct })
    const text = await converse(port, 'GET //evil.example/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    // `@fastify/http-proxy` refuses it by itself.
    t.match(text, direct ? /^HTTP\/1.1 200 [^]*\r\n\/\/evil.example\/a$/ : /^HTTP\/1.1 400 /)
  })
}
