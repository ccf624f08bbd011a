/**
 * Writer of the Prometheus text format 0.0.4 and of OpenMetrics 1.0. One string is built, family by family.
 *
 * The two differ where a family is declared (OpenMetrics names a counter's family without `_total`), and in the last
 * line (`# EOF`).
 */
export type ExpositionFormat = 'text' | 'openmetrics'
export type MetricType = 'counter' | 'gauge' | 'histogram'

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

export class Exposition {
  readonly #format: ExpositionFormat
  #text = ''
  #name = ''

  constructor(format: ExpositionFormat) {
    this.#format = format
  }

  /**
   * Starts a family; the samples that follow belong to it.
   *
   * @param name for a counter with its `_total`
   */
  family(name: string, type: MetricType, help: string): void {
    const declared =
      this.#format === 'openmetrics' && type === 'counter' ? name.slice(0, -'_total'.length) : name
    this.#name = name
    this.#text += `# HELP ${declared} ${this.#escapeHelp(help)}\n# TYPE ${declared} ${type}\n`
  }

  /** @param labels as made by `labelText`, or nothing */
  sample(value: number, labels = ''): void {
    this.#text += this.#name + (labels === '' ? ' ' : `{${labels}} `) + numberText(value) + '\n'
  }

  /**
   * @param bounds upper bounds as `boundTexts` makes them, ascending, with infinity
   * @param counts cumulative, one for each bound
   */
  histogram(labels: string, bounds: readonly string[], counts: ArrayLike<number>, sum: number): void {
    const name = this.#name
    const open = labels === '' ? `${name}_bucket{` : `${name}_bucket{${labels},`
    const tail = labels === '' ? ' ' : `{${labels}} `
    let text = ''
    for (let i = 0; i < bounds.length; i++) text += open + bounds[i] + '} ' + (counts[i] ?? 0) + '\n'
    const count = counts[bounds.length - 1] ?? 0
    this.#text += `${text}${name}_sum${tail}${numberText(sum)}\n${name}_count${tail}${count}\n`
  }

  /** Quotes are escaped in OpenMetrics alone. */
  #escapeHelp(help: string): string {
    return this.#format === 'openmetrics' ? escapeLabel(help) : escapeLabel(help).replaceAll('\\"', '"')
  }

  toString(): string {
    return this.#format === 'openmetrics' ? `${this.#text}# EOF\n` : this.#text
  }
}

/** `name="orders",state="open"`, escaped. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')
}

/** Label texts of the upper bounds of a histogram's buckets, with that of the last, infinite one. */
export function boundTexts(bounds: readonly number[]): string[] {
  return [...bounds, Infinity].map((bound) => `le="${numberText(bound)}"`)
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value) // NaN is spelled alike
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value
}
