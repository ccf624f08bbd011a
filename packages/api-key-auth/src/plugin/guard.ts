import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { ApiKeys } from '../api-keys.ts'
import type { KeyRefusal } from '../audit-trail.ts'
import type { ApiKeyRecord } from '../keys/key-record.ts'
import { satisfies } from '../keys/scopes.ts'
import type { BadKeyThrottle } from '../verify/bad-key-throttle.ts'
import type { Verdict } from '../verify/judge.ts'
import type { KeyOrigin } from '../verify/key-verifier.ts'
import { findCredential, removeCredential, type Credential, type CredentialSources } from './credential.ts'
import { keepIdentityOnTheWay, removeIdentityClaims, scanHeaders, setHeader } from './header-scan.ts'
import type { LastUsed } from './last-used.ts'
import type { Refusals } from './refusal.ts'
import { toApiKey } from './request-api-key.ts'
import type { RouteRule } from './route-rule.ts'

export interface GuardContext {
  readonly keys: ApiKeys
  readonly sources: CredentialSources
  readonly throttle: BadKeyThrottle | undefined
  readonly refusals: Refusals
  readonly lastUsed: LastUsed | undefined
  readonly forward: boolean
  readonly identityHeaders: boolean
}

/** For routes without authentication: lets everybody pass, but nobody with an identity of their own making. */
export function createIdentityGuard({ sources }: GuardContext): onRequestHookHandler {
  return function guardIdentity(request, _reply, done) {
    if (scanHeaders(request.raw.rawHeaders, sources.header).claimsIdentity) removeIdentityClaims(request.raw)
    done()
  }
}

/** For routes with authentication: passes, or answers by itself. */
export function createGuard(context: GuardContext, rule: RouteRule): onRequestHookHandler {
  const { keys, sources, throttle, refusals } = context

  function refuse(request: FastifyRequest, reason: KeyRefusal['reason'], record?: ApiKeyRecord): void {
    keys.counters.refused[reason]++
    if (!keys.audit.hears('refused')) return
    keys.audit.tell('refused', {
      reason,
      ...(record === undefined ? {} : { id: record.id, consumer: record.consumer }),
      ...describeRequest(request),
    })
  }

  /** Whether the verdict lets the request through; if not, the answer is on its way. */
  function conclude(request: FastifyRequest, reply: FastifyReply, verdict: Verdict, now: number): boolean {
    if (verdict.valid) {
      if (satisfies(verdict.record.scopes, rule)) return true
      refuse(request, 'scope', verdict.record)
      refusals.scope(reply, rule)
    } else if (verdict.reason === 'unavailable') {
      refuse(request, 'unavailable')
      refusals.unavailable(reply, verdict.retryAfterMs)
    } else {
      throttle?.count(request.ip, now)
      refuse(request, verdict.reason, verdict.record)
      refusals.invalid(reply)
    }
    return false
  }

  function admit(
    request: FastifyRequest,
    record: ApiKeyRecord,
    source: FoundCredential['source'],
    now: number,
  ): void {
    keys.counters.accepted++
    context.lastUsed?.note(record.id, now)
    request.apiKey = toApiKey(record)
    if (!(rule.forward ?? context.forward)) removeCredential(request.raw, source, sources)
    if (context.identityHeaders) setIdentity(request, record)
    if (keys.audit.hears('accepted')) {
      keys.audit.tell('accepted', { id: record.id, consumer: record.consumer, ...describeRequest(request) })
    }
  }

  return function guardApiKey(request, reply, done) {
    const { raw } = request
    const scan = scanHeaders(raw.rawHeaders, sources.header)
    if (scan.claimsIdentity) removeIdentityClaims(raw)
    if (isPreflight(request)) return done()

    const credential = findCredential(raw, scan, sources)
    const now = keys.now()
    if (credential.kind === 'none') {
      if (rule.optional) return done()
      refuse(request, 'missing')
      return refusals.missing(reply)
    }
    if (credential.kind === 'ambiguous') {
      conclude(request, reply, { valid: false, reason: 'malformed' }, now)
      return
    }
    const waitMs = throttle === undefined || throttle.isIdle ? 0 : throttle.waitMs(request.ip, now)
    if (waitMs > 0 && !keys.verifier.remembers(credential.key, now)) {
      refuse(request, 'throttled')
      return refusals.throttled(reply, waitMs)
    }
    const settle = (verdict: Verdict): void => {
      if (waitMs > 0 && !verdict.valid && verdict.reason !== 'unavailable') {
        refuse(request, 'throttled', verdict.record)
        return refusals.throttled(reply, waitMs)
      }
      if (!conclude(request, reply, verdict, now) || !verdict.valid) return
      admit(request, verdict.record, credential.source, now)
      done()
    }
    const verdict = keys.verifier.verify(credential.key, now, new RequestOrigin(request))
    if (verdict instanceof Promise) void verdict.then(settle)
    else settle(verdict)
  }
}

class RequestOrigin implements KeyOrigin {
  readonly #request: FastifyRequest
  readonly connection: object

  constructor(request: FastifyRequest) {
    this.#request = request
    this.connection = request.raw.socket
  }

  get address(): string {
    return this.#request.ip
  }
}

type FoundCredential = Extract<Credential, { kind: 'found' }>

/** A preflight carries no credentials by design (Fetch, 4.9); what it announces is checked when it comes. */
function isPreflight({ raw: { method, headers } }: FastifyRequest): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  )
}

function setIdentity({ raw }: FastifyRequest, record: ApiKeyRecord): void {
  keepIdentityOnTheWay(raw)
  setHeader(raw, 'x-consumer-id', record.consumer)
  setHeader(raw, 'x-credential-id', record.id)
  if (record.scopes.length > 0) setHeader(raw, 'x-consumer-scopes', record.scopes.join(' '))
}

function describeRequest(
  request: FastifyRequest,
): Pick<KeyRefusal, 'address' | 'method' | 'route' | 'requestId'> {
  return {
    address: request.ip,
    method: request.method,
    route: request.routeOptions.url ?? '',
    requestId: request.id,
  }
}
