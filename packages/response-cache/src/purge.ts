import createError, { type FastifyErrorConstructor } from '@fastify/error'
import type { Cache } from './cache.ts'
import { normaliseUrl } from './key/query.ts'
import { isTag } from './rules/tags.ts'

/** What to purge: exactly one of `url`, `tag`, `prefix` and `all`. */
export interface PurgeTarget {
  /** A path with its query, or a whole URL (of which the host does not count): every answer of it, whoever's it is. */
  url?: string
  /** Every answer that has this tag. */
  tag?: string
  /** Every answer whose path starts like this. */
  prefix?: string
  all?: true
  /** Make stale instead of removing: still good for validation, and while the origin is down. Default false. */
  soft?: boolean
}

export const PurgeTargetError: FastifyErrorConstructor<{ code: string; statusCode: number }, [string]> =
  createError(
    'SLUICE_RESPONSE_CACHE_PURGE_TARGET',
    'A purge names one of url, tag, prefix and all; got %s',
    400,
  )

/** Purges here and, where there is Redis, everywhere. Counts the entries of this process' memory that it concerned. */
export async function purge(cache: Cache, target: PurgeTarget): Promise<{ purged: number }> {
  const { memory } = cache
  const mode = target.soft === true ? 'soft' : 'hard'
  const { scope, value } = parse(target)
  if (scope === 'url') {
    const resources = new Set(cache.queryRules.map((rule) => normaliseUrl(value, rule)))
    const purged = memory.count((_entry, resource) => resources.has(resource))
    await Promise.all([...resources].map((resource) => cache.invalidate(resource, mode)))
    return { purged }
  }
  const purged = memory.count((entry, resource) => {
    if (scope === 'tag') return entry.tags.includes(value)
    return resource.startsWith(value)
  })
  await cache.note(scope, value, mode)
  return { purged }
}

type Scope = 'url' | 'tag' | 'prefix' | 'all'

function parse(target: PurgeTarget): { scope: Scope; value: string } {
  const { url, tag, prefix, all } = target
  const given = Object.entries({ url, tag, prefix, all }).filter(([, value]) => value !== undefined)
  const [scope, value] = given[0] ?? []
  if (given.length === 1) {
    if (all === true) return { scope: 'all', value: '' }
    if (typeof value === 'string' && value !== '' && (scope !== 'tag' || isTag(value))) {
      return { scope: scope as Scope, value: scope === 'url' || scope === 'prefix' ? pathOf(value) : value }
    }
  }
  throw new PurgeTargetError(JSON.stringify(target))
}

function pathOf(url: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return url
  const { pathname, search } = new URL(url)
  return pathname + search
}
