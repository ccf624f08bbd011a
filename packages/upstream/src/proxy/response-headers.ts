import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import { connectionTokens, HOP_BY_HOP } from './hop-by-hop.ts'

/** Removes what the upstream's `Connection` header declares to be of that connection alone. */
export function dropConnectionFields(headers: IncomingHttpHeaders): void {
  for (const token of connectionTokens(headers.connection)) delete headers[token]
}

/** Copies end-to-end fields to the reply. */
export function copyResponseHeaders(headers: IncomingHttpHeaders, reply: FastifyReply): void {
  for (const name in headers) {
    if (!HOP_BY_HOP.has(name) && name.charCodeAt(0) !== 58) reply.header(name, headers[name])
  }
}

/** Takes them back, so that an error does not go out with the headers of the response that failed. */
export function removeResponseHeaders(headers: IncomingHttpHeaders, reply: FastifyReply): void {
  for (const name in headers) reply.removeHeader(name)
}

// Content that frames, routes or authorises may not come after the body (RFC 9110 §6.5.1).
const NOT_IN_TRAILERS = new Set([
  ...HOP_BY_HOP,
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'host',
  'set-cookie',
])

/** The trailer fields that may be passed on, or undefined if there are none. */
export function forwardableTrailers(trailers: IncomingHttpHeaders): [string, string][] | undefined {
  const fields: [string, string][] = []
  for (const name in trailers) {
    if (!NOT_IN_TRAILERS.has(name)) fields.push([name, String(trailers[name])])
  }
  return fields.length === 0 ? undefined : fields
}
