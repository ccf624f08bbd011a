import type { Comparison } from '../result.ts'
import { median } from '../statistics.ts'
import { figure } from './format.ts'

const ROW = 26
const LABELS = 300
const BARS = 340
const WIDTH = LABELS + BARS + 110
const TOP = 44

/** A comparison as a bar chart, readable on dark and light pages; whiskers from the least to the greatest sample. */
export function renderChart({ title, unit, better, reference, entries }: Comparison): string {
  const height = TOP + entries.length * ROW + 16
  const greatest = Math.max(...entries.flatMap(({ samples }) => samples))
  const x = (value: number): number => LABELS + (value / greatest) * BARS
  const rows = entries.map(({ name, samples }, index) => {
    const y = TOP + index * ROW
    const value = median(samples)
    const kind = name === reference ? 'reference' : name.includes('luice') ? 'own' : 'other'
    return [
      text(LABELS - 8, y + 15, escape(name), 'label'),
      `<rect class="${kind}" x="${LABELS}" y="${y + 3}" width="${round(x(value) - LABELS)}" height="${ROW - 9}"/>`,
      `<path class="whisker" d="M${round(x(Math.min(...samples)))} ${y + 11.5}H${round(x(Math.max(...samples)))}"/>`,
      text(x(Math.max(...samples)) + 8, y + 15, figure(value), 'value'),
    ].join('')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">
<style>${STYLE}</style>
${text(16, 24, `${escape(title)} (${escape(unit)}, ${better} is better)`, 'title')}
${rows.join('\n')}
</svg>
`
}

const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.label { text-anchor: end }
.own { fill: #0a7d62 } .reference { fill: #6e7781 } .other { fill: #afb8c1 }
.whisker { stroke: #24292f; stroke-width: 1.5; opacity: .6 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .own { fill: #2fbf98 } .reference { fill: #8d96a0 } .other { fill: #484f58 }
  .whisker { stroke: #e6edf3 }
}
`

function text(x: number, y: number, content: string, kind: string): string {
  return `<text class="${kind}" x="${round(x)}" y="${y}">${content}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escape(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
