import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import type { SuiteResult } from '../src/result.ts'
import { run } from '../src/run.ts'

interface Run {
  readonly results: readonly SuiteResult[]
  readonly charts: readonly string[]
  readonly text: string
}

/** As short as can be: whether it works, not what it says. */
async function shortRun(t: { teardown(fn: () => void): void }, only: string): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const json = join(folder, 'results.json')
  const short = ['--quick', '--rounds', '1', '--seconds', '0.05', '--connections', '2']
  let text = ''
  const files = ['--json', json, '--charts', folder, '--markdown', join(folder, 'results.md')]
  await run(
    ['--only', only, ...short, ...files],
    (part) => (text += part),
    () => {},
  )
  const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: SuiteResult[] }
  return { results, charts: readdirSync(folder).filter((name) => name.endsWith('.svg')), text }
}

for (const name of ['micro', 'proxy']) {
  test(`the suite ${name} measures every contender, and answers every claim`, async (t) => {
    const { results, text } = await shortRun(t, name)
    const [result] = results
    t.equal(results.length, 1)
    t.ok((result?.claims.length ?? 0) > 0)
    t.notOk(result?.claims.find(({ seen }) => seen.includes('NaN')))
    for (const table of result?.tables ?? []) {
      const values =
        table.kind === 'growth'
          ? table.points.map(({ value }) => value)
          : table.entries.flatMap(({ samples }) => samples)
      t.ok(values.length > 0)
      t.ok(
        values.every((value) => value > 0),
        table.title,
      )
      t.match(text, table.title)
    }
  })
}

test('charts are written for comparisons, and --help runs nothing', async (t) => {
  let text = ''
  await run(
    ['--help'],
    (part) => (text += part),
    () => {},
  )
  t.match(text, '--only NAME')
})
