import type { FastifyReply } from 'fastify'
import type { RouteRule } from './route-rule.ts'

/** An answer of RFC 9457 that says as much as a stranger may know. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly [member: string]: unknown
}

/** The answers to requests without a good key. Built once: a flood of bad keys is answered from ready text. */
export interface Refusals {
  missing(reply: FastifyReply): void
  /** Malformed, unknown, revoked, expired, from another place: one answer for all, so that nobody learns which. */
  invalid(reply: FastifyReply): void
  scope(reply: FastifyReply, rule: RouteRule): void
  throttled(reply: FastifyReply, retryAfterMs: number): void
  unavailable(reply: FastifyReply, retryAfterMs: number): void
}

export function createRefusals(realm: string, bearer: boolean): Refusals {
  const challenge = (error?: string): string[] => [
    `ApiKey realm="${realm}"`,
    ...(bearer ? [`Bearer realm="${realm}"${error === undefined ? '' : `, ${error}`}`] : []),
  ]
  const missing = problem(401, 'Unauthorized', 'SLUICE_API_KEY_MISSING', 'This resource needs an API key')
  const invalid = problem(401, 'Unauthorized', 'SLUICE_API_KEY_INVALID', 'The API key is not valid')
  const missingChallenge = challenge()
  const invalidChallenge = challenge('error="invalid_token"')
  return {
    missing: (reply) => send(reply.header('www-authenticate', missingChallenge), 401, missing),
    invalid: (reply) => send(reply.header('www-authenticate', invalidChallenge), 401, invalid),
    scope: (reply, { allOf, anyOf }) => {
      const needed = [...allOf, ...anyOf].join(' ')
      reply.header('www-authenticate', challenge(`error="insufficient_scope", scope="${needed}"`))
      send(reply, 403, scopeProblem(allOf, anyOf))
    },
    throttled: (reply, retryAfterMs) =>
      later(
        reply,
        429,
        'Too Many Requests',
        'SLUICE_API_KEY_THROTTLED',
        'Too many bad API keys',
        retryAfterMs,
      ),
    unavailable: (reply, retryAfterMs) =>
      later(
        reply,
        503,
        'Service Unavailable',
        'SLUICE_API_KEY_STORE_UNAVAILABLE',
        'API keys cannot be checked at present',
        retryAfterMs,
      ),
  }
}

function scopeProblem(allOf: readonly string[], anyOf: readonly string[]): string {
  return problem(
    403,
    'Forbidden',
    'SLUICE_API_KEY_SCOPE',
    'The API key lacks a scope that this resource needs',
    {
      ...(allOf.length > 0 ? { scopes: allOf } : {}),
      ...(anyOf.length > 0 ? { anyOf } : {}),
    },
  )
}

function later(
  reply: FastifyReply,
  status: number,
  title: string,
  code: string,
  detail: string,
  retryAfterMs: number,
): void {
  const retryAfter = Math.max(1, Math.ceil(retryAfterMs / 1000))
  send(reply.header('retry-after', retryAfter), status, problem(status, title, code, detail, { retryAfter }))
}

function problem(status: number, title: string, code: string, detail: string, more: object = {}): string {
  return JSON.stringify({ type: 'about:blank', title, status, detail, code, ...more } satisfies Problem)
}

function send(reply: FastifyReply, status: number, body: string): void {
  void reply
    .code(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(body)
}
