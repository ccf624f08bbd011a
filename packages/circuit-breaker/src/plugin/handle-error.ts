import type { FastifyError, FastifyReply, RouteOptions } from 'fastify'
import { refusalIn } from '../http/judge.ts'
import { missing, standIn } from './fallback/stand-in.ts'
import type { FallbackReason } from './fallback/fallback.ts'
import { fallsBackOn, type GuardedRoute } from './guarded-route.ts'
import { dropHeaders } from './header-names.ts'
import { sendRejection } from './problem.ts'
import { kGuard } from './request-state.ts'
import type { RouteGuard } from './route-guard.ts'
import { giveBack } from './take-over.ts'

type ErrorHandler = NonNullable<RouteOptions['errorHandler']>

/**
 * The route's error handler: judges the handler's error. It answers a breaker's refusal as the gate would, and with
 * the fallback where there is one; all other errors go on to `next`, or else to the handler of the instance.
 */
export function handleError(route: GuardedRoute, next: ErrorHandler | undefined): ErrorHandler {
  return function circuitBreakerError(thrown, request, reply): unknown {
    // By rejection: Fastify takes it for an error whatever was thrown, and goes on to the next handler.
    const pass = (): unknown =>
      next === undefined ? Promise.reject(thrown) : next.call(this, thrown, request, reply)
    const guard = request[kGuard]
    const refusal = refusalIn(thrown)
    if (guard === null) {
      if (refusal === undefined || route.isFollowed) return pass()
      sendRejection(reply, refusal)
      return reply
    }
    if (guard.answered) {
      // Our own answer failed on its way, in another plugin's hook.
      giveBack(reply)
      return pass()
    }
    if (refusal !== undefined) {
      guard.permit?.ignore()
      return answer(route, guard, 'rejection', refusal, () => {
        dropHeaders(reply, guard.headersBefore)
        sendRejection(reply, refusal)
        return reply
      })
    }
    return guard.fail(thrown, statusOf(thrown, reply)) === 'failure'
      ? answer(route, guard, 'error', thrown, pass)
      : pass()
  }
}

function answer(
  route: GuardedRoute,
  guard: RouteGuard,
  reason: FallbackReason,
  error: Error,
  otherwise: () => unknown,
): unknown {
  if (!fallsBackOn(route, reason)) return otherwise()
  return standIn(route, missing(guard, reason, error)).then((found) => (found ? found.payload : otherwise()))
}

/** The status that Fastify would answer an error with. */
function statusOf(error: FastifyError & { status?: number }, { statusCode }: FastifyReply): number {
  const own = [error.statusCode, error.status].find(
    (status) => status !== undefined && status >= 400 && status <= 599,
  )
  return own ?? (statusCode >= 400 ? statusCode : 500)
}
