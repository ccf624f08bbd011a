/** Breakers in OpenTelemetry: their events are on diagnostics_channel, and cost nothing until somebody listens. */
import { subscribe } from 'node:diagnostics_channel'
import type { BreakerEventName, BreakerEvents } from '@sluice/circuit-breaker'

/** What is needed of a meter of `@opentelemetry/api`. */
interface Meter {
  createCounter(name: string): { add(value: number, attributes: Record<string, string>): void }
  createHistogram(
    name: string,
    options: { unit: string },
  ): { record(value: number, attributes: Record<string, string>): void }
}

export function meterBreakers(meter: Meter): void {
  const duration = meter.createHistogram('circuitbreaker.call.duration', { unit: 's' })
  const rejected = meter.createCounter('circuitbreaker.call.rejected')
  const changes = meter.createCounter('circuitbreaker.state.changes')
  const on = <E extends BreakerEventName>(event: E, listener: (event: BreakerEvents[E]) => void): void =>
    subscribe(`sluice:circuit-breaker:${event}`, (message) => listener(message as BreakerEvents[E]))

  for (const outcome of ['success', 'failure', 'ignored'] as const) {
    on(outcome, ({ breaker, durationMs }) =>
      duration.record(durationMs / 1000, {
        'circuitbreaker.name': breaker,
        'circuitbreaker.outcome': outcome,
      }),
    )
  }
  on('reject', ({ breaker, reason }) => rejected.add(1, { 'circuitbreaker.name': breaker, reason }))
  on('transition', ({ breaker, from, to }) => changes.add(1, { 'circuitbreaker.name': breaker, from, to }))
}
