/** What has come lately, in two generations: bounded, and without a clock. */
export class Recent {
  #young = new Set<string>()
  #old: ReadonlySet<string> = new Set()

  /** Notes a value; whether it is among the last `span` (twice as many at most) that were noted before. */
  note(value: string, span: number): boolean {
    if (this.#young.has(value) || this.#old.has(value)) return true
    this.#young.add(value)
    if (this.#young.size >= span) {
      this.#old = this.#young
      this.#young = new Set()
    }
    return false
  }
}
