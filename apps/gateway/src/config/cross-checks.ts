import { accessSync, constants } from 'node:fs'
import { type Problem, show } from './problem.ts'
import type { GatewayConfig } from './types.ts'

const checks = [checkServices, checkPrefixes, checkGroups, checkServer, checkKeys, checkFiles]

/**
 * What a schema cannot say: files that must be there, names that must be known, parts that need one another.
 *
 * @param wellFormed false where the schema already objected: a check that then stumbles over a part of the wrong shape
 *   has nothing to add to what the schema said of it.
 */
export function crossCheck(config: GatewayConfig, wellFormed: boolean): Problem[] {
  return checks.flatMap((check) => {
    try {
      return check(config)
    } catch (error) {
      if (wellFormed) throw error
      return []
    }
  })
}

function checkServices(config: GatewayConfig): Problem[] {
  const problems: Problem[] = []
  if (Object.keys(config.services).length === 0) {
    problems.push({
      path: 'services',
      received: 'none',
      expected: 'at least one service, or a variable such as ORDERS_SERVICE_URL',
    })
  }
  for (const [name, service] of Object.entries(config.services)) {
    const path = `services.${name}`
    const breaker = typeof service.circuitBreaker === 'object' ? service.circuitBreaker : undefined
    const fallback = breaker?.fallback
    if (fallback?.type === 'cache' && !caches(config, name)) {
      problems.push({
        path: `${path}.circuitBreaker.fallback.type`,
        received: '"cache"',
        expected: `responseCache to be on for ${name}`,
      })
    }
    if (fallback?.type === 'upstream' && fallback.origin === undefined) {
      problems.push({
        path: `${path}.circuitBreaker.fallback.origin`,
        received: 'nothing',
        expected: 'the origin to fall back to',
      })
    }
    if (typeof service.apiKey === 'object' && config.auth === undefined) {
      problems.push({
        path: `${path}.apiKey`,
        received: show(service.apiKey),
        expected: 'an auth section that says which keys there are',
      })
    }
  }
  return problems
}

function caches(config: GatewayConfig, name: string): boolean {
  const own = config.services[name]?.responseCache
  return own === undefined ? Boolean(config.defaults.responseCache) : own !== false
}

/** Prefixes that would be mistaken for each other, or for one of the gateway's own paths. */
function checkPrefixes({ services }: GatewayConfig): Problem[] {
  const reserved = ['/livez', '/readyz', '/stats', '/monitor', '/metrics', '/admin']
  const problems: Problem[] = []
  const seen = new Map<string, string>()
  for (const [name, { prefix }] of Object.entries(services)) {
    const path = `services.${name}.prefix`
    const other = seen.get(prefix)
    if (other !== undefined)
      problems.push({ path, received: show(prefix), expected: `a prefix that ${other} does not have` })
    seen.set(prefix, name)
    if (reserved.some((own) => prefix === own || prefix.startsWith(`${own}/`))) {
      problems.push({
        path,
        received: show(prefix),
        expected: `none of the gateway's own paths (${reserved.join(', ')})`,
      })
    }
  }
  return problems
}

function checkGroups({ groups, services }: GatewayConfig): Problem[] {
  const known = new Set([...Object.keys(services), ...Object.keys(groups).map((name) => `group:${name}`)])
  return Object.entries(groups).flatMap(([group, { members }]) =>
    members
      .map((member, index) => ({ member, index }))
      .filter(({ member }) => !known.has(member))
      .map(({ member, index }) => ({
        path: `groups.${group}.members.${index}`,
        received: show(member),
        expected: `a service (one of ${Object.keys(services).join(', ')})`,
      })),
  )
}

function checkServer({ server, redis }: GatewayConfig): Problem[] {
  const problems: Problem[] = []
  if (server.http2 && server.tls === undefined) {
    problems.push({ path: 'server.http2', received: 'true', expected: 'server.tls beside it' })
  }
  if (redis !== undefined) {
    const ways = [redis.url, redis.cluster, redis.sentinels].filter((way) => way !== undefined)
    if (ways.length !== 1) {
      problems.push({
        path: 'redis',
        received: show(Object.keys(redis)),
        expected: 'exactly one of url, cluster, sentinels',
      })
    }
  }
  return problems
}

function checkKeys({ auth, redis }: GatewayConfig): Problem[] {
  if (auth === undefined) return []
  if (!Array.isArray(auth.keys) && 'redis' in auth.keys && redis === undefined) {
    return [{ path: 'auth.keys.redis', received: 'true', expected: 'a redis section' }]
  }
  if (auth.plainKey !== undefined && !Array.isArray(auth.keys)) {
    return [
      { path: 'API_KEY', received: 'a key', expected: 'no API_KEY where auth.keys names a file or Redis' },
    ]
  }
  return []
}

function checkFiles({ server, auth, services }: GatewayConfig): Problem[] {
  const files: [path: string, file: string | undefined][] = [
    ['server.tls.cert', server.tls?.cert],
    ['server.tls.key', server.tls?.key],
  ]
  if (auth !== undefined && !Array.isArray(auth.keys) && 'file' in auth.keys)
    files.push(['auth.keys.file', auth.keys.file])
  for (const [name, { tls }] of Object.entries(services)) {
    for (const key of ['ca', 'cert', 'key'] as const) files.push([`services.${name}.tls.${key}`, tls?.[key]])
  }
  return files.flatMap(([path, file]) =>
    file === undefined || isReadable(file)
      ? []
      : [{ path, received: show(file), expected: 'a file that can be read' }],
  )
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}
