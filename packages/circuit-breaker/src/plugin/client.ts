import type { FastifyReply } from 'fastify'

/** Whether the answer was sent to its end. HTTP/2 says so of every stream that is closed, unless asked more closely. */
export function isSentWhole({ raw, request }: FastifyReply): boolean {
  return raw.writableEnded && raw.writableFinished && !request.raw.aborted
}

/** Whether nobody is left to answer. */
export function hasLeft({ raw, request }: FastifyReply): boolean {
  return request.raw.aborted || (raw.destroyed && !raw.writableFinished)
}

/** Aborts when the connection closes before the answer was sent whole. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const abort = new AbortController()
  reply.raw.once('close', () => {
    if (!isSentWhole(reply)) abort.abort()
  })
  if (hasLeft(reply)) abort.abort()
  return abort.signal
}
