import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { LOAD_CORE, pinned } from '../cores.ts'
import { firstQuery } from './first-query.ts'
import type { LoadOptions, LoadResult } from './load.ts'

const script = (urls: number): string => `
local first, urls, n = ${firstQuery(urls)}, ${urls === Infinity ? 'math.huge' : urls}, 0
request = function()
  n = n + 1
  if n > urls then n = 1 end
  return wrk.format("GET", string.format("%s?n=%d", wrk.path, first + n))
end
`

export async function loadByWrk(wrk: string, options: LoadOptions): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  try {
    const args = ['-t1', `-c${options.connections}`, `-d${options.seconds}s`, '--latency']
    for (const [name, value] of Object.entries(options.headers ?? {})) args.push('-H', `${name}: ${value}`)
    if (options.urls !== undefined) {
      const file = join(folder, 'urls.lua')
      writeFileSync(file, script(options.urls))
      args.push('-s', file)
    }
    const child = spawn(...pinned(LOAD_CORE, wrk, [...args, options.url]), {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    if (child.exitCode !== 0) throw new Error(`wrk left with ${child.exitCode}: ${errors}${output}`)
    return parseWrk(output)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Reads what `wrk --latency` prints. */
export function parseWrk(output: string): LoadResult {
  const total = /(\d+) requests in ([\d.]+)(us|ms|s|m)/.exec(output)
  if (total === null) throw new Error(`not a report of wrk:\n${output}`)
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0)
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)
  const lost = (socket ?? []).slice(1).reduce((sum, count) => sum + Number(count), 0)
  return {
    requests: Number(total[1]),
    seconds: inMs(total[2], total[3]) / 1000,
    p50Ms: percentile(output, 50),
    p99Ms: percentile(output, 99),
    errors: refused + lost,
  }
}

function percentile(output: string, which: number): number {
  const line = new RegExp(`^\\s*${which}%\\s+([\\d.]+)(us|ms|s|m)`, 'm').exec(output)
  return line === null ? Number.NaN : inMs(line[1], line[2])
}

function inMs(value: string | undefined, unit: string | undefined): number {
  const factor = { us: 0.001, ms: 1, s: 1000, m: 60_000 }[unit ?? ''] ?? Number.NaN
  return Number(value) * factor
}
