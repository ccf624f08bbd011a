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
  /** The slice in use: its number, its place, when it began and when it ends. */
  #current = -Infinity
  #slot = 0
  #start = Infinity
  #end = -Infinity

  constructor(leaseMs: number) {
    this.#sliceMs = leaseMs / SLICES
  }

  enter(now: number): void {
    this.expire(now)
    this.#slices ??= new Uint32Array(SLICES + 1)
    this.#slices[this.#slot]! += 1
    this.count += 1
  }

  leave(enteredAt: number): void {
    const slot = enteredAt >= this.#start ? this.#slot : this.#slotAt(enteredAt)
    if (slot === undefined) return
    this.#slices![slot]! -= 1
    this.count -= 1
  }

  /** Forgets permits whose lease is over. */
  expire(now: number): void {
    if (now >= this.#end) this.#turn(now)
  }

  #slotAt(enteredAt: number): number | undefined {
    const slice = Math.floor(enteredAt / this.#sliceMs)
    return slice < this.#current - SLICES ? undefined : slotOf(slice)
  }

  #turn(now: number): void {
    const next = Math.floor(now / this.#sliceMs)
    const first = Math.max(this.#current + 1, next - SLICES)
    for (let slice = first; slice <= next && this.#slices !== undefined; slice += 1) {
      this.count -= this.#slices[slotOf(slice)]!
      this.#slices[slotOf(slice)] = 0
    }
    this.#current = next
    this.#slot = slotOf(next)
    this.#start = next * this.#sliceMs
    this.#end = this.#start + this.#sliceMs
  }
}

function slotOf(slice: number): number {
  const index = slice % (SLICES + 1)
  return index < 0 ? index + SLICES + 1 : index
}
