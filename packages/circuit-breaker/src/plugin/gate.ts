import type { FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify'
import type { CircuitBreaker } from '../breaker.ts'
import type { BreakerOpenError } from '../errors.ts'
import type { Permit } from '../permit.ts'
import type { Rejection } from '../rejection.ts'
import { clientSignal } from './client.ts'
import { standIn } from './fallback/stand-in.ts'
import { fallsBackOn, type GuardedRoute } from './guarded-route.ts'
import { isUpgrade, upgraded } from './handshake.ts'
import { headerNames } from './header-names.ts'
import { onHijack } from './on-hijack.ts'
import { sendRejection } from './problem.ts'
import { kGuard, signalProperty } from './request-state.ts'
import { RouteGuard } from './route-guard.ts'
import { timeOut } from './time-out.ts'

/** preHandler: lets a request through to its handler under a guard, or answers it. */
export function gate(route: GuardedRoute): preHandlerHookHandler {
  return function circuitBreakerGate(request, reply, proceed) {
    const breaker = route.breakerOf(request)
    const pass = (admission: Permit | Rejection | undefined): void => {
      if (admission?.admitted === false) return refuse(route, breaker, request, reply, admission.toError())
      if (admission !== undefined || route.isFollowed) admit(route, breaker, request, reply, admission)
      proceed()
    }
    // An upgrade does not pass through the dispatcher that takes permits per attempt.
    if (route.options.permit === 'attempt' && !isUpgrade(request)) pass(lookAhead(breaker))
    else if (hasQueue(breaker)) breaker.acquireQueued(clientSignal(reply)).then(pass).catch(proceed)
    else pass(breaker.acquire())
  }
}

function hasQueue({ options: { bulkhead } }: CircuitBreaker): boolean {
  return bulkhead !== false && bulkhead.queue > 0
}

/**
 * Where each attempt takes a permit of its own, the gate takes none: it only saves requests the way to a breaker that
 * is open. Half-open and recovering ones decide per attempt.
 */
function lookAhead(breaker: CircuitBreaker): Rejection | undefined {
  const { state } = breaker
  if (breaker.options.mode === 'observe' || (state !== 'open' && state !== 'forced-open')) return undefined
  const admission = breaker.acquire()
  if (!admission.admitted) return admission
  admission.ignore()
  return undefined
}

function admit(
  route: GuardedRoute,
  breaker: CircuitBreaker,
  request: FastifyRequest,
  reply: FastifyReply,
  permit: Permit | undefined,
): void {
  const guard = new RouteGuard({
    request,
    reply,
    breaker,
    permit,
    options: route.options,
    onTimeout: (error) => timeOut(route, guard, error),
  })
  request[kGuard] = guard
  request.circuitBreaker = permit ?? null
  Object.defineProperty(request, 'signal', signalProperty)
  if (isUpgrade(request)) onHijack(reply, () => upgraded(guard))
}

/** No handler has run: nothing but the answer is left to do. */
function refuse(
  route: GuardedRoute,
  breaker: CircuitBreaker,
  request: FastifyRequest,
  reply: FastifyReply,
  error: BreakerOpenError,
): void {
  if (!fallsBackOn(route, 'rejection')) return sendRejection(reply, error)
  standIn(route, { breaker, request, reply, reason: 'rejection', error, headersBefore: headerNames(reply) })
    .then((answer) => (answer === undefined ? sendRejection(reply, error) : reply.send(answer.payload)))
    .catch((failure: unknown) => reply.send(failure))
}
