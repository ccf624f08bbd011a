import { UpstreamOptionsError, type OptionProblem } from '../errors.ts'

/** What a proxy may be told beside its upstream, whoever does the routing. */
const OWN = ['bodyLimit', 'config', 'context', 'replyOptions', 'requestHeaders', 'stripHeaders']

/** What Fastify itself reads of a plugin's options. */
const OF_FASTIFY = ['logLevel', 'logSerializers', 'prefix']

/** What is heeded where `directProxy` does the routing. */
const OF_DIRECT_PROXY = [
  'constraints',
  'httpMethods',
  'internalRewriteLocationHeader',
  'preHandler',
  'preValidation',
  'rewritePrefix',
]

/** What is heeded besides where `@fastify/http-proxy` does. */
const OF_HTTP_PROXY = [
  'beforeHandler',
  'preRewrite',
  'proxyPayloads',
  'routes',
  'websocket',
  'wsClientOptions',
  'wsHooks',
  'wsReconnect',
  'wsServerOptions',
  'wsUpstream',
]

/** What the upstream decides in place of options of `@fastify/http-proxy` that would do nothing here. */
const OF_UPSTREAM: Readonly<Record<string, string>> = {
  balancedPoolOptions: 'none: `origins` and `balance` of the upstream',
  base: 'none: `origins` of the upstream',
  cacheURLs: 'none: there are no URLs to be parsed',
  contentTypesToEncode: 'none: the body is the client’s',
  destroyAgent: 'none: `close()` of the upstream',
  disableCache: 'none: there are no URLs to be parsed',
  disableRequestLogging: 'none: the app’s log has its requests',
  globalAgent: 'none: `pool` of the upstream',
  handler: 'none: the direct path',
  http: 'none: `pool` and `tls` of the upstream',
  http2: 'none: `http2` of the upstream',
  maxRetriesOn503: 'none: `retry` of the upstream',
  retryMethods: 'none: `retry` of the upstream',
  undici: 'none: `pool` and `tls` of the upstream',
  upstream: 'none: `origins` of the upstream',
}

/** The same within `replyOptions`. */
const NOT_IN_REPLY_OPTIONS: Readonly<Record<string, string>> = {
  body: 'none: the body is the client’s',
  contentType: 'none: the body is the client’s',
  getUpstream: 'none: the upstream chooses among its `origins`',
  method: 'none: the method is the client’s',
  retriesCount: 'none: `retry` of the upstream',
  retryDelay: 'none: `retry` of the upstream',
  timeout: 'none: `timeouts` of the upstream',
}

const HANDED_OVER = 'none, but for WebSockets and prefixes with parameters'

const DIRECT: ReadonlySet<string> = new Set([...OWN, ...OF_FASTIFY, ...OF_DIRECT_PROXY])
const ALL: ReadonlySet<string> = new Set([...DIRECT, ...OF_HTTP_PROXY])

/**
 * Refuses what would be ignored: a hook that never runs, or a limit that does not hold, is worse than no start.
 * `routing`: who does it.
 *
 * @throws UpstreamOptionsError with all of them
 */
export function requireHeeded(overrides: object, routing: 'directProxy' | 'http-proxy'): void {
  const problems = [
    ...ignored(overrides, '', (name) => (routing === 'http-proxy' ? unknownTo(ALL, name) : notDirect(name))),
    ...ignored((overrides as { replyOptions?: object }).replyOptions ?? {}, 'replyOptions.', (name) => {
      return NOT_IN_REPLY_OPTIONS[name]
    }),
  ]
  if (problems.length > 0) throw new UpstreamOptionsError(problems)
}

function ignored(
  given: object,
  path: string,
  expectedFor: (name: string) => string | undefined,
): OptionProblem[] {
  return Object.entries(given).flatMap(([name, received]) => {
    const expected = received === undefined ? undefined : expectedFor(name)
    return expected === undefined ? [] : [{ path: path + name, received, expected }]
  })
}

function notDirect(name: string): string | undefined {
  return ALL.has(name) && !DIRECT.has(name) ? HANDED_OVER : unknownTo(DIRECT, name)
}

function unknownTo(known: ReadonlySet<string>, name: string): string | undefined {
  if (known.has(name)) return undefined
  return OF_UPSTREAM[name] ?? `one of ${[...known].sort().join(', ')}`
}
