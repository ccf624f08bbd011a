import type { FastifyReply } from 'fastify'

/** Aborts when the connection closes before the answer was sent whole. */
export function clientSignal({ raw }: FastifyReply): AbortSignal {
  const abort = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) abort.abort()
  })
  if (raw.destroyed) abort.abort()
  return abort.signal
}
