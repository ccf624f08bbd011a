import type { FastifyReply } from 'fastify'
import { discardBody } from './watch-body.ts'

/**
 * Takes a reply away from its handler, which may still be at work: for it `sent` is true from now on, what it sends is
 * thrown away with the connection that it came on, and status and headers stay as they are. Fastify itself would only
 * warn, and leave the stream of a late answer open.
 *
 * Returns the reply for whoever makes the answer in its place; that is sent after `giveBack`.
 */
export function takeOver(reply: FastifyReply): FastifyReply {
  const working = Object.create(reply) as FastifyReply
  for (const method of writing) Object.defineProperty(working, method, { value: reply[method] })
  const inert = { configurable: true, value: () => reply }
  for (const method of writing) Object.defineProperty(reply, method, inert)
  closeToHandler(reply)
  return working
}

/** Gives the reply back to Fastify and its hooks, to send an answer or an error. */
export function giveBack(reply: FastifyReply): void {
  const taken = reply as { [key in keyof FastifyReply]?: unknown }
  for (const own of [...writing, 'send', 'sent'] as const) delete taken[own]
}

/** What remains in force while the answer is on its way, when hooks of other plugins must be able to write headers. */
export function closeToHandler(reply: FastifyReply): void {
  const send = (payload: unknown): FastifyReply => {
    discardBody(payload)
    return reply
  }
  Object.defineProperties(reply, {
    sent: { configurable: true, value: true },
    send: { configurable: true, value: send },
  })
}

/** Methods by which a handler changes status and headers; the others go through these. */
const writing = ['code', 'status', 'header', 'headers', 'removeHeader'] as const
