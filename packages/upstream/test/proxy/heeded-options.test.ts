import fastify from 'fastify'
import { test, type Test } from 'tap'
import {
  createUpstream,
  directProxy,
  UpstreamOptionsError,
  type DirectProxyOptions,
  type Upstream,
} from '../../src/index.ts'

function createOrders(t: Test): Upstream {
  const upstream = createUpstream({ name: 'orders', origins: 'http://127.0.0.1:1' })
  t.teardown(() => upstream.close())
  return upstream
}

/** What is wrong with the options, by the path of each. */
function problemsOf(error: unknown): Record<string, string> {
  if (!(error instanceof UpstreamOptionsError)) throw error
  return Object.fromEntries(error.problems.map(({ path, expected }) => [path, expected]))
}

async function register(t: Test, options: Omit<DirectProxyOptions, 'upstream'>): Promise<unknown> {
  const app = fastify()
  t.teardown(() => app.close())
  const upstream = createOrders(t)
  try {
    await app.register(directProxy, { prefix: '/orders', upstream, ...options } as DirectProxyOptions)
    return undefined
  } catch (error) {
    return error
  }
}

test('what the upstream decides is refused, and so is what nobody knows, all at once', (t) => {
  const upstream = createOrders(t)
  const replyOptions = {
    timeout: 100,
    getUpstream: () => 'http://elsewhere',
    rewriteHeaders: (fields: object) => fields,
  }
  try {
    upstream.proxyOptions({
      undici: { connections: 1 },
      retryMethods: ['GET'],
      stripHeader: ['a'],
      replyOptions,
    })
    t.fail('not refused')
  } catch (error) {
    t.match(problemsOf(error), {
      undici: /^none: `pool` and `tls`/,
      retryMethods: /^none: `retry`/,
      stripHeader: /^one of .*stripHeaders/,
      'replyOptions.getUpstream': /^none: .*`origins`/,
      'replyOptions.timeout': /^none: `timeouts`/,
    })
  }
  t.end()
})

test('what @fastify/http-proxy heeds is its business', (t) => {
  const options = createOrders(t).proxyOptions({ proxyPayloads: false, preRewrite: undefined, wsHooks: {} })
  t.match(options, { proxyPayloads: false, wsHooks: {} })
  t.end()
})

test('directProxy refuses hooks that would never run', async (t) => {
  const error = await register(t, { beforeHandler: () => {}, wsHooks: {}, onRequest: () => {} })
  t.match(problemsOf(error), {
    beforeHandler: /WebSockets/,
    wsHooks: /WebSockets/,
    onRequest: /^one of .*preHandler/,
  })
  t.equal(await register(t, { websocket: true, wsHooks: {} }), undefined)
  t.equal(await register(t, { prefix: '/:tenant', wsHooks: {} }), undefined)
})

test('Fastify’s own options of a plugin are none of the proxy’s', async (t) => {
  t.equal(await register(t, { logLevel: 'warn' }), undefined)
})
