import type { Origin } from '../origin/origin.ts'
import type { Policy } from './policy.ts'

/**
 * The power of two random choices: of two origins the one with fewer requests in flight for its weight. Nearly as even
 * as looking at all of them, without the herd that runs to whichever was idle a moment ago.
 */
export function leastRequests(random: () => number): Policy {
  return {
    pick(origins, now) {
      const first = Math.floor(random() * origins.length)
      // Any but the first: skip 0 to length - 2 places past it.
      const step = 1 + Math.floor(random() * (origins.length - 1))
      const one = origins[first] as Origin
      const other = origins[(first + step) % origins.length] as Origin
      return load(other, now) < load(one, now) ? other : one
    },
  }
}

function load(origin: Origin, now: number): number {
  return (origin.active + 1 + origin.failureScore.at(now)) / origin.weightAt(now)
}
