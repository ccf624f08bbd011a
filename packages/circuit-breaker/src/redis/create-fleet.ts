import { type Clock, systemClock } from '../clock.ts'
import { Fleet } from '../fleet/fleet.ts'
import { FLEET_TUNING, type FleetTuning, readFleetTuning } from '../fleet/fleet-options.ts'
import { OptionChecker } from '../options/option-checker.ts'
import type { RedisClient } from './redis-client.ts'
import { RedisFleetStore } from './redis-fleet-store.ts'

/** Shards must be the same on all instances: in a cluster a number that spreads well over any of usual size. */
const CLUSTER_SHARDS = 16
const PREFIX = /^[^{}\s]{1,64}$/

export interface FleetOptions extends FleetTuning {
  /** An ioredis client, 5 or 6: `Redis`, `Cluster`, or `app.redis` of `@fastify/redis`. It is not closed. */
  redis: RedisClient
  /** What all keys begin with: one for each fleet, 1 to 64 characters without braces and spaces. Default `sluice`. */
  prefix?: string
  /** Into how many slots breakers are spread, 1 to 256; the same on all instances. Default 1, in a cluster 16. */
  shards?: number
}

export interface FleetEnvironment {
  /** Default: the system's. It must be that of the breakers. */
  readonly clock?: Clock
  /** 0 to below 1. Default `Math.random`. */
  readonly random?: () => number
}

/**
 * Joins a fleet that meets in Redis; hand it to breakers as their `coordinator`, and close it at the end.
 * Throws `OptionsError`.
 */
export function createFleet(options: FleetOptions, environment: FleetEnvironment = {}): Fleet {
  const { clock = systemClock, random = Math.random } = environment
  const check = new OptionChecker()
  check.object('fleet', options, ['redis', 'prefix', 'shards', ...FLEET_TUNING])
  const { redis, prefix = 'sluice', shards } = options
  if (typeof redis?.call !== 'function' || typeof redis.duplicate !== 'function') {
    check.problem('fleet.redis', redis, 'an ioredis client')
  }
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    check.problem('fleet.prefix', prefix, '1 to 64 characters without braces and spaces')
  }
  const several = redis?.isCluster ? CLUSTER_SHARDS : 1
  const count = check.number('fleet.shards', shards, several, { from: 1, to: 256, integer: true })
  const tuning = readFleetTuning(check, options)
  check.finish()
  return new Fleet({ store: new RedisFleetStore(redis, prefix, count), tuning, clock, random })
}
