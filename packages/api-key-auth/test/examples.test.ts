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

test('quick start', async (t) => {
  t.same(await output('quick-start'), ['200 {"hello":"mobile"}', '401 SLUICE_API_KEY_MISSING'])
})

test('rotate with grace', async (t) => {
  t.same(await output('rotate-with-grace'), ['rotated 12 partner', 'true true', 'false false'])
})

test('the README shows the quick start as it runs', async (t) => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
  t.ok(read('../README.md').includes(read('../examples/quick-start.ts').trim()))
})

test('the pattern for scanners in the README is the one in force', async (t) => {
  const { keyPattern } = await import('../src/index.ts')
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  t.ok(readme.includes(keyPattern.source.slice(1, -1)))
})
