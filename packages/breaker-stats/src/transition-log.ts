import type { FastifyBaseLogger } from 'fastify'
import type { BreakerRegistry, TransitionEvent } from '@sluice/circuit-breaker'

/** One line for each transition; `warn` where calls are refused or a person stepped in, else `info`. */
export function logTransitions(registry: BreakerRegistry, log: FastifyBaseLogger): () => void {
  return registry.on('transition', (event) => {
    const { breaker, from, to, reason, cause, scope, actor } = event
    log[levelOf(event)](
      { circuitBreaker: breaker, from, to, reason, cause, scope, actor },
      `circuit breaker ${breaker}: ${from} → ${to}: ${reason}`,
    )
  })
}

function levelOf({ to, scope }: TransitionEvent): 'warn' | 'info' {
  return to === 'open' || to === 'forced-open' || to === 'disabled' || scope === 'manual' ? 'warn' : 'info'
}
