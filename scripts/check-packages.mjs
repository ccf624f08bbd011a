/** Packs each published package and holds what a user would install against publint and attw. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const pnpm = (cwd, ...args) =>
  execFileSync('npx', ['--yes', 'pnpm@12.21.0', ...args], { cwd, encoding: 'utf8' })
let failed = 0
for (const folder of readdirSync('packages')) {
  const cwd = join('packages', folder)
  const { name } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'))
  const target = mkdtempSync(join(tmpdir(), 'sluice-pack-'))
  try {
    pnpm(cwd, 'pack', '--pack-destination', target)
    const tarball = join(
      target,
      readdirSync(target).find((file) => file.endsWith('.tgz')),
    )
    execFileSync('npx', ['publint', 'run', tarball, '--strict'], { stdio: 'pipe', encoding: 'utf8' })
    execFileSync('npx', ['attw', tarball, '--profile', 'esm-only'], { stdio: 'pipe', encoding: 'utf8' })
    console.log(`ok ${name}`)
  } catch (error) {
    failed++
    console.log(`not ok ${name}\n${error.stdout ?? ''}${error.stderr ?? error.message}`)
  } finally {
    rmSync(target, { recursive: true, force: true })
  }
}
process.exitCode = failed === 0 ? 0 : 1
