import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

function bench(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr })
    })
  })
}

test('the command says what it can do, and fails with a reason', async (t) => {
  const [help, wrong] = await Promise.all([bench('--help'), bench('--only', 'nothing')])
  t.equal(help.code, 0)
  t.match(help.stdout, '--only NAME')
  t.equal(wrong.code, 1)
  t.match(wrong.stderr, /--only nothing: expected one of/)
  t.notMatch(wrong.stderr, /at parseFlags/)
})
