import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { request } from 'undici'
import { endToEnd } from './hop-by-hop.ts'

export interface OriginRequest {
  readonly url: URL
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: string | Buffer | Readable | null
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal
  /** Longest time until the response headers, in ms. */
  readonly timeoutMs: number
}

export interface OriginAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Readable
}

/** Set anew by undici for the request that it sends. */
const ownHeaders: ReadonlySet<string> = new Set(['host', 'expect'])

/**
 * Passes a request on to another origin, by undici's global dispatcher, and returns its answer, the body as a stream.
 *
 * @throws what undici throws, or a `TimeoutError` when no headers came in time; never for a status.
 */
export async function askOrigin(asked: OriginRequest): Promise<OriginAnswer> {
  const abort = new AbortController()
  const leave = (): void => abort.abort(asked.signal.reason)
  if (asked.signal.aborted) leave()
  asked.signal.addEventListener('abort', leave, { once: true })
  const late = new DOMException(`no answer within ${asked.timeoutMs} ms`, 'TimeoutError')
  const timer = setTimeout(() => abort.abort(late), asked.timeoutMs)
  const bodiless = asked.method === 'GET' || asked.method === 'HEAD'
  try {
    const { statusCode, headers, body } = await request(asked.url, {
      method: asked.method,
      headers: endToEnd(asked.headers, ownHeaders),
      body: bodiless ? null : asked.body,
      signal: abort.signal,
      bodyTimeout: asked.timeoutMs,
    })
    body.once('close', () => asked.signal.removeEventListener('abort', leave))
    return { status: statusCode, headers: endToEnd(headers), body }
  } catch (error) {
    asked.signal.removeEventListener('abort', leave)
    throw error
  } finally {
    clearTimeout(timer)
  }
}
