import type { Claim, Comparison, Entry, Growth, SuiteResult } from '../result.ts'
import { growthExponent, median, pairedRatio, spread } from '../statistics.ts'
import { figure, megabytes, percent, times } from './format.ts'

/** A suite's results as Markdown. */
export function renderSuite({ title, tables, claims, notes }: SuiteResult): string {
  const parts = [`## ${title}`, ...tables.map((table) => renderTable(table))]
  if (claims.length > 0) parts.push(renderClaims(claims))
  if (notes.length > 0) parts.push(notes.map((note) => `- ${note}`).join('\n'))
  return `${parts.join('\n\n')}\n`
}

function renderTable(table: Comparison | Growth): string {
  const rows = table.kind === 'comparison' ? comparisonRows(table) : growthRows(table)
  const seen = table.kind === 'growth' ? `\n\n${renderGrowth(table)}` : ''
  return `### ${table.title}\n\n${grid(rows)}${seen}`
}

function comparisonRows({ unit, reference, entries }: Comparison): string[][] {
  const base = entries.find(({ name }) => name === reference)
  const servers = entries.some(({ server }) => server !== undefined)
  const columns = ['contender', unit, 'spread', '×']
  const header = servers ? [...columns, 'µs CPU', 'CPU ×', 'p50 ms', 'p99 ms', 'RSS'] : columns
  return [header, ...entries.map((entry) => [...sampleCells(entry, base), ...serverCells(entry, base)])]
}

function sampleCells({ name, samples }: Entry, base: Entry | undefined): string[] {
  const ratio = base === undefined ? Number.NaN : pairedRatio(samples, base.samples)
  const shown = base?.name === name ? `**${name}**` : name
  return [shown, figure(median(samples)), percent(spread(samples)), times(ratio)]
}

function serverCells({ server }: Entry, base: Entry | undefined): string[] {
  if (server === undefined) return []
  const { cpuUs, p50Ms, p99Ms, rssBytes } = server
  return [
    figure(median(cpuUs)),
    times(pairedRatio(cpuUs, base?.server?.cpuUs ?? [])),
    figure(median(p50Ms)),
    figure(median(p99Ms)),
    megabytes(rssBytes),
  ]
}

function growthRows({ axis, unit, points }: Growth): string[][] {
  const rows = points.map(({ size, value }) => [size.toLocaleString('en'), figure(value)])
  return [[axis, unit], ...rows]
}

/** What was expected of the growth, and what was seen. */
export function renderGrowth({ points, expectedExponent }: Growth): string {
  return `Expected: at most ${order(expectedExponent)}. Seen: ${order(growthExponent(points))}.`
}

function order(exponent: number): string {
  const shown = `size^${exponent.toFixed(2)}`
  if (Math.abs(exponent) < 0.1) return `constant (${shown})`
  return Math.abs(exponent - 1) < 0.1 ? `linear (${shown})` : shown
}

/** Each figure that was asked for beside the one that was seen. */
export function renderClaims(claims: readonly Claim[]): string {
  const rows = claims.map(({ what, asked, seen, met }) => [what, asked, seen, met ? 'yes' : '**no**'])
  return grid([['figure', 'asked', 'seen', 'met'], ...rows])
}

function grid([header = [], ...rows]: readonly string[][]): string {
  const rule = header.map((_, index) => (index === 0 ? '---' : '--:'))
  return [header, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
