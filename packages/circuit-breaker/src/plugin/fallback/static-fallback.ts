import type { StaticFallback } from '../../fallback.ts'
import type { FallbackSource } from './fallback.ts'

/** The same answer every time, serialised once. */
export function staticFallback({ status = 200, headers = {}, body }: StaticFallback): FallbackSource {
  const [type, payload] = serialise(body)
  const lowerCased = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  const complete = Object.freeze({ ...(type && { 'content-type': type }), ...Object.fromEntries(lowerCased) })
  const answer = Object.freeze({ status, headers: complete, payload })
  return () => answer
}

function serialise(body: unknown): [type: string | undefined, payload: Buffer | undefined] {
  if (body === undefined || body === null) return [undefined, undefined]
  if (typeof body === 'string') return ['text/plain; charset=utf-8', Buffer.from(body)]
  if (body instanceof Uint8Array) return ['application/octet-stream', Buffer.from(body)]
  return ['application/json; charset=utf-8', Buffer.from(JSON.stringify(body))]
}
