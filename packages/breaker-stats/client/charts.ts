import type { Chart as ChartType, ChartConfiguration, ChartDataset } from 'chart.js'
import type { Sample } from './history.ts'
import { colour } from './theme.ts'

/** Chart.js, from its own script on the page. */
declare const Chart: typeof ChartType

interface Line {
  readonly label: string
  readonly colour: string
  readonly value: (sample: Sample) => number
}

const rateLines: readonly Line[] = [
  { label: 'Succeeded', colour: 'state-closed', value: ({ successes }) => successes },
  { label: 'Failed', colour: 'state-open', value: ({ failures }) => failures },
  { label: 'Refused', colour: 'state-half-open', value: ({ rejects }) => rejects },
]

const latencyLines: readonly Line[] = [
  { label: 'p50', colour: 'state-recovering', value: ({ p50 }) => p50 },
  { label: 'p95', colour: 'state-half-open', value: ({ p95 }) => p95 },
  { label: 'p99', colour: 'state-forced-open', value: ({ p99 }) => p99 },
]

/** Calls a second and latency of one breaker, since the page was opened. */
export class BreakerCharts {
  readonly #charts: readonly {
    readonly chart: ChartType<'line', number[], string>
    readonly lines: readonly Line[]
  }[]

  constructor(rates: HTMLCanvasElement, latencies: HTMLCanvasElement) {
    this.#charts = [
      { chart: new Chart(rates, configuration(rateLines, ' /s')), lines: rateLines },
      { chart: new Chart(latencies, configuration(latencyLines, ' ms')), lines: latencyLines },
    ]
  }

  update(samples: readonly Sample[], now: number): void {
    const labels = samples.map(({ at }) => `${Math.round((now - at) / 1000)} s ago`)
    for (const { chart, lines } of this.#charts) {
      chart.data.labels = labels
      chart.data.datasets.forEach((dataset, i) => {
        dataset.data = samples.map((lines[i] as Line).value)
      })
      chart.update('none')
    }
  }

  destroy(): void {
    for (const { chart } of this.#charts) chart.destroy()
  }
}

function configuration(lines: readonly Line[], unit: string): ChartConfiguration<'line', number[], string> {
  const muted = colour('muted')
  const grid = colour('line')
  const font = { family: 'system-ui, sans-serif', size: 11 }
  return {
    type: 'line',
    data: { labels: [], datasets: lines.map(toDataset) },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: { display: false },
        y: {
          beginAtZero: true,
          border: { display: false },
          grid: { color: grid },
          ticks: {
            color: muted,
            font,
            maxTicksLimit: 4,
            callback: (value) => `${Number(value).toLocaleString('en')}${unit}`,
          },
        },
      },
      plugins: {
        legend: {
          align: 'start',
          labels: { color: muted, font, boxWidth: 6, boxHeight: 6, usePointStyle: true },
        },
        tooltip: {
          callbacks: {
            label: ({ dataset, parsed }) => `${dataset.label}: ${(parsed.y ?? 0).toFixed(1)}${unit}`,
          },
        },
      },
    },
  }
}

function toDataset(line: Line): ChartDataset<'line', number[]> {
  const value = colour(line.colour)
  return {
    label: line.label,
    data: [],
    borderColor: value,
    backgroundColor: value,
    borderWidth: 1.75,
    pointRadius: 0,
    tension: 0.25,
  }
}
