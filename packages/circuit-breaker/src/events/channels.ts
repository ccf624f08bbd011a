import { type Channel, channel } from 'node:diagnostics_channel'
import type { BreakerEventName } from './events.ts'

/** `sluice:circuit-breaker:<event>` for everything that happens to any breaker of the process. */
export const channels: Readonly<Record<BreakerEventName, Channel>> = {
  transition: channel('sluice:circuit-breaker:transition'),
  reject: channel('sluice:circuit-breaker:reject'),
  success: channel('sluice:circuit-breaker:success'),
  failure: channel('sluice:circuit-breaker:failure'),
  ignored: channel('sluice:circuit-breaker:ignored'),
  timeout: channel('sluice:circuit-breaker:timeout'),
  fallback: channel('sluice:circuit-breaker:fallback'),
  probe: channel('sluice:circuit-breaker:probe'),
  removed: channel('sluice:circuit-breaker:removed'),
  fleet: channel('sluice:circuit-breaker:fleet'),
}
