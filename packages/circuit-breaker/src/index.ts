export {
  type BreakerEnvironment,
  CircuitBreaker,
  type Control,
  createCircuitBreaker,
  type TimedControl,
} from './breaker.ts'
export type { CallContext } from './execute/call-context.ts'
export { classify, type Verdict } from './classify.ts'
export { type Clock, type ClockTimer, systemClock } from './clock.ts'
export type {
  BreakerCoordinator,
  FleetControl,
  FleetMember,
  SharedVerdict,
  VerdictCause,
} from './fleet/coordinator.ts'
export type { PastVerdict } from './fleet/fleet-store.ts'
export type { BreakerListener } from './events/emitter.ts'
export { BreakerOpenError, BreakerTimeoutError, UnknownBreakerError } from './errors.ts'
export type {
  BreakerEventName,
  BreakerEvents,
  FailureEvent,
  FallbackEvent,
  ProbeEvent,
  RejectEvent,
  RemovedEvent,
  SettledEvent,
  TransitionEvent,
} from './events/events.ts'
export type { ExecuteOptions } from './execute/execute.ts'
export type { Fallback, FallbackCall, FallbackHandler } from './fallback.ts'
export type {
  FleetCounters,
  FleetEvent,
  FleetFacts,
  FleetMode,
  FleetStatus,
  InstanceVerdict,
} from './fleet/fleet-status.ts'
export type { GroupOptions } from './registry/group.ts'
export { KeyedBreakers } from './registry/keyed-breakers.ts'
export { retryAfterMs } from './http/retry-after.ts'
export type { LatencyBuckets, LatencyKind, LatencySummary } from './latency/latency.ts'
export { type OptionProblem, OptionsError } from './options/options-error.ts'
export type {
  Attempt,
  BreakerOptions,
  BulkheadOptions,
  CountWindowOptions,
  FailOnOptions,
  OpenOptions,
  ProbeOptions,
  RecoveryOptions,
  ResolvedBreakerOptions,
  TimeWindowOptions,
} from './options/options.ts'
export type { FailureCause, FailureKind, Outcome } from './outcome.ts'
export type { Permit } from './permit.ts'
export { BreakerRegistry, type KeyedOptions, type RegistryOptions } from './registry/registry.ts'
export type { Rejection, Rejections, RejectReason } from './rejection.ts'
export type { SavedBreaker } from './saved-breaker.ts'
export type { BreakerSnapshot } from './snapshot.ts'
export type { BreakerState, Scope, TransitionRecord } from './circuit/state.ts'
export type { Totals } from './totals.ts'
export type { CallSample, TripStrategy, TripStrategyFactory } from './circuit/trip-strategy.ts'
export type { WindowCounts } from './window/window.ts'
export {
  circuitBreaker,
  circuitBreaker as default,
  type CircuitBreakerOptions,
} from './plugin/circuit-breaker.ts'
export type {
  FallbackReason,
  RouteFallback,
  RouteFallbackCall,
  RouteFallbackHandler,
} from './plugin/fallback/fallback.ts'
export { countHandshake } from './plugin/handshake.ts'
export type { HonorRetryAfter } from './http/honor-retry-after.ts'
export type { BreakerKey, RouteBreaker, RouteBreakerOptions } from './plugin/guard-options.ts'
