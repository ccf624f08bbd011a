import { numberText } from './exposition.ts'

/**
 * The lines of one histogram. What comes before each number is made once, and lines are made anew only after another
 * observation: with a thousand breakers they are most of what a scrape sends.
 */
export class HistogramText {
  readonly #buckets: readonly string[]
  readonly #sum: string
  readonly #count: string
  #shownCount = -1
  #shownSum = -1
  #text = ''

  /**
   * @param labels as made by `labelText`
   * @param bounds upper bounds, ascending, without infinity
   */
  constructor(name: string, labels: string, bounds: readonly number[]) {
    this.#buckets = [...bounds, Infinity].map(
      (bound) => `${name}_bucket{${labels},le="${numberText(bound)}"} `,
    )
    this.#sum = `${name}_sum{${labels}} `
    this.#count = `${name}_count{${labels}} `
  }

  /** @param counts cumulative, one for each bound and one for infinity */
  render(counts: readonly number[], sum: number): string {
    const count = counts[counts.length - 1] ?? 0
    if (count === this.#shownCount && sum === this.#shownSum) return this.#text
    this.#shownCount = count
    this.#shownSum = sum
    const lines = this.#buckets.map((bucket, i) => bucket + (counts[i] ?? 0))
    lines.push(this.#sum + numberText(sum), this.#count + count, '')
    this.#text = lines.join('\n') // joined, not added up: flat, and so cheap to send again
    return this.#text
  }
}
