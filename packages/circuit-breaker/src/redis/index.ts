export { createFleet, type FleetEnvironment, type FleetOptions } from './create-fleet.ts'
export { Fleet } from '../fleet/fleet.ts'
export { type FleetTuning, parseFleetTuning, type ResolvedFleetTuning } from '../fleet/fleet-options.ts'
export type {
  Dissent,
  FleetCommand,
  FleetListener,
  FleetReply,
  FleetStore,
  FleetSubscription,
  FleetVerdict,
  PastVerdict,
  Standing,
} from '../fleet/fleet-store.ts'
export type { RedisClient } from './redis-client.ts'
