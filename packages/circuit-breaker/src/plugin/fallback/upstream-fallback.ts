import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { clientSignal } from '../client.ts'
import type { UpstreamFallback } from '../../fallback.ts'
import type { FallbackReason, FallbackSource } from './fallback.ts'

/** RFC 9110 §9.2.2: what may be sent again although the first try may have arrived. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])

/**
 * The same request to another origin, body and answer streamed. An answer of 5xx is none: the original stands then.
 * undici is loaded here, at start-up, so that only users of this fallback need it.
 */
export async function upstreamFallback(options: UpstreamFallback): Promise<FallbackSource> {
  const { askOrigin } = await import('../../undici/ask-origin.ts')
  const { prefix = '', timeoutMs = 10_000 } = options
  const origin = new URL(options.origin)
  return async (_error, { request, reply, reason }) => {
    const sendable = outgoing(request, reason)
    const url = target(origin, prefix, request.raw.url ?? '/')
    if (sendable === undefined || url === undefined) return undefined
    const signal = clientSignal(reply)
    const { status, headers, body } = await askOrigin({
      url,
      method: request.method,
      ...sendable,
      signal,
      timeoutMs,
    })
    if (status < 500) return { status, headers, payload: body }
    body.on('error', () => {}).destroy()
    throw new Error(`fallback origin answered ${status}`)
  }
}

/** Undefined for a path that would leave the origin's own (`/../admin`, encoded or not: `URL` resolves both). */
function target(origin: URL, prefix: string, requested: string): URL | undefined {
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(requested) ?? []
  const begins = path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/')
  const base = origin.pathname.replace(/\/$/, '')
  const url = new URL(origin)
  url.pathname = `${base}/${(begins ? path.slice(prefix.length) : path).replace(/^\/+/, '')}`
  url.search = query
  return url.pathname.startsWith(`${base}/`) ? url : undefined
}

/** Headers and body to send; undefined when the request cannot be made again. */
function outgoing(
  request: FastifyRequest,
  reason: FallbackReason,
): { headers: IncomingHttpHeaders; body: string | Buffer | Readable | null } | undefined {
  if (reason !== 'rejection' && !idempotent.has(request.method)) return undefined
  const { body } = request
  if (body === undefined || body === null) return { headers: request.headers, body: null }
  if (body instanceof Readable) {
    return Readable.isDisturbed(body) ? undefined : { headers: request.headers, body }
  }
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : parsedJson(request)
  if (bytes === undefined) return undefined
  const { 'content-length': _, 'transfer-encoding': __, ...headers } = request.headers
  return { headers, body: bytes }
}

/** A body that Fastify parsed, written out again. Of the parsed types only JSON has one way to do so. */
function parsedJson({ mediaType, body }: FastifyRequest): string | undefined {
  return mediaType === 'application/json' || mediaType?.endsWith('+json') ? JSON.stringify(body) : undefined
}
