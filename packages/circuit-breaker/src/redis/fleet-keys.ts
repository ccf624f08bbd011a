/** The names of a shard's keys. They have one hash tag, and so one slot in a cluster. */
export class FleetKeys {
  readonly channel: string
  readonly log: string
  readonly #base: string
  readonly #version: string

  constructor(prefix: string, shard: number) {
    this.#version = `${prefix}:{cb:${shard}}:version`
    this.#base = `${prefix}:{cb:${shard}}:v1`
    this.channel = `${this.#base}:verdicts-made`
    this.log = `${this.#base}:log`
  }

  /** In the order in which the scripts want them, see `lua/verdicts.lua`. */
  all(breaker: string): string[] {
    return [
      `${this.#base}:verdicts`,
      `${this.#base}:instances`,
      `${this.#base}:zones`,
      `${this.#base}:votes:${breaker}`,
      this.log,
      this.#version,
      this.channel,
      `${this.#base}:standings`,
    ]
  }
}
