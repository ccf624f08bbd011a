import type { FastifyRequest } from 'fastify'
import { DuplicateHostError } from './errors.ts'
import { forwardedFields } from './forwarded.ts'
import { acceptsTrailers, connectionTokens, HOP_BY_HOP } from './hop-by-hop.ts'
import { isTraceparent, newTraceparent } from './trace-context.ts'

/** Header fields by lower-case name, as undici takes them; `undefined` is not sent. */
export type OutgoingFields = Record<string, string | string[] | undefined>

export interface RequestHeaderOptions {
  /** Fields of the client that never reach the upstream, such as the one that carries the API key. Default: none. */
  readonly stripHeaders?: readonly string[] | undefined
  /**
   * Fields that the proxy itself vouches for, such as the consumer's identity. They replace the client's, and no
   * `Connection` header can remove them; `undefined` removes the client's. Default: none.
   */
  readonly requestHeaders?: ((request: FastifyRequest) => OutgoingFields) | undefined
}

// Written by the proxy itself (`host` by undici, from the origin), or meaningless beyond this hop.
const REPLACED = ['expect', 'forwarded', 'host', 'traceparent', 'via', 'x-real-ip', 'x-request-id']

/** Builds the function that turns a client's request into the header fields for the upstream. */
export function requestHeaderBuilder(
  options: RequestHeaderOptions,
): (request: FastifyRequest) => OutgoingFields {
  const { requestHeaders, stripHeaders = [] } = options
  const dropped = new Set([...HOP_BY_HOP, ...REPLACED, ...stripHeaders.map((name) => name.toLowerCase())])

  return function buildRequestHeaders(request) {
    const { headers, raw } = request
    requireOneHost(raw.rawHeaders)
    const fields = forwardedFields(request)
    fields['x-request-id'] = request.id
    const tokens = connectionTokens(headers.connection)
    for (const name in headers) {
      if (dropped.has(name) || isProxyField(name, dropped) || tokens.includes(name)) continue
      fields[name] = headers[name]
    }
    if (acceptsTrailers(headers.te)) fields.te = 'trailers'
    setTrace(fields, headers.traceparent)
    if (requestHeaders !== undefined) Object.assign(fields, requestHeaders(request))
    return fields
  }
}

/** Node takes the first of several; another server might take the last. */
function requireOneHost(rawHeaders: readonly string[]): void {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host' && ++hosts > 1) throw new DuplicateHostError()
  }
}

/**
 * Names that are dropped whatever the client calls them: pseudo-fields of HTTP/2, every `X-Forwarded-*`, and a dropped
 * name written with underscores, which CGI-like upstreams cannot tell from the real one.
 */
function isProxyField(name: string, dropped: ReadonlySet<string>): boolean {
  if (name.charCodeAt(0) === 58) return true
  if (!name.includes('_')) return name.startsWith('x-forwarded-')
  const dashed = name.replaceAll('_', '-')
  return dropped.has(dashed) || dashed.startsWith('x-forwarded-')
}

/** A valid trace goes on untouched. Without one, a `tracestate` has lost its meaning (W3C Trace Context §3.3.1). */
function setTrace(fields: OutgoingFields, traceparent: string | string[] | undefined): void {
  if (isTraceparent(traceparent)) {
    fields.traceparent = traceparent
  } else {
    fields.traceparent = newTraceparent()
    if (fields.tracestate !== undefined) fields.tracestate = undefined
  }
}
