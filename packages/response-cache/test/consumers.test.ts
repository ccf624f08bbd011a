import * as fc from 'fast-check'
import type { FastifyRequest } from 'fastify'
import { test } from 'tap'
import { appWith, cached, ManualClock } from './app.ts'

type Identity = { key?: string; authorization?: string; raw?: string }

const identity: fc.Arbitrary<Identity> = fc.record(
  {
    key: fc.constantFrom('alice', 'bob'),
    authorization: fc.constantFrom('Bearer 1', 'Bearer 2', 'shared'),
    raw: fc.constantFrom('k1', 'k2'),
  },
  { requiredKeys: [] },
)

const step = fc.record({
  who: identity,
  url: fc.constantFrom('/mine/1', '/mine/2', '/stale/1', '/cookie/1', '/set-cookie/1'),
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
  control: fc.constantFrom(undefined, undefined, undefined, 'no-cache', 'max-stale', 'only-if-cached'),
  condition: fc.constantFrom(undefined, '"1"', '*'),
  cookie: fc.constantFrom(undefined, 'session=1', 'session=2'),
  purge: fc.option(fc.constantFrom('soft', 'hard'), { nil: undefined, freq: 12 }),
  advanceMs: fc.constantFrom(0, 0, 0, 500, 5000),
})

/** Who a request is, as the origin sees it. */
function nameOf({ headers }: { headers: FastifyRequest['headers'] }): string {
  return JSON.stringify([headers['x-key'] ?? '', headers.authorization ?? '', headers['x-api-key'] ?? ''])
}

test('no consumer is ever given another’s answer', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 25 }), async (steps) => {
      const clock = new ManualClock()
      const app = await appWith({ now: clock.now, staleIfError: 60_000 }, (app) => {
        app.decorateRequest('apiKey', null)
        app.addHook('onRequest', async (request) => {
          const consumer = request.headers['x-key']
          if (consumer !== undefined) Object.assign(request, { apiKey: { consumer } })
        })
        const route = (url: string, headers: Record<string, string>): void => {
          app.route({
            ...cached(),
            method: ['GET', 'POST'],
            url,
            exposeHeadRoute: true,
            handler: (request, reply) =>
              reply
                .headers({ etag: '"1"', ...headers, 'x-request-id': nameOf(request) })
                .send(nameOf(request)),
          })
        }
        route('/mine/:n', { 'cache-control': 'max-age=1' })
        route('/stale/:n', { 'cache-control': 'max-age=1, stale-while-revalidate=60' })
        route('/cookie/:n', { 'last-modified': new Date(0).toUTCString() })
        route('/set-cookie/:n', { 'cache-control': 'max-age=60', 'set-cookie': 'session=secret' })
      })
      try {
        for (const { who, url, method, control, condition, cookie, purge, advanceMs } of steps) {
          clock.advance(advanceMs)
          if (purge !== undefined) await app.responseCache.purge({ prefix: '/', soft: purge === 'soft' })
          const headers = {
            ...(who.key && { 'x-key': who.key }),
            ...(who.authorization && { authorization: who.authorization }),
            ...(who.raw && { 'x-api-key': who.raw }),
            ...(control && { 'cache-control': control }),
            ...(condition && { 'if-none-match': condition }),
            ...(cookie && { cookie }),
          }
          const answer = await app.inject({ method: method as 'GET', url, headers })
          // Without a verified key, the key as sent counts; beside one, it is the verified one's own.
          const expected = nameOf({ headers })
          const seen = answer.body
          const ofConsumer = (name: string): string => {
            const [key, authorization, raw] = JSON.parse(name) as [string, string, string]
            return JSON.stringify(key === '' ? ['', authorization, raw] : [key, authorization])
          }
          if (method === 'GET' && answer.statusCode === 200 && ofConsumer(seen) !== ofConsumer(expected))
            return false
          const replayed = answer.headers['x-cache'] === 'HIT' || answer.headers['x-cache'] === 'STALE'
          if (replayed && (answer.headers['set-cookie'] ?? answer.headers['x-request-id']) !== undefined)
            return false
        }
        return true
      } finally {
        await app.close()
      }
    }),
    { numRuns: 80 },
  )
  t.pass('over random sequences')
})

test('a route may name the partition, or say that all may share', async (t) => {
  const app = await appWith({ defaultTtl: 60_000 }, (app) => {
    const tenant = (request: FastifyRequest): string => String(request.headers['x-tenant'])
    app.get('/tenant', cached({ partition: tenant }), (request) => ({ of: request.headers['x-tenant'] }))
    app.get('/shared', cached({ shared: true }), (request) => ({ of: request.headers.authorization }))
  })
  for (const tenant of ['a', 'b', 'a']) {
    t.same((await app.inject({ url: '/tenant', headers: { 'x-tenant': tenant } })).json(), { of: tenant })
  }
  await app.inject({ url: '/shared', headers: { authorization: 'a' } })
  const other = await app.inject({ url: '/shared', headers: { authorization: 'b' } })
  t.same([other.headers['x-cache'], other.json()], ['HIT', { of: 'a' }])
})
