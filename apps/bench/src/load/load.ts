import { findBinary } from '../binary.ts'
import { loadByAutocannon } from './autocannon.ts'
import { loadByWrk } from './wrk.ts'

export interface LoadOptions {
  readonly url: string
  readonly seconds: number
  readonly connections: number
  readonly headers?: Readonly<Record<string, string>>
  /** How many URLs are asked for in turn, by their queries; Infinity: none twice. Default: the one. */
  readonly urls?: number
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answers other than 2xx and 3xx, and requests without an answer. */
  readonly errors: number
}

/** On a busy machine a very short load may be over before the first answer. */
const MOST_TRIES = 20

const wrk = findBinary('wrk')

/** Which generator makes the load of so many seconds. `wrk` knows whole ones alone. */
export function generator(seconds: number): 'wrk' | 'autocannon' {
  return wrk !== undefined && Number.isInteger(seconds) ? 'wrk' : 'autocannon'
}

/** As many requests as the server takes, over so many connections. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const result = await loadOnce(options)
    if (result.requests > 0) return result
  }
  throw new Error(`${options.url} answered nothing`)
}

function loadOnce(options: LoadOptions): Promise<LoadResult> {
  return wrk !== undefined && generator(options.seconds) === 'wrk'
    ? loadByWrk(wrk, options)
    : loadByAutocannon(options)
}
