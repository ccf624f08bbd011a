/** `ignored` is nobody's failure: a client that left, a limit of our own, a 429. It gives a probe's place back. */
export type Outcome = 'success' | 'failure' | 'ignored'

export type FailureKind = 'timeout' | 'status' | 'network' | 'error'

export interface FailureCause {
  readonly kind: FailureKind
  /** Short and bounded, e.g. `503` or `ECONNREFUSED`: it is shown beside transitions. */
  readonly detail?: string
}

/** For records: `status 503`, `timeout`. */
export function describeCause({ kind, detail }: FailureCause): string {
  return detail === undefined ? kind : `${kind} ${detail}`
}
