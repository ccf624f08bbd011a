/** The contender's end of the line between the bench and its child processes; the other end is `contender.ts`. */
import type { FastifyInstance } from 'fastify'
import type { Server } from 'node:net'
import { ownUsage } from './process-usage.ts'

export interface Announcement {
  /** Where it listens, on the loopback. */
  readonly port?: number
  /** The process that does the work, where that is not this one. */
  readonly pid?: number
}

export type Question = { readonly type: 'usage' } | { readonly type: 'ask'; readonly value: unknown }

export type ChildMessage =
  | { readonly type: 'ready'; readonly at: Announcement }
  | { readonly type: 'answer'; readonly value: unknown }
  | { readonly type: 'failed'; readonly message: string }

/** What the bench started this process with. */
export function settings(): unknown {
  return JSON.parse(process.argv[2] ?? '{}')
}

/** Tells the bench that this contender is ready, answers its questions, and ends when it does. */
export function announce(at: Announcement, answer: (question: unknown) => unknown = () => undefined): void {
  process.on('message', (question: Question) => {
    void reply(question, answer)
  })
  process.once('disconnect', () => process.exit(0))
  send({ type: 'ready', at })
}

/** Listens on a free port of the loopback, and announces it. */
export async function listen(app: FastifyInstance, answer?: (question: unknown) => unknown): Promise<void> {
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  announce({ port: Number(new URL(address).port) }, answer)
}

export async function listenRaw(server: Server): Promise<void> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', 1024, ready))
  const address = server.address()
  announce({ port: typeof address === 'object' && address !== null ? address.port : 0 })
}

async function reply(question: Question, answer: (question: unknown) => unknown): Promise<void> {
  try {
    const value = question.type === 'usage' ? ownUsage() : await answer(question.value)
    send({ type: 'answer', value })
  } catch (error) {
    send({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

function send(message: ChildMessage): void {
  process.send?.(message)
}
