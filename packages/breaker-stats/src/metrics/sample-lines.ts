import { numberText } from './exposition.ts'

/**
 * Lines of samples that belong together. What comes before each number is made once, and lines are made anew only when a
 * number is another: with a thousand breakers they are most of what a scrape sends.
 */
export class SampleLines {
  readonly #heads: readonly string[]
  readonly #shown: number[]
  #text = ''

  /** @param heads name and labels of each sample */
  constructor(heads: readonly string[]) {
    this.#heads = heads
    this.#shown = heads.map(() => -1)
  }

  /** @param values one for each head, none below 0 */
  render(values: readonly number[]): string {
    let isNew = false
    for (let index = 0; index < values.length; index++) {
      if (values[index] === this.#shown[index]) continue
      this.#shown[index] = values[index]!
      isNew = true
    }
    if (isNew) {
      const lines = this.#heads.map((head, index) => `${head} ${numberText(this.#shown[index]!)}`)
      lines.push('')
      this.#text = lines.join('\n') // joined, not added up: flat, and so cheap to send again
    }
    return this.#text
  }
}

/** The lines of a histogram. */
export class HistogramLines {
  readonly #lines: SampleLines

  /**
   * @param labels as made by `labelText`
   * @param bounds upper bounds, ascending, without infinity
   */
  constructor(name: string, labels: string, bounds: readonly number[]) {
    const buckets = [...bounds, Infinity].map(
      (bound) => `${name}_bucket{${labels},le="${numberText(bound)}"}`,
    )
    this.#lines = new SampleLines([...buckets, `${name}_sum{${labels}}`, `${name}_count{${labels}}`])
  }

  /** @param counts cumulative, one for each bound and one for infinity */
  render(counts: readonly number[], sum: number): string {
    return this.#lines.render([...counts, sum, counts.at(-1) ?? 0])
  }
}
