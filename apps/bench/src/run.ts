import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LOAD_CORE, pinSelf } from './cores.ts'
import { parseFlags, usage, type Flags } from './flags.ts'
import { describeEnvironment, renderEnvironment } from './report/environment.ts'
import { renderSuite } from './report/markdown.ts'
import { renderChart } from './report/svg.ts'
import type { SuiteResult } from './result.ts'
import { suites } from './suites/index.ts'

/** Runs what the flags ask for: tables go to `out`, progress to `tell`. */
export async function run(
  args: readonly string[],
  out: (text: string) => void,
  tell: (line: string) => void,
): Promise<void> {
  const flags = parseFlags(
    args,
    suites.map(({ name }) => name),
  )
  if (flags.help) return out(usage)
  pinSelf(LOAD_CORE)
  const environment = describeEnvironment(flags.settings)
  const results: SuiteResult[] = []
  for (const suite of suites.filter(({ name }) => flags.only.includes(name))) {
    const result = await suite.run(flags.settings, tell)
    out(renderSuite(result))
    results.push(result)
  }
  const { json, markdown } = flags
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ environment, results }, undefined, 2)}\n`)
  if (markdown !== undefined) {
    writeFileSync(markdown, [renderEnvironment(environment), ...results.map(renderSuite)].join('\n\n'))
  }
  writeCharts(flags, results)
}

function writeCharts({ charts }: Flags, results: readonly SuiteResult[]): void {
  if (charts === undefined) return
  mkdirSync(charts, { recursive: true })
  for (const { name, tables } of results) {
    for (const [index, table] of tables.entries()) {
      if (table.kind === 'growth') continue
      writeFileSync(join(charts, `bench-${name}-${index + 1}.svg`), renderChart(table))
    }
  }
}
