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
  #open = ''

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
    this.#open = `${name}{`
    this.#text += `# HELP ${declared} ${this.#escapeHelp(help)}\n# TYPE ${declared} ${type}\n`
  }

  /** @param labels as made by `labelText`, or nothing */
  sample(value: number, labels = ''): void {
    this.#text += labels === '' ? `${this.#name} ` : this.#open + labels + '} '
    this.#text += numberText(value) + '\n'
  }

  /** Lines of the family as they are, each with its end. */
  lines(text: string): void {
    this.#text += text
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

/** As both formats spell it. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value) // NaN is spelled alike
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value
}
