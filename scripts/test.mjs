/**
 * Runs tap over the workspace and ends with one line, `N passed, N failed`.
 *
 *   node scripts/test.mjs                 everything, with coverage gates and the check for unloaded sources
 *   node scripts/test.mjs FILE...         just those files, without gates
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const files = process.argv.slice(2)
const whole = files.length === 0
const gates = { statements: 90, branches: 80, functions: 88, lines: 90 }

const tapBin = join(dirname(createRequire(import.meta.url).resolve('tap/package.json')), 'dist/esm/run.mjs')
const args = ['run', '--reporter=tap']
if (whole) {
  rmSync(join(root, '.tap/report'), { recursive: true, force: true })
  args.push('--coverage-report=json-summary', '--allow-incomplete-coverage')
} else {
  args.push('--disable-coverage', '--allow-empty-coverage', ...files)
}

const child = spawn(process.execPath, [tapBin, ...args], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, NODE_OPTIONS: nodeOptions() },
})
const tap = await report(child)
const code = await tap.exit
const problems = whole && code === 0 ? [...missedGates(), ...unloadedSources()] : []
for (const problem of problems) console.log(problem)
const { pass, fail } = tap.counts
const failed = fail + problems.length + (code !== 0 && fail === 0 ? 1 : 0)
if (tap.skipped.length > 0) console.log(`${tap.skipped.length} skipped:\n${tap.skipped.join('\n')}`)
console.log(`${pass} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function nodeOptions() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const options = [process.env.NODE_OPTIONS ?? '', '--conditions=sluice-source']
  if (major < 22 || (major === 22 && minor < 18)) {
    options.push(`--import=${pathToFileURL(join(root, 'scripts/strip-types.mjs')).href}`)
  }
  return options.join(' ').trim()
}

/** One line for a green file, the whole block for a red one. */
async function report(process_) {
  const exit = new Promise((done) => process_.once('close', (status) => done(status ?? 1)))
  const counts = { pass: 0, fail: 0 }
  const skipped = []
  let block = []
  for await (const line of createInterface({ input: process_.stdout })) {
    if (/^\s*ok .*# skip/i.test(line)) skipped.push(line.trim())
    const summary = /^# \{ (.*) \}$/.exec(line)
    if (summary !== null) {
      for (const [, name, value] of summary[1].matchAll(/(\w+): (\d+)/g)) {
        if (name in counts) counts[name] = Number(value)
      }
      continue
    }
    if (/^\s/.test(line)) {
      block.push(line)
      continue
    }
    if (line.startsWith('ok ')) {
      console.log(line.replace(/ # time=/, '  ').replace(/ \{$/, ''))
      block = []
    } else if (line.startsWith('not ok ')) {
      console.log([...block, line].join('\n'))
      block = []
    } else if (line.startsWith('Bail out')) {
      console.log([...block, line].join('\n'))
      block = []
    }
  }
  if (block.length > 0) console.log(block.join('\n'))
  return { exit, counts, skipped }
}

function coverage() {
  return JSON.parse(readFileSync(join(root, '.tap/report/coverage-summary.json'), 'utf8'))
}

function missedGates() {
  const { total } = coverage()
  const missed = []
  for (const [kind, minimum] of Object.entries(gates)) {
    const seen = total[kind].pct
    console.log(`coverage: ${kind} ${seen} % (at least ${minimum} %)`)
    if (seen < minimum) missed.push(`coverage of ${kind} is ${seen} %, below ${minimum} %`)
  }
  return missed
}

/** Coverage knows only files that were loaded: a source that no test imports would be invisible. */
function unloadedSources() {
  const loaded = new Set(Object.keys(coverage()).map((file) => relative(root, file)))
  return (
    ['packages', 'apps']
      .flatMap((top) => readdirSync(join(root, top)).map((name) => join(top, name, 'src')))
      .flatMap((src) => readdirSync(join(root, src), { recursive: true }).map((file) => join(src, file)))
      // A benchmark is run for its figures, by `npm run bench`: most of it has no place in a test.
      .filter((file) => file.endsWith('.ts') && !file.startsWith('apps/bench/'))
      .filter((file) => !loaded.has(file) && hasCode(file))
      .map((file) => `no test loads ${file}`)
  )
}

/** A file of types alone leaves nothing to load. */
function hasCode(file) {
  const text = readFileSync(join(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
  return /^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:const|let|class|function|abstract)\b/m.test(text)
}
