import type { FastifyRequest } from 'fastify'
import { CrossSiteError, MediaTypeError } from '../errors.ts'

/**
 * Keeps other web pages from acting with a browser's credentials: a browser says who asks (`Sec-Fetch-Site`, or
 * `Origin` where the connection is not trustworthy), and only our own origin may. A body must be JSON, which a form
 * of another site cannot send.
 *
 * @param origins further origins that may act, such as `https://ops.example.com`
 */
export function crossSiteGuard(origins: readonly string[]): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    if (!isOwnSite(request, origins)) throw new CrossSiteError()
    const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = request.headers
    const hasBody = coding !== undefined || (length !== undefined && length !== '0')
    if (type === undefined ? hasBody : !isJson(type)) throw new MediaTypeError()
  }
}

export function isOwnSite(request: FastifyRequest, origins: readonly string[]): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (origin !== undefined && origins.includes(origin)) return true
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return origin === undefined || hostOf(origin) === request.host
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    return undefined // `Origin: null` of sandboxed frames
  }
}

function isJson(type: string): boolean {
  return /^application\/json\s*(?:;|$)/i.test(type)
}
