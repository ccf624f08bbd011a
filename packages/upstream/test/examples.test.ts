import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'

const folder = fileURLToPath(new URL('../examples/', import.meta.url))

/** Runs an example as a user would, and returns what it prints. */
function run(name: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, `${folder}${name}`], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  if (status !== 0) throw new Error(`${name} ended with ${status}:\n${stdout}${stderr}`)
  return stdout
}

const EXPECTED: Readonly<Record<string, string>> = {
  'balanced.ts': `${'200 '.repeat(12).trim()}\n12 requests\n`,
  'fetch.ts': '500 broken\n500 broken\n500 broken\n503 SLUICE_BREAKER_OPEN\n',
}

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`${name} prints what it promises`, async (t) => {
    t.equal(run(name), expected)
  })
}
