import { findBinary } from './binary.ts'
import type { HttpContender } from './http-comparison.ts'

/** A contender that is a server of the system. */
export interface SystemPeer extends HttpContender {
  /** Its program. */
  readonly binary: string
}

/** Those that can take part. */
export function installed(peers: readonly SystemPeer[]): HttpContender[] {
  return peers.filter(({ binary }) => findBinary(binary) !== undefined)
}

/** A note for each of the programs that is not here. */
export function notInstalled(...binaries: readonly string[]): string[] {
  return binaries
    .filter((binary) => findBinary(binary) === undefined)
    .map((binary) => `${binary} is not installed here`)
}
