import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'

const run = promisify(execFile)

async function output(name: string): Promise<string[]> {
  const file = fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url))
  return (await run(process.execPath, [file])).stdout.trim().split('\n')
}

test('execute: opens, refuses, recovers', async (t) => {
  t.match(await output('execute'), [
    'Error: service is down',
    'Error: service is down',
    'closed -> open: 3 failures in a row',
    'Error: service is down',
    'refused, come back in a while',
    'refused, come back in a while',
    'open -> half-open: time to look again',
    'half-open -> closed: 1 of 1 probes succeeded',
    '1 EUR is 1.08 USD',
    /^6 calls: 1 succeeded, 3 failed, 2 refused$/,
  ])
})

test('the README shows it as it runs', (t) => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
  t.ok(read('../README.md').includes(read('../examples/execute.ts').trim()))
  t.end()
})
