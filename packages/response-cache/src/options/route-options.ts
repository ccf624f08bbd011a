import type { FastifyReply, FastifyRequest } from 'fastify'
import type { QueryRule } from '../key/query.ts'
import type { CachePolicy } from '../rules/message.ts'
import { defaultPolicy } from '../rules/policy.ts'
import { isTag } from '../rules/tags.ts'
import { OptionReader } from './option-reader.ts'
import type { OptionProblem } from './problems.ts'

/** What takes part in the key beside path and consumer. */
export interface KeyOptions {
  /** The request's host, lower case. Default true. */
  host?: boolean
  /** Request headers whose values take part. `Vary` needs no entry here. Default none. */
  headers?: string[]
  /** `sort` (default true): parameters in any order are the same. `allow`: only these count. `ignore`: these do not. */
  query?: { sort?: boolean; allow?: string[]; ignore?: string[] }
}

/** What one route decides; given to the plugin, the default of all routes. Durations in ms, from 0 to ten years. */
export interface RouteCacheOptions {
  /** Replaces what the origin says of freshness. What forbids storing (`no-store`, `private`) still does. Default: none. */
  ttl?: number
  /** Freshness of a success or redirect whose origin says nothing. Default: none, such answers follow RFC 9111's heuristics. */
  defaultTtl?: number
  /** Freshness by status where the origin says nothing: negative caching, such as `{ 404: 10_000 }`. Default: none. */
  statusTtl?: Record<number, number>
  /** Bounds of a freshness above zero. Default 0. */
  minTtl?: number
  /** Default one year. */
  maxTtl?: number
  /** The share of the time since Last-Modified that counts as fresh, 0 (off) to 1. Default 0.1. */
  heuristicFraction?: number
  /** Serve stale and refresh in the background that long, where the origin says nothing (RFC 5861 §3). Default 0. */
  staleWhileRevalidate?: number
  /** Serve stale in place of a 5xx that long, where the origin says nothing (RFC 5861 §4). Default 0. */
  staleIfError?: number
  /** Keep stale answers at least that long, for validation and as the breaker's fallback. Default one hour. */
  keepStale?: number
  /** Refresh before expiry, by chance that grows towards it (XFetch); the factor beta, 0 (off) to 10. Default 0. */
  earlyRefresh?: number
  /** One fetch for any number of concurrent equal misses. Default true. */
  coalesce?: boolean
  /** All consumers may be given the same answers. Default false. */
  shared?: boolean
  /** Whose answers these are, in place of the API key's consumer and the credentials; undefined: nobody's in particular. */
  partition?: (request: FastifyRequest) => string | undefined
  /** Tags of every answer, beside those of `Surrogate-Key` and `Cache-Tag`. Default none. */
  tags?: string[] | ((request: FastifyRequest, reply: FastifyReply) => string[])
  key?: KeyOptions
  /** Whether clients' `Cache-Control` and `Pragma` count (RFC 9111 §5.2.1). Default true. */
  requestDirectives?: boolean
  /** Keep and replay `Set-Cookie`. Default false: such an answer is not stored. */
  storeSetCookie?: boolean
  /** Response headers that are not kept, beside hop-by-hop and per-request ones. Default none. */
  dropHeaders?: string[]
  /** Targeted fields (RFC 9213) in order of preference. Default `['cdn-cache-control']`. */
  targetedFields?: string[]
}

/** The options of a route, parsed. */
export interface RouteRules {
  readonly policy: CachePolicy
  readonly keepStaleMs: number
  readonly earlyRefresh: number
  readonly coalesce: boolean
  readonly partition: ((request: FastifyRequest) => string | undefined) | undefined
  readonly tags: readonly string[] | ((request: FastifyRequest, reply: FastifyReply) => readonly string[])
  readonly keyHost: boolean
  readonly keyHeaders: readonly string[]
  readonly query: QueryRule
  readonly dropHeaders: ReadonlySet<string>
}

const HOUR_MS = 3_600_000
const DURATION = { min: 0, max: 3650 * 24 * HOUR_MS }
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Parses the options of a route, laid over those of the plugin. */
export function parseRouteOptions(
  options: RouteCacheOptions,
  path: string,
  problems: OptionProblem[],
): RouteRules {
  const read = new OptionReader(options, path, problems)
  const rules = readRouteOptions(read)
  read.end()
  return rules
}

export function readRouteOptions(read: OptionReader): RouteRules {
  const key = read.nested('key')
  const query = key.nested('query')
  const rules: RouteRules = {
    policy: readPolicy(read),
    keepStaleMs: read.integer('keepStale', HOUR_MS, DURATION),
    earlyRefresh: read.number('earlyRefresh', 0, { min: 0, max: 10 }),
    coalesce: read.boolean('coalesce', true),
    partition: read.custom('partition', undefined, 'a function', (value) =>
      typeof value === 'function' ? (value as RouteRules['partition']) : undefined,
    ),
    tags: read.custom('tags', [], 'a list of tags (printable ASCII), or a function', readTags),
    keyHost: key.boolean('host', true),
    keyHeaders: lowerCase(key.strings('headers', [], FIELD_NAME)),
    query: readQuery(query),
    dropHeaders: new Set(lowerCase(read.strings('dropHeaders', [], FIELD_NAME))),
  }
  key.end()
  query.end()
  return Object.freeze(rules)
}

function readPolicy(read: OptionReader): CachePolicy {
  return Object.freeze({
    ttlMs: read.integer('ttl', undefined, DURATION),
    defaultTtlMs: read.integer('defaultTtl', undefined, DURATION),
    statusTtlMs: readStatusTtl(read.nested('statusTtl')),
    heuristicFraction: read.number('heuristicFraction', defaultPolicy.heuristicFraction, { min: 0, max: 1 }),
    heuristicMaxMs: defaultPolicy.heuristicMaxMs,
    minTtlMs: read.integer('minTtl', 0, DURATION),
    maxTtlMs: read.integer('maxTtl', defaultPolicy.maxTtlMs, DURATION),
    staleWhileRevalidateMs: read.integer('staleWhileRevalidate', 0, DURATION),
    staleIfErrorMs: read.integer('staleIfError', 0, DURATION),
    shared: read.boolean('shared', false),
    storeSetCookie: read.boolean('storeSetCookie', false),
    requestDirectives: read.boolean('requestDirectives', true),
    targetedFields: lowerCase(read.strings('targetedFields', defaultPolicy.targetedFields, FIELD_NAME)),
  })
}

function readStatusTtl(read: OptionReader): Readonly<Record<number, number>> {
  const ttls: Record<number, number> = {}
  for (const status of read.names()) {
    if (!/^[2-5]\d\d$/.test(status)) continue
    ttls[Number(status)] = read.integer(status, 0, DURATION)
  }
  read.end()
  return Object.freeze(ttls)
}

function readQuery(read: OptionReader): QueryRule {
  const allow = read.strings('allow', [])
  const ignore = read.strings('ignore', [])
  return Object.freeze({
    sort: read.boolean('sort', true),
    allow: read.has('allow') ? new Set(allow) : undefined,
    ignore: ignore.length > 0 ? new Set(ignore) : undefined,
  })
}

function readTags(value: unknown): RouteRules['tags'] | undefined {
  if (typeof value === 'function') return value as RouteRules['tags']
  const good = Array.isArray(value) && value.every((tag) => typeof tag === 'string' && isTag(tag))
  return good ? Object.freeze([...(value as string[])]) : undefined
}

function lowerCase(names: readonly string[]): readonly string[] {
  return Object.freeze(names.map((name) => name.toLowerCase()))
}
