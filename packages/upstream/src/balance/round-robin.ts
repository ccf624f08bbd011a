import type { Origin } from '../origin/origin.ts'
import type { Policy } from './policy.ts'

/**
 * Smooth weighted round-robin, as in nginx: each origin earns its weight at each pick, and the richest pays for all.
 * Weights may change from pick to pick, as they do in a slow start.
 */
export const roundRobin: Policy = {
  pick(origins, now) {
    let best = origins[0] as Origin
    let total = 0
    for (const origin of origins) {
      const weight = origin.weightAt(now)
      total += weight
      origin.credit += weight
      if (origin.credit > best.credit) best = origin
    }
    best.credit -= total
    return best
  },
}
