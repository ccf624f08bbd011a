import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const { NODE_OPTIONS, PATH, TAP_TYPE_STRIP_ONLY, _TAPJS_PROCESSINFO_COVERAGE_, ...rest } = process.env
const inherited = Object.fromEntries(Object.entries(rest).filter(([name]) => name.startsWith('_TAPJS')))
const baseEnv = { ...inherited, NODE_OPTIONS, PATH, TAP_TYPE_STRIP_ONLY, _TAPJS_PROCESSINFO_COVERAGE_ }

/** Runs the command `sluice` with an environment of its own. */
export function sluice(args: string[], env: Record<string, string> = {}, cwd?: string): ChildProcess {
  return spawn(process.execPath, [cli, ...args], {
    env: { ...baseEnv, ...env },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

export async function untilUp(url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const isUp = await fetch(`${url}/livez`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isUp) return
    await delay(100)
  }
  throw new Error(`${url} did not come up`)
}
