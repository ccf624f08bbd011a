import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { RouteRules } from '../options/route-options.ts'
import { tuple } from './tuple.ts'

/** Request headers that say who asks. Their values are secrets: keys hold digests of them. */
const CREDENTIALS = ['authorization', 'x-api-key'] as const

/** What an authentication plugin leaves on the request; read by shape, so that none is needed. */
interface Authenticated {
  readonly apiKey?: { readonly consumer?: unknown } | null
}

/**
 * Whose answers a request may be given besides shared ones; undefined: nobody's in particular. The consumer of a verified
 * API key together with `Authorization`, which may stand for a user of that consumer; else the credentials as they came.
 */
export function consumerOf(request: FastifyRequest, rules: RouteRules): string | undefined {
  if (rules.policy.shared) return undefined
  if (rules.partition !== undefined) return rules.partition(request)
  const { headers } = request.raw
  const consumer = (request as Authenticated).apiKey?.consumer
  if (typeof consumer === 'string') {
    return headers.authorization === undefined
      ? tuple([consumer])
      : tuple([consumer, digest(headers.authorization)])
  }
  if (headers.authorization === undefined && headers['x-api-key'] === undefined) return undefined
  return tuple(['', ...CREDENTIALS.map((name) => digest(String(headers[name] ?? '')))])
}

function digest(secret: string): string {
  return hash('sha256', secret, 'base64url')
}
