import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { Peer } from '../peer.ts'

export const MB: number = 1024 * 1024
export const GIGABYTE: number = 1024 * MB
/** Passes first: V8 lets tens of MB of read Buffers lie before it collects, from version to version more or less. */
export const WARM_UP: number = 128 * MB
/** How far the gateway's resident memory may grow meanwhile. */
export const GROWTH: number = 64 * MB

export interface GatewayProcess {
  readonly port: number
  /** How far its memory has grown since the start, bytes. */
  ask(question: 'start' | 'end'): Promise<number>
}

/** Starts a gateway whose memory nobody else uses. */
export async function startProcess(t: Test, to: string): Promise<GatewayProcess> {
  const child = fork(fileURLToPath(new URL('gateway-process.ts', import.meta.url)), [to])
  t.teardown(() => void child.kill())
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  return {
    port: Number(new URL(url).port),
    async ask(question: 'start' | 'end'): Promise<number> {
      child.send(question)
      const [{ grownBytes }] = (await once(child, 'message')) as [{ grownBytes: number }]
      return grownBytes
    },
  }
}

/** Writes `total` bytes as fast as the other side takes them. */
export async function pour(peer: Peer, total: number): Promise<void> {
  const chunk = Buffer.alloc(MB, 'x')
  for (let sent = 0; sent < total; sent += chunk.length) {
    if (!peer.socket.write(chunk)) await once(peer.socket, 'drain')
  }
}

/** Reads until `total` bytes have come, with a rest after each of them that came together. */
export async function readSlowly(peer: Peer, total: number): Promise<void> {
  while (peer.bytes < total) {
    peer.socket.resume()
    await once(peer.socket, 'data')
    peer.socket.pause()
    await new Promise(setImmediate)
  }
  peer.socket.resume()
}
