import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SuiteResult } from '../../src/result.ts'
import { run } from '../../src/run.ts'

interface Assertions {
  teardown(fn: () => void): void
  ok(value: unknown, message: string): void
  equal(value: unknown, expected: unknown, message: string): void
  match(value: unknown, pattern: unknown, message: string): void
}

/**
 * Runs one suite, as short as can be, and sees that every contender was measured and every claim answered: whether it
 * works, not what it says.
 */
export async function checkSuite(t: Assertions, name: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const json = join(folder, 'results.json')
  const markdown = join(folder, 'results.md')
  const short = ['--quick', '--rounds', '1', '--seconds', '0.05', '--connections', '2']
  let text = ''
  await run(
    ['--only', name, ...short, '--json', json, '--charts', folder, '--markdown', markdown],
    (part) => (text += part),
    () => {},
  )
  const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: SuiteResult[] }
  const [result] = results
  if (result === undefined) throw new Error(`${name} left no result`)
  const { tables, claims } = result
  t.ok(tables.length > 0, 'there are tables')
  for (const table of tables) {
    const values =
      table.kind === 'growth'
        ? table.points.map(({ value }) => value)
        : table.entries.flatMap(({ samples }) => samples)
    t.ok(values.length > 0 && values.every((value) => Number.isFinite(value)), table.title)
    t.match(text, table.title, 'the table is printed')
    t.match(readFileSync(markdown, 'utf8'), table.title, 'the table is written')
  }
  // Of a run as short as this, processor time counted in ticks may be nothing at all.
  for (const claim of claims.filter(({ what }) => !what.endsWith('by processor time'))) {
    t.ok(!claim.seen.includes('NaN'), claim.what)
  }
  const charts = readdirSync(folder).filter((file) => file.endsWith('.svg'))
  t.equal(
    charts.length,
    tables.filter(({ kind }) => kind === 'comparison').length,
    'each comparison has a chart',
  )
}
