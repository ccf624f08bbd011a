import { test } from 'tap'
import { invalidatedUris } from '../../src/rules/invalidation.ts'
import type { HeaderFields } from '../../src/rules/message.ts'
import { get } from './exchange.ts'

const TARGET = 'http://a.example/orders/1?x=1'
const uris = (method: string, status: number, headers: HeaderFields = {}, target = TARGET) =>
  invalidatedUris({ ...get(), method }, target, { status, headers })

test('a successful unsafe request invalidates its target', (t) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'M-SEARCH', 'UNKNOWN', 'get']) {
    t.same(uris(method, 200), [TARGET], method)
  }
  for (const status of [200, 201, 204, 303, 399]) t.same(uris('POST', status), [TARGET], `${status}`)
  for (const status of [100, 400, 404, 409, 500, 503]) t.same(uris('POST', status), [], `${status}`)
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']) t.same(uris(method, 200), [], method)
  t.end()
})

test('and what Location and Content-Location name at the same origin', (t) => {
  t.same(uris('POST', 201, { location: '/orders/2', 'content-location': 'http://a.example/orders/3' }), [
    TARGET,
    'http://a.example/orders/2',
    'http://a.example/orders/3',
  ])
  t.same(uris('POST', 201, { location: '../carts#top' }), [TARGET, 'http://a.example/carts'])
  t.same(uris('POST', 201, { location: 'HTTP://A.example:80/x' }), [TARGET, 'http://a.example/x'])
  t.same(uris('POST', 201, { location: TARGET, 'content-location': '' }), [TARGET])
  for (const location of [
    'http://b.example/x',
    'https://a.example/x',
    'http://a.example:8080/x',
    '//b.example/x',
    'http://',
    'mailto:a@b',
    'http://a.example:99999/',
  ]) {
    t.same(uris('POST', 201, { location }), [TARGET], location)
  }
  t.end()
})

test('a target that is no URI invalidates nothing', (t) => {
  t.same(uris('POST', 200, { location: 'http://a.example/x' }, '/orders'), [])
  t.end()
})
