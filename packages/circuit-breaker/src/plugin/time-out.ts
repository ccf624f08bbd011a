import type { BreakerTimeoutError } from '../errors.ts'
import { missing, standIn } from './fallback/stand-in.ts'
import { fallsBackOn, type GuardedRoute } from './guarded-route.ts'
import { dropHeaders } from './header-names.ts'
import { sendTimeout } from './problem.ts'
import type { RouteGuard } from './route-guard.ts'
import { closeToHandler, giveBack, takeOver } from './take-over.ts'

/** The answer did not begin in time: counts it, aborts the handler's work, and answers in its place. */
export function timeOut(route: GuardedRoute, guard: RouteGuard, error: BreakerTimeoutError): void {
  const { reply } = guard
  if (reply.sent || reply.raw.headersSent) return guard.timeOut(error)
  // Before the abort, which may make the handler answer at once.
  guard.answered = true
  const working = takeOver(reply)
  guard.timeOut(error)
  const answer = (send: () => void): void => {
    giveBack(reply)
    send()
    closeToHandler(reply)
  }
  const sendOwn = (): void => {
    dropHeaders(working, guard.headersBefore)
    answer(() => sendTimeout(reply, error))
  }
  if (!fallsBackOn(route, 'timeout')) return sendOwn()
  standIn(route, { ...missing(guard, 'timeout', error), reply: working })
    .then((found) => (found === undefined ? sendOwn() : answer(() => reply.send(found.payload))))
    .catch((failure: unknown) => answer(() => reply.send(failure)))
}
