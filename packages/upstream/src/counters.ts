/** What an upstream has done since it was created; only ever grows. */
export class UpstreamCounters {
  readonly upstream: string
  requests = 0
  attempts = 0
  retries = 0
  hedges = 0
  readonly #errors = new Map<string, number>()

  constructor(upstream: string) {
    this.upstream = upstream
  }

  /** Counts a request that ended in an error, by its code. Codes are a closed set, whatever callers abort with. */
  failed(error: Error): void {
    const { code } = error as { code?: unknown }
    const known = typeof code === 'string' && code.startsWith('SLUICE_') ? code : 'ABORTED'
    this.#errors.set(known, (this.#errors.get(known) ?? 0) + 1)
  }

  get errors(): Record<string, number> {
    return Object.fromEntries(this.#errors)
  }
}
