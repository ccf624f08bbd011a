import type { FastifyReply } from 'fastify'

/** The headers that a reply has by now. */
export function headerNames(reply: FastifyReply): readonly string[] {
  return Object.keys(reply.getHeaders())
}

/** Takes off all but those: they described an answer that is not sent. */
export function dropHeaders(reply: FastifyReply, keep: readonly string[]): void {
  for (const name of Object.keys(reply.getHeaders())) if (!keep.includes(name)) reply.removeHeader(name)
}
