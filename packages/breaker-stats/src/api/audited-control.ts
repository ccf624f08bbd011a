import { channel } from 'node:diagnostics_channel'
import type { FastifyRequest } from 'fastify'
import type { CircuitBreaker } from '@sluice/circuit-breaker'
import { NoFleetError } from '../errors.ts'
import { parseControl, type ControlAction, type ControlScope } from './control.ts'

/** What was done to a breaker by hand; also published on diagnostics_channel `sluice:breaker-stats:control`. */
export interface ControlEvent {
  readonly breaker: string
  readonly action: ControlAction
  readonly actor: string
  readonly reason?: string
  readonly forMs?: number
  readonly scope: ControlScope
  /** Epoch ms. */
  readonly at: number
  readonly requestId: string
}

const audit = channel('sluice:breaker-stats:control')

/**
 * Acts on a breaker as its request asks, and leaves a trace: one log line and one event.
 *
 * @throws SLUICE_STATS_BAD_CONTROL for a bad body
 * @throws SLUICE_STATS_NO_FLEET for the scope `fleet` where there is none
 */
export function control(breaker: CircuitBreaker, action: ControlAction, request: FastifyRequest): void {
  const asked = parseControl(action, request.body)
  const inFleet = breaker.snapshot().fleet !== undefined
  if (asked.scope === 'fleet' && !inFleet) throw new NoFleetError(breaker.name)
  const actor = actorOf(request)
  breaker[action]({ ...asked, actor })
  const event: ControlEvent = {
    breaker: breaker.name,
    action,
    actor,
    ...asked,
    scope: asked.scope ?? (inFleet ? 'fleet' : 'local'),
    at: Date.now(),
    requestId: request.id,
  }
  request.log.warn({ audit: event }, `circuit breaker ${breaker.name}: ${action} by ${actor}`)
  if (audit.hasSubscribers) audit.publish(event)
}

/** The consumer whose key was used, or else the address. */
function actorOf(request: FastifyRequest): string {
  const { apiKey } = request as { apiKey?: { consumer?: string; id?: string } | null }
  return apiKey?.consumer ?? apiKey?.id ?? request.ip
}
