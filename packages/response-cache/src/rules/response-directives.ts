import { deltaSeconds, parseCacheControl } from './cache-control.ts'
import type { Directive } from './cache-control.ts'
import type { HeaderFields } from './message.ts'

/** Off, on, or on for the named header fields alone (the qualified form). */
export type Qualified = boolean | readonly string[]

/** What a response tells a shared cache (RFC 9111 §5.2.2, RFC 5861, RFC 8246). Durations in ms. */
export interface ResponseDirectives {
  noStore: boolean
  noCache: Qualified
  private: Qualified
  public: boolean
  mustRevalidate: boolean
  proxyRevalidate: boolean
  mustUnderstand: boolean
  immutable: boolean
  maxAgeMs: number | undefined
  sMaxageMs: number | undefined
  staleWhileRevalidateMs: number | undefined
  staleIfErrorMs: number | undefined
}

/** Origins send a handful of values over and over. Cleared when full. */
const known = new Map<string, ResponseDirectives>()
const MAX_KNOWN = 256
const LONGEST_KNOWN = 512

/**
 * Reads the directives of a response, each line of the field by itself: joined, the open quote of one would hide what the
 * next says. An invalid number, and a repeated one that differs, make the response stale (§4.2.1): 0. A line too large to
 * be read forbids storing.
 */
export function parseResponseDirectives(field: HeaderFields[string] = ''): Readonly<ResponseDirectives> {
  if (typeof field === 'object') return read(field)
  const line = String(field)
  let directives = known.get(line)
  if (directives === undefined) {
    directives = read([line])
    if (known.size === MAX_KNOWN) known.clear()
    if (line.length <= LONGEST_KNOWN) known.set(line, Object.freeze(directives))
  }
  return directives
}

function read(lines: readonly string[]): ResponseDirectives {
  const result = noDirectives()
  for (const line of lines) {
    const parsed = parseCacheControl(line)
    if (parsed === undefined) result.noStore = true
    else for (const directive of parsed) apply(result, directive)
  }
  return result
}

function apply(result: ResponseDirectives, directive: Directive): void {
  switch (directive.name) {
    case 'no-store':
      result.noStore = true
      break
    case 'no-cache':
      result.noCache = qualify(result.noCache, directive)
      break
    case 'private':
      result.private = qualify(result.private, directive)
      break
    case 'public':
      result.public = true
      break
    case 'must-revalidate':
      result.mustRevalidate = true
      break
    case 'proxy-revalidate':
      result.proxyRevalidate = true
      break
    case 'must-understand':
      result.mustUnderstand = true
      break
    case 'immutable':
      result.immutable = true
      break
    case 'max-age':
      result.maxAgeMs = agreed(result.maxAgeMs, directive)
      break
    case 's-maxage':
      result.sMaxageMs = agreed(result.sMaxageMs, directive)
      break
    case 'stale-while-revalidate':
      result.staleWhileRevalidateMs = agreed(result.staleWhileRevalidateMs, directive)
      break
    case 'stale-if-error':
      result.staleIfErrorMs = agreed(result.staleIfErrorMs, directive)
      break
  }
}

export function noDirectives(): ResponseDirectives {
  return {
    noStore: false,
    noCache: false,
    private: false,
    public: false,
    mustRevalidate: false,
    proxyRevalidate: false,
    mustUnderstand: false,
    immutable: false,
    maxAgeMs: undefined,
    sMaxageMs: undefined,
    staleWhileRevalidateMs: undefined,
    staleIfErrorMs: undefined,
  }
}

function agreed(previous: number | undefined, directive: Directive): number {
  const next = (deltaSeconds(directive) ?? 0) * 1000
  return previous === undefined || previous === next ? next : 0
}

function qualify(previous: Qualified, { value, malformed }: Directive): Qualified {
  if (previous === true || value === undefined || malformed) return true
  const names = toFieldNames(value)
  return typeof names === 'object' && typeof previous === 'object' ? [...previous, ...names] : names
}

/** A list that does not hold field names and nothing else is taken for the whole response: the stricter reading. */
export function toFieldNames(list: string): true | readonly string[] {
  const names = list.split(',').map((name) => name.trim().toLowerCase())
  return names.every((name) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) ? names : true
}
