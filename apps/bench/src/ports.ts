import type { ChildProcess } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 20

/** A port of the loopback that was free a moment ago, for programs that cannot be told to pick one. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  await new Promise((closed) => server.close(closed))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Waits until the program takes connections on its port, or has ended. */
export async function untilAccepts(port: number, program: ChildProcess): Promise<void> {
  while (!(await accepts(port))) {
    if (program.exitCode !== null) throw new Error(`${program.spawnfile} left with ${program.exitCode}`)
    await delay(POLL_MS)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
