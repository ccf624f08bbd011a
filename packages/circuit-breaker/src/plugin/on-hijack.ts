import type { FastifyReply } from 'fastify'

/** Tells when a handler takes the connection out of Fastify's hands; there is no hook for it. */
export function onHijack(reply: FastifyReply, hijacked: () => void): void {
  Object.defineProperty(reply, 'hijack', {
    configurable: true,
    value(this: FastifyReply) {
      delete (reply as Partial<FastifyReply>).hijack
      hijacked()
      return this.hijack()
    },
  })
}
