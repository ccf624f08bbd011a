const SLICES = 4

/**
 * How many permits are out. Those that nobody gives back within the lease no longer count, and without a list of
 * them: they are counted by the slice of time in which they were given, and whole slices expire.
 */
export class InFlight {
  count = 0
  readonly #sliceMs: number
  /** The slice in use: its number, when it ends, and how many of its permits are out. */
  #current = 0
  #end = -Infinity
  #recent = 0
  /** How many are out of each of the slices before; made when there are any. */
  #earlier: number[] | undefined

  constructor(leaseMs: number) {
    this.#sliceMs = leaseMs / SLICES
  }

  /** Forgets permits whose lease is over. To be done before anything else at `now`; returns when again. */
  advance(now: number): number {
    if (now >= this.#end) this.#turn(now)
    return this.#end
  }

  enter(): void {
    this.#recent += 1
    this.count += 1
  }

  leave(enteredAt: number): void {
    if (enteredAt < this.#end - this.#sliceMs) return this.#leaveEarlier(enteredAt)
    this.#recent -= 1
    this.count -= 1
  }

  #leaveEarlier(enteredAt: number): void {
    const slice = Math.floor(enteredAt / this.#sliceMs)
    if (this.#earlier === undefined || slice < this.#current - SLICES) return
    this.#earlier[slotOf(slice)]! -= 1
    this.count -= 1
  }

  #turn(now: number): void {
    const next = Math.floor(now / this.#sliceMs)
    if (this.count === 0 || next - this.#current > SLICES) {
      this.count = this.#recent = 0
      this.#earlier = undefined
    } else {
      for (let slice = this.#current; slice < next; slice += 1) this.#close(slice)
    }
    this.#current = next
    this.#end = (next + 1) * this.#sliceMs
  }

  /** A slice takes the place of the one that expires with it. */
  #close(slice: number): void {
    const earlier = (this.#earlier ??= Array.from({ length: SLICES }, () => 0))
    const slot = slotOf(slice)
    this.count -= earlier[slot]!
    earlier[slot] = this.#recent
    this.#recent = 0
  }
}

function slotOf(slice: number): number {
  const index = slice % SLICES
  return index < 0 ? index + SLICES : index
}
