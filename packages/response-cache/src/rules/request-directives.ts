import { deltaSeconds, FOREVER_SECONDS, parseCacheControl } from './cache-control.ts'
import { fieldValue } from './message.ts'
import type { HeaderFields } from './message.ts'

/** What a request asks of a cache (RFC 9111 §5.2.1; `stale-if-error`: RFC 5861 §4). Durations in ms. */
export interface RequestDirectives {
  noCache: boolean
  noStore: boolean
  onlyIfCached: boolean
  maxAgeMs: number | undefined
  minFreshMs: number | undefined
  maxStaleMs: number | undefined
  staleIfErrorMs: number | undefined
}

/**
 * The request's directives, or undefined where it has none: the usual case, which must cost nothing. Repeated ones that
 * differ count as the strictest; an invalid number as the strictest possible. `Pragma: no-cache` counts only where there
 * is no Cache-Control (§5.4).
 */
export function parseRequestDirectives(headers: HeaderFields): RequestDirectives | undefined {
  const field = fieldValue(headers, 'cache-control')
  if (field === undefined) return pragma(headers)
  const result = none()
  for (const directive of parseCacheControl(field) ?? []) {
    switch (directive.name) {
      case 'no-cache':
        result.noCache = true
        break
      case 'no-store':
        result.noStore = true
        break
      case 'only-if-cached':
        result.onlyIfCached = true
        break
      case 'max-age':
        result.maxAgeMs = lesser(result.maxAgeMs, ms(deltaSeconds(directive) ?? 0))
        break
      case 'min-fresh':
        result.minFreshMs = Math.max(result.minFreshMs ?? 0, ms(deltaSeconds(directive) ?? FOREVER_SECONDS))
        break
      case 'max-stale':
        // Without a number: of any age.
        result.maxStaleMs = lesser(
          result.maxStaleMs,
          ms(directive.value === undefined ? FOREVER_SECONDS : (deltaSeconds(directive) ?? 0)),
        )
        break
      case 'stale-if-error':
        result.staleIfErrorMs = lesser(result.staleIfErrorMs, ms(deltaSeconds(directive) ?? 0))
        break
    }
  }
  return result
}

function pragma(headers: HeaderFields): RequestDirectives | undefined {
  const field = fieldValue(headers, 'pragma')
  if (field === undefined || !/(?:^|[,\s])no-cache(?:$|[,\s])/i.test(field)) return undefined
  return { ...none(), noCache: true }
}

function none(): RequestDirectives {
  return {
    noCache: false,
    noStore: false,
    onlyIfCached: false,
    maxAgeMs: undefined,
    minFreshMs: undefined,
    maxStaleMs: undefined,
    staleIfErrorMs: undefined,
  }
}

function ms(seconds: number): number {
  return seconds * 1000
}

function lesser(previous: number | undefined, next: number): number {
  return previous === undefined ? next : Math.min(previous, next)
}
