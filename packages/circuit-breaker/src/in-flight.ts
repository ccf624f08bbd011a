const SLICES = 4

/**
 * How many permits are out. Those that nobody gives back within the lease no longer count, and without a list of
 * them: they are counted by the slice of time in which they were given, and whole slices expire.
 */
export class InFlight {
  count = 0
  readonly #sliceMs: number
  /** Made with the first call; one more than fit the lease, so that none expires early. */
  #slices: Uint32Array | undefined
  #current = -Infinity
  #start = Infinity
  #end = -Infinity

  constructor(leaseMs: number) {
    this.#sliceMs = leaseMs / SLICES
  }

  enter(now: number): void {
    this.expire(now)
    this.#slices ??= new Uint32Array(SLICES + 1)
    this.#slices[slot(this.#current)]! += 1
    this.count += 1
  }

  leave(enteredAt: number, now: number): void {
    this.expire(now)
    const slice = enteredAt >= this.#start ? this.#current : Math.floor(enteredAt / this.#sliceMs)
    if (slice < this.#current - SLICES) return
    this.#slices![slot(slice)]! -= 1
    this.count -= 1
  }

  /** Forgets permits whose lease is over. */
  expire(now: number): void {
    if (now < this.#end) return
    const next = Math.floor(now / this.#sliceMs)
    const first = Math.max(this.#current + 1, next - SLICES)
    for (let slice = first; slice <= next && this.#slices !== undefined; slice += 1) {
      this.count -= this.#slices[slot(slice)]!
      this.#slices[slot(slice)] = 0
    }
    this.#current = next
    this.#start = next * this.#sliceMs
    this.#end = this.#start + this.#sliceMs
  }
}

function slot(slice: number): number {
  const index = slice % (SLICES + 1)
  return index < 0 ? index + SLICES + 1 : index
}
