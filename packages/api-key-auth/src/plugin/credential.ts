import type { IncomingMessage } from 'node:http'
import { keyPrefix } from '../keys/key-format.ts'
import type { HeaderScan } from './header-scan.ts'
import { removeHeader } from './header-scan.ts'

/** Where keys may stand. */
export interface CredentialSources {
  readonly header: string | false
  readonly bearer: boolean
  readonly cookie: string | false
  readonly query: string | false
  /** Whether an `Authorization` that doesn't look like one of our keys may be one all the same. */
  readonly foreignKeys: () => boolean
}

export type Credential =
  | { readonly kind: 'none' }
  /** More than one, so that two readers of the request could each see another. */
  | { readonly kind: 'ambiguous' }
  | {
      readonly kind: 'found'
      readonly key: string
      readonly source: 'header' | 'bearer' | 'cookie' | 'query'
    }

const none: Credential = Object.freeze({ kind: 'none' })
const ambiguous: Credential = Object.freeze({ kind: 'ambiguous' })
/** Longer texts are not keys, and not worth hashing. */
const maxLength = 512

/** The one key of a request. */
export function findCredential(
  raw: IncomingMessage,
  scan: HeaderScan,
  sources: CredentialSources,
): Credential {
  if (scan.keyHeaders > 1) return ambiguous
  let found: Credential = none
  if (sources.header !== false && scan.keyHeaders === 1) {
    found = { kind: 'found', key: String(raw.headers[sources.header]), source: 'header' }
  }
  if (sources.bearer && scan.authorizations > 0) {
    const key = bearerKey(raw.headers.authorization ?? '', sources)
    if (key !== undefined) {
      if (found.kind === 'found' || scan.authorizations > 1) return ambiguous
      found = { kind: 'found', key, source: 'bearer' }
    }
  }
  if (sources.cookie !== false && raw.headers.cookie !== undefined) {
    const values = cookieValues(raw.headers.cookie, sources.cookie)
    if (values.length > 1 || (values.length === 1 && found.kind === 'found')) return ambiguous
    if (values.length === 1) found = { kind: 'found', key: values[0] as string, source: 'cookie' }
  }
  if (sources.query !== false && raw.url !== undefined && raw.url.includes('?')) {
    const values = new URLSearchParams(raw.url.slice(raw.url.indexOf('?') + 1)).getAll(sources.query)
    if (values.length > 1 || (values.length === 1 && found.kind === 'found')) return ambiguous
    if (values.length === 1) found = { kind: 'found', key: values[0] as string, source: 'query' }
  }
  return found.kind === 'found' && found.key.length > maxLength ? { ...found, key: '' } : found
}

/** Takes the key out of the request, so that what comes after this hook, the upstream included, does not see it. */
export function removeCredential(
  raw: IncomingMessage,
  source: 'header' | 'bearer' | 'cookie' | 'query',
  sources: CredentialSources,
): void {
  switch (source) {
    case 'header':
      return removeHeader(raw, sources.header as string)
    case 'bearer':
      return removeHeader(raw, 'authorization')
    case 'cookie':
      return removeCookie(raw, sources.cookie as string)
    case 'query':
      raw.url = withoutParameter(raw.url ?? '', sources.query as string)
  }
}

/** `Bearer` is RFC 6750's scheme; `ApiKey` is the one our challenge names. */
function bearerKey(authorization: string, sources: CredentialSources): string | undefined {
  const match = /^(?:bearer|apikey) +(\S+) *$/i.exec(authorization)
  const key = match?.[1]
  if (key === undefined) return undefined
  return key.startsWith(keyPrefix) || sources.foreignKeys() ? key : undefined
}

function cookieValues(header: string, name: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1).replace(/^"(.*)"$/, '$1'))
}

function removeCookie(raw: IncomingMessage, name: string): void {
  const kept = (raw.headers.cookie ?? '').split(';').filter((pair) => !pair.trim().startsWith(`${name}=`))
  removeHeader(raw, 'cookie')
  if (kept.length === 0) return
  const cookie = kept.join(';').trim()
  raw.headers.cookie = cookie
  raw.rawHeaders.push('cookie', cookie)
}

/** The URL as it came, to the byte, but for one parameter. */
export function withoutParameter(url: string, name: string): string {
  const mark = url.indexOf('?')
  if (mark === -1) return url
  const kept = url
    .slice(mark + 1)
    .split('&')
    .filter((pair) => !new URLSearchParams(pair).has(name))
  return kept.length === 0 ? url.slice(0, mark) : `${url.slice(0, mark)}?${kept.join('&')}`
}
