import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary } from '../binary.ts'
import { announce } from '../child.ts'
import { freePort, untilAccepts } from '../ports.ts'

export interface DaemonPlace {
  /** Of its own, and gone when it ends. */
  readonly folder: string
  /** On the loopback. */
  readonly port: number
  /** Writes a file into the folder, and returns its path. */
  write(name: string, text: string): string
}

/** Runs a server of the system in the foreground until the bench ends, and announces it. */
export async function daemon(name: string, argumentsFor: (place: DaemonPlace) => string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `sluice-bench-${name}-`))
  const port = await freePort()
  const write = (file: string, text: string): string => {
    const path = join(folder, file)
    writeFileSync(path, text)
    return path
  }
  const server = spawn(findBinary(name) ?? name, argumentsFor({ folder, port, write }), {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  process.once('exit', () => {
    server.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  await untilAccepts(port, server)
  announce({ port, ...(server.pid !== undefined && { pid: worker(server.pid) }) })
}

/** Where the daemon leaves the work to a child, that one. */
function worker(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  return Number(child) || pid
}
