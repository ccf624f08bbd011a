import type { Origin } from '../origin/origin.ts'
import type { Policy } from './policy.ts'

/**
 * Consistent hashing by highest random weight (rendezvous): each origin draws a number from the key and its own name,
 * and the highest wins. When an origin goes, its keys alone move; when one of n comes, it takes 1/n of each other's.
 * Weights scale the draw so that the shares are exactly proportional (Schindelhauer and Schomaker, 2005).
 */
export const rendezvous: Policy = {
  pick(origins, _now, hash) {
    let best = origins[0] as Origin
    let highest = -Infinity
    for (const origin of origins) {
      const score = -origin.weight / Math.log(draw(hash, origin.seed))
      if (score > highest) {
        highest = score
        best = origin
      }
    }
    return best
  },
}

/** Uniform above 0 and below 1. */
function draw(hash: number, seed: number): number {
  return ((mix(hash ^ Math.imul(seed, 0x9e3779b1)) >>> 0) + 0.5) / 4_294_967_296
}

/** The finalizer of MurmurHash3: each bit of the input moves half of the output's. */
function mix(value: number): number {
  let h = value ^ (value >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** FNV-1a over the text's UTF-16 code units, mixed: 32 bits. */
export function hashOf(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h) >>> 0
}
