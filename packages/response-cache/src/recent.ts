/** What has come lately, in two generations: bounded, without a clock, and for a fraction of what an exact order costs. */
export class Recent<Value> {
  #young = new Map<string, Value>()
  #old: Map<string, Value> = new Map()

  get isEmpty(): boolean {
    return this.#young.size === 0 && this.#old.size === 0
  }

  get(key: string): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  /** Keeps the value among the last `span` (twice as many at most). */
  set(key: string, value: Value, span: number): void {
    this.#young.set(key, value)
    if (this.#young.size < span) return
    this.#old = this.#young
    this.#young = new Map()
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }
}
