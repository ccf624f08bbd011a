/**
 * Whole exchanges, as a client sees them through one cache: request, what the origin answers if asked, what must come of it.
 * One table, in the spirit of the public cache-tests suite.
 */
import { test } from 'tap'
import { decide } from '../../src/rules/decide.ts'
import type { CacheRequest, HeaderFields, OriginResponse, StoredResponse } from '../../src/rules/message.ts'
import { defaultPolicy } from '../../src/rules/policy.ts'
import { isNotModified } from '../../src/rules/preconditions.ts'
import { freshen, updateByHead } from '../../src/rules/revalidation.ts'
import { mayServeOnError } from '../../src/rules/stale.ts'
import { isServerFailure } from '../../src/rules/status.ts'
import { storability } from '../../src/rules/storing.ts'
import { secondaryKey } from '../../src/rules/vary.ts'
import { httpDate, NOW, SECOND } from './exchange.ts'

interface Step {
  /** Seconds since the first request. */
  readonly at?: number
  readonly method?: string
  readonly ask?: HeaderFields
  readonly as?: string
  /** What the origin answers; `down`: nothing. */
  readonly origin?: HeaderFields | 'down'
  readonly status?: number
  /** `cached`, `cached 304`, `refresh`, `origin`, `validated`, `stale for error`, `504`. */
  readonly expect: string
}

/** A cache of one URL, as small as can be: what the plugin does around the rules. */
class OneUrlCache {
  readonly #variants = new Map<string, StoredResponse>()

  handle({ at = 0, method = 'GET', ask = {}, as, origin = {}, status = 200 }: Step): string {
    const now = NOW + at * SECOND
    const request: CacheRequest = { method, headers: ask, consumer: as }
    const [key, stored] = this.#select(request)
    const decision = decide(request, stored, defaultPolicy, now)
    switch (decision.kind) {
      case 'fresh':
        return stored !== undefined && isNotModified(request, stored) ? 'cached 304' : 'cached'
      case 'stale':
        return decision.refresh ? 'refresh' : 'cached'
      case 'gateway-timeout':
        return '504'
      case 'miss':
      case 'revalidate':
        return this.#forward(request, key, stored, origin, status, now)
    }
  }

  #select(request: CacheRequest): [string, StoredResponse] | [undefined, undefined] {
    for (const [key, stored] of this.#variants) {
      if (key === variantKey(stored, request)) return [key, stored]
    }
    return [undefined, undefined]
  }

  #forward(
    request: CacheRequest,
    key: string | undefined,
    stored: StoredResponse | undefined,
    origin: HeaderFields | 'down',
    status: number,
    now: number,
  ): string {
    const failed = origin === 'down' || isServerFailure(status)
    if (stored !== undefined && failed && mayServeOnError(request, stored.facts, defaultPolicy, now)) {
      return 'stale for error'
    }
    if (origin === 'down') return 'error'
    const date = new Date(now).toUTCString()
    const response: OriginResponse = {
      status,
      headers: { date, ...origin },
      requestedAtMs: now,
      receivedAtMs: now,
    }
    const update =
      stored === undefined
        ? undefined
        : status === 304
          ? freshen(request, stored, response, defaultPolicy)
          : request.method === 'HEAD'
            ? updateByHead(request, stored, 5, response, defaultPolicy)
            : undefined
    if (update !== undefined) {
      this.#variants.set(variantKey(update, request), update)
      return status === 304 ? 'validated' : 'origin'
    }
    if (key !== undefined) this.#variants.delete(key)
    const result = storability(request, response, defaultPolicy)
    if (result.storable) this.#variants.set(variantKey(result.response, request), result.response)
    return 'origin'
  }
}

function variantKey({ facts }: StoredResponse, request: CacheRequest): string {
  const partition = facts.partition === 'shared' ? 'shared' : owner(request)
  return `${partition} ${secondaryKey(facts.vary, request)}`
}

function owner({ consumer, headers }: CacheRequest): string | undefined {
  if (consumer !== undefined) return `consumer:${consumer}`
  return headers.authorization === undefined ? 'anonymous' : undefined
}

const control = (field: string, more: HeaderFields = {}): HeaderFields => ({
  'cache-control': field,
  ...more,
})
const etag = (field: string, more: HeaderFields = {}): HeaderFields =>
  control(field, { etag: '"a"', ...more })

