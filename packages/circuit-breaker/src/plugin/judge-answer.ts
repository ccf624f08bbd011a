import type { FastifyReply, onSendHookHandler } from 'fastify'
import { missing, standIn } from './fallback/stand-in.ts'
import { fallsBackOn, type GuardedRoute } from './guarded-route.ts'
import { kGuard } from './request-state.ts'
import { discardBody } from './watch-body.ts'

/** onSend: judges what the handler sends, and never changes it unless a fallback for statuses is asked for. */
export function judgeAnswer(route: GuardedRoute): onSendHookHandler {
  return function circuitBreakerAnswer(request, reply, payload, proceed) {
    const guard = request[kGuard]
    if (guard === null || guard.answered) return proceed(null, payload)
    const outcome = guard.begin(payload)
    if (outcome === 'success') return proceed(null, guard.follow(payload))
    if (outcome !== 'failure' || guard.failed || !fallsBackOn(route, 'status')) return proceed(null, payload)
    const { statusCode } = reply
    const error = Object.assign(new Error(`answered ${statusCode}`), { statusCode })
    standIn(route, missing(guard, 'status', error)).then((answer) => {
      if (answer === undefined) return proceed(null, payload)
      discardBody(payload)
      proceed(null, serialised(reply, answer.payload))
    }, proceed)
  }
}

/** onSend comes after serialisation, and takes undefined for: the payload stays. */
function serialised(reply: FastifyReply, payload: unknown): unknown {
  if (payload === undefined || payload === null) return null
  if (typeof payload !== 'object' || Buffer.isBuffer(payload) || 'pipe' in payload) return payload
  if (!reply.hasHeader('content-type')) reply.type('application/json; charset=utf-8')
  return reply.serialize(payload)
}
