import type { IncomingMessage } from 'node:http'

/** What one pass over a request's headers tells. */
export interface HeaderScan {
  /** How often the key's header came: Node joins repeated ones, and drops repeated `authorization`. */
  readonly keyHeaders: number
  readonly authorizations: number
  /** Whether the client sent headers that speak about identity. */
  readonly claimsIdentity: boolean
}

/** `x-consumer-…` and `x-credential-…`, also with the underscores that CGI-style servers take for dashes. */
const identityPattern = /^x[-_](?:consumer|credential)[-_]/i

export function scanHeaders(rawHeaders: readonly string[], keyHeader: string | false): HeaderScan {
  let keyHeaders = 0
  let authorizations = 0
  let claimsIdentity = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    const first = name.charCodeAt(0) | 0x20
    if (first === 120 /* x */ && identityPattern.test(name)) claimsIdentity = true
    if (name.length === 13 && first === 97 /* a */ && name.toLowerCase() === 'authorization') authorizations++
    if (keyHeader !== false && name.length === keyHeader.length && name.toLowerCase() === keyHeader)
      keyHeaders++
  }
  return { keyHeaders, authorizations, claimsIdentity }
}

/** Takes away what the client says about identity, from the headers and from the list of those to drop on the way. */
export function removeIdentityClaims(raw: IncomingMessage): void {
  for (const name of Object.keys(raw.headers)) if (identityPattern.test(name)) removeHeader(raw, name)
}

/**
 * Takes our identity headers off the client's `Connection` list. Proxies drop what is listed there, so that a client
 * could make its request arrive without an identity.
 */
export function keepIdentityOnTheWay(raw: IncomingMessage): void {
  const { connection } = raw.headers
  if (connection === undefined || !/x[-_]c/i.test(connection)) return
  const kept = connection.split(',').filter((name) => !identityPattern.test(name.trim()))
  if (kept.length > 0) raw.headers.connection = kept.join(',')
  else removeHeader(raw, 'connection')
}

/** Removes a header in both of Node's forms, so that a proxy that reads either does not see it. */
export function removeHeader(raw: IncomingMessage, name: string): void {
  // Not by `delete`: that turns the object into a hash table, and copying it later costs more than all else here.
  const kept: IncomingMessage['headers'] = {}
  for (const key of Object.keys(raw.headers)) if (key !== name) kept[key] = raw.headers[key]
  replaceHeaders(raw, kept)
  removeRawHeader(raw.rawHeaders, name)
}

/**
 * In place, since HTTP/2 requests have a getter alone; by hand, since `splice` makes an array of what it removes, and to set
 * an array's length is slower than all the rest.
 */
function removeRawHeader(rawHeaders: string[], name: string): void {
  let length = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index] as string
    if (candidate.length === name.length && candidate.toLowerCase() === name) continue
    rawHeaders[length] = candidate
    rawHeaders[length + 1] = rawHeaders[index + 1] as string
    length += 2
  }
  while (rawHeaders.length > length) rawHeaders.pop()
}

/** HTTP/2 requests have a getter alone. */
function replaceHeaders(raw: IncomingMessage, headers: IncomingMessage['headers']): void {
  if (raw.httpVersionMajor === 2)
    Object.defineProperty(raw, 'headers', { value: headers, configurable: true })
  else raw.headers = headers
}

export function setHeader(raw: IncomingMessage, name: string, value: string): void {
  raw.headers[name] = value
  raw.rawHeaders.push(name, value)
}
