/** One contender's way: how many are open (0 to 1) after how long. */
export interface Curve {
  readonly name: string
  /** When each instance was open, in ms; Infinity: never. */
  readonly openAfterMs: readonly number[]
}

const HEIGHT = 360
const LEFT = 56
/** Where the plot ends and the names begin. */
const END = 570
const LETTER = 7.5
const TOP = 44
const BOTTOM = 44
const FROM_MS = 1
const TO_MS = 20_000

/** Share of open instances over time (logarithmic), readable on dark and light pages. */
export function renderCurves(title: string, curves: readonly Curve[]): string {
  const lines = curves.map((curve, index) => renderCurve(curve, index))
  const marks = [1, 10, 100, 1_000, 10_000].map((ms) => {
    const label = ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`
    return `<path class="grid" d="M${x(ms)} ${TOP}V${HEIGHT - BOTTOM}"/>${text(x(ms), HEIGHT - 24, label, 'mark')}`
  })
  const shares = [0, 0.5, 1].map(
    (share) =>
      `<path class="grid" d="M${LEFT} ${y(share)}H${END}"/>${text(LEFT - 8, y(share) + 4, `${share * 100} %`, 'share')}`,
  )
  const width = END + 30 + LETTER * Math.max(...curves.map(({ name }) => name.length))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${title}">
<style>${STYLE}</style>
${text(16, 24, title, 'title')}
${[...marks, ...shares, ...lines].join('\n')}
${text((LEFT + END) / 2, HEIGHT - 6, 'after the upstream died', 'mark')}
</svg>
`
}

function renderCurve({ name, openAfterMs }: Curve, index: number): string {
  const sorted = openAfterMs.filter(Number.isFinite).sort((a, b) => a - b)
  const step = Math.max(1, Math.floor(sorted.length / 60))
  const points = sorted.flatMap((ms, place) =>
    place % step === 0 || place === sorted.length - 1
      ? [`${x(ms)} ${y((place + 1) / openAfterMs.length)}`]
      : [],
  )
  if (points.length === 0) return ''
  const last = sorted.length / openAfterMs.length
  const tail = `H${END}`
  const place = text(END + 24, TOP + 16 + 22 * index, name, `name c${index}`)
  const key = `<path class="line c${index}" d="M${END + 6} ${TOP + 12 + 22 * index}h14"/>`
  return `<path class="line c${index}" d="M${LEFT} ${y(0)}L${points.join('L')}${last === 1 ? tail : ''}"/>${key}${place}`
}

const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 } .mark { text-anchor: middle } .share { text-anchor: end }
.grid { stroke: #d0d7de; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
.c0 { stroke: #0a7d62; stroke-width: 3 } .c1 { stroke: #cf5b00 } .c2 { stroke: #8250df } .c3 { stroke: #0969da }
.c4 { stroke: #bf3989 }
text.name { stroke: none }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .grid { stroke: #30363d } .c0 { stroke: #2fbf98 } }
`

function x(ms: number): number {
  const share = Math.log(Math.max(FROM_MS, ms) / FROM_MS) / Math.log(TO_MS / FROM_MS)
  return round(LEFT + share * (END - LEFT))
}

function y(share: number): number {
  return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM))
}

function text(left: number, top: number, content: string, kind: string): string {
  return `<text class="${kind}" x="${left}" y="${top}">${content}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
