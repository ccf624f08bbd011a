import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'

/**
 * Passes 103 Early Hints on (RFC 8297). Other interim responses end here: they speak to the proxy. Clients of HTTP/1.0
 * know none, and what Node holds for malformed is dropped: hints may always be left out.
 */
export function sendEarlyHints(reply: FastifyReply, statusCode: number, headers: IncomingHttpHeaders): void {
  const { link } = headers
  if (statusCode !== 103 || link === undefined || reply.request.raw.httpVersion === '1.0') return
  try {
    reply.raw.writeEarlyHints({ link })
  } catch {
    // `Link` is checked by Node more strictly than RFC 8288 asks.
  }
}