const table: Record<string, readonly Step[]> = {
  'a fresh response is reused, a stale one not': [
    { origin: control('max-age=60'), expect: 'origin' },
    { at: 59, expect: 'cached' },
    { at: 60, expect: 'origin' },
  ],
  'HEAD is answered from a stored GET, and does not fill the cache': [
    { method: 'HEAD', origin: control('max-age=60'), expect: 'origin' },
    { origin: control('max-age=60'), expect: 'origin' },
    { method: 'HEAD', expect: 'cached' },
  ],
  'POST writes through': [
    { origin: control('max-age=60'), expect: 'origin' },
    { method: 'POST', origin: control('max-age=60'), expect: 'origin' },
  ],
  'two variants live side by side': [
    { ask: { 'x-a': '1' }, origin: control('max-age=60', { vary: 'x-a' }), expect: 'origin' },
    { ask: { 'x-a': '2' }, origin: control('max-age=60', { vary: 'x-a' }), expect: 'origin' },
    { ask: { 'x-a': '1' }, expect: 'cached' },
    { ask: { 'x-a': '2' }, expect: 'cached' },
    { expect: 'origin' },
  ],
  'Vary: * is never reused': [
    { origin: control('max-age=60', { vary: '*' }), expect: 'origin' },
    { expect: 'origin' },
  ],
  'a stale response is validated and fresh again': [
    { origin: etag('max-age=60'), expect: 'origin' },
    { at: 61, status: 304, expect: 'validated' },
    { at: 120, expect: 'cached' },
    { at: 121, status: 304, origin: control('max-age=600'), expect: 'validated' },
    { at: 700, expect: 'cached' },
  ],
  'a validation that fails replaces it': [
    { origin: etag('max-age=60'), expect: 'origin' },
    { at: 61, origin: control('max-age=60', { etag: '"b"' }), expect: 'origin' },
    { at: 62, ask: { 'if-none-match': '"b"' }, expect: 'cached 304' },
    { at: 62, ask: { 'if-none-match': '"a"' }, expect: 'cached' },
  ],
  'a 304 about something else does not freshen': [
    { origin: etag('max-age=60'), expect: 'origin' },
    { at: 61, status: 304, origin: { etag: '"b"' }, expect: 'origin' },
    { at: 62, origin: control('no-store'), expect: 'origin' },
  ],
  'no-cache is validated each time': [
    { origin: etag('no-cache'), expect: 'origin' },
    { status: 304, expect: 'validated' },
    { at: 1, status: 304, expect: 'validated' },
  ],
  'no-store and private are not kept': [
    { origin: control('no-store, max-age=60'), expect: 'origin' },
    { origin: control('private, max-age=60'), expect: 'origin' },
    { origin: control('max-age=60'), expect: 'origin' },
  ],
  'stale-while-revalidate, and its end': [
    { origin: control('max-age=60, stale-while-revalidate=30'), expect: 'origin' },
    { at: 61, expect: 'refresh' },
    { at: 90, expect: 'origin' },
  ],
  'stale-if-error for a dead origin and for 5xx, and its end': [
    { origin: control('max-age=60, stale-if-error=30'), expect: 'origin' },
    { at: 61, origin: 'down', expect: 'stale for error' },
    { at: 62, status: 503, expect: 'stale for error' },
    { at: 63, status: 502, expect: 'stale for error' },
    { at: 90, origin: 'down', expect: 'error' },
  ],
  'must-revalidate: an error, not a stale response': [
    { origin: control('max-age=60, stale-if-error=30, must-revalidate'), expect: 'origin' },
    { at: 59, expect: 'cached' },
    { at: 61, origin: 'down', expect: 'error' },
  ],
  'a 404 where one is awaited is no error': [
    { origin: control('max-age=60, stale-if-error=30'), expect: 'origin' },
    { at: 61, status: 404, expect: 'origin' },
  ],
  'request directives': [
    { ask: control('only-if-cached'), expect: '504' },
    { origin: etag('max-age=60'), expect: 'origin' },
    { at: 10, ask: control('only-if-cached'), expect: 'cached' },
    { at: 10, ask: control('max-age=5'), status: 304, expect: 'validated' },
    { at: 20, ask: control('min-fresh=50'), expect: 'cached' },
    { at: 20, ask: control('min-fresh=51'), status: 304, expect: 'validated' },
    { at: 90, ask: control('max-stale=10'), expect: 'cached' },
    { at: 90, ask: { pragma: 'no-cache' }, status: 304, expect: 'validated' },
  ],
  'answers to credentials': [
    { as: 'a', origin: control('max-age=60'), expect: 'origin' },
    { as: 'a', expect: 'cached' },
    { as: 'b', origin: control('max-age=60'), expect: 'origin' },
    { origin: control('max-age=60'), expect: 'origin' },
    { ask: { authorization: 'x' }, origin: control('max-age=60'), expect: 'origin' },
    { ask: { authorization: 'x' }, expect: 'origin' },
  ],
  'public answers to credentials': [
    { as: 'a', origin: control('max-age=60, public'), expect: 'origin' },
    { as: 'b', expect: 'cached' },
    { expect: 'cached' },
    { ask: { authorization: 'x' }, expect: 'cached' },
  ],
  'HEAD freshens or drops': [
    { origin: etag('max-age=60'), expect: 'origin' },
    { at: 61, method: 'HEAD', origin: etag('max-age=60'), expect: 'origin' },
    { at: 100, expect: 'cached' },
    { at: 130, method: 'HEAD', origin: control('max-age=60', { etag: '"b"' }), expect: 'origin' },
    { at: 131, origin: control('max-age=60'), expect: 'origin' },
  ],
  'a response that was old when it came': [
    { origin: control('max-age=60', { age: '50', etag: '"a"' }), expect: 'origin' },
    { at: 9, expect: 'cached' },
    { at: 10, status: 304, origin: { age: '0' }, expect: 'validated' },
    { at: 69, expect: 'cached' },
  ],
  'CDN-Cache-Control rules alone': [
    { origin: { 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=60' }, expect: 'origin' },
    { at: 59, expect: 'cached' },
    { at: 60, origin: { 'cache-control': 'max-age=60', 'cdn-cache-control': 'no-store' }, expect: 'origin' },
    { at: 61, expect: 'origin' },
  ],
  heuristics: [
    { origin: { 'last-modified': httpDate(-1000) }, expect: 'origin' },
    { at: 99, expect: 'cached' },
    { at: 100, expect: 'origin' },
  ],
}

for (const [name, steps] of Object.entries(table)) {
  test(name, (t) => {
    const cache = new OneUrlCache()
    for (const [index, step] of steps.entries()) t.equal(cache.handle(step), step.expect, `step ${index + 1}`)
    t.end()
  })
}
