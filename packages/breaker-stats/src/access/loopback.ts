import type { FastifyRequest } from 'fastify'
import { ForbiddenError } from '../errors.ts'

const forwardingHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip']
const loopbackAddress = /^(?:127\.|::1$|::ffff:127\.)/
const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i

/**
 * Lets in connections of this machine alone. The name in `Host` must be a loopback name too: otherwise any web page
 * could reach in through a DNS name of its own that points here (DNS rebinding).
 */
export async function refuseRemote(request: FastifyRequest): Promise<void> {
  const { remoteAddress } = request.raw.socket
  if (remoteAddress === undefined || !loopbackAddress.test(remoteAddress)) {
    throw new ForbiddenError('only connections of this machine are let in')
  }
  if (forwardingHeaders.some((header) => request.headers[header] !== undefined)) {
    throw new ForbiddenError('forwarded requests are not let in')
  }
  if (!loopbackHost.test(request.headers.host ?? '')) {
    throw new ForbiddenError('only loopback host names are let in')
  }
}
