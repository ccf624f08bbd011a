import { array, assert, constantFrom, property } from 'fast-check'
import { test } from 'tap'
import { targetPath } from '../../src/proxy/target-path.ts'
import { converse } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { startGateway } from './gateway.ts'

const unsafe = [
  '/..',
  '/../a',
  '/a/..',
  '/a/../b',
  '/./a',
  '/a/.',
  '/%2e%2e/a',
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

test('an unsafe path is a 400 that the upstream never hears of', async (t) => {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, { to: upstream.url })
  for (const path of [...unsafe, '/%zz', '/%', '//evil.example/a', 'http://evil.example/a']) {
    const text = await converse(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    t.match(text, /^HTTP\/1.1 40[04] /, path)
  }
  t.equal(upstream.connections.length, 0)
})
