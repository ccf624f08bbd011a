import type { FastifyRequest } from 'fastify'
import type { OutgoingFields } from './request-headers.ts'

/** What a connection says of the client at its other end; `element` is for the last pair of host and protocol. */
interface Hop {
  readonly peer: string
  readonly port: string | undefined
  host: string
  protocol: string
  element: string
}

// A connection sends the same texts upstream with each of its requests.
const hops = new WeakMap<object, Hop>()

/**
 * Tells the upstream who asks: `X-Forwarded-*`, `Forwarded` (RFC 7239) and `Via` (RFC 9110 §7.6.3). What the client
 * claims of earlier hops survives as far as Fastify's `trustProxy` trusts it; the rest is replaced by what the socket
 * says.
 */
export function forwardedFields(request: FastifyRequest): OutgoingFields {
  const { headers, raw, host, protocol, ips } = request
  const { peer, port, element } = hopOf(raw.socket, host, protocol)
  const via = raw.httpVersion === '1.1' ? '1.1 sluice' : viaOf(raw)
  // A client of HTTP/1.0 need not name a host.
  const named = host === '' ? undefined : host
  if (ips === undefined || ips.length < 2) {
    return {
      'x-forwarded-for': peer,
      'x-forwarded-proto': protocol,
      'x-forwarded-host': named,
      'x-forwarded-port': port,
      forwarded: element,
      via,
    }
  }
  return {
    'x-forwarded-for': ips.toReversed().join(', '),
    'x-forwarded-proto': protocol,
    'x-forwarded-host': named,
    'x-forwarded-port': headers['x-forwarded-port'] || port,
    forwarded: headers.forwarded ? `${headers.forwarded}, ${element}` : element,
    via: headers.via ? `${headers.via}, ${via}` : via,
  }
}

function hopOf(socket: FastifyRequest['raw']['socket'], host: string, protocol: string): Hop {
  let hop = hops.get(socket)
  if (hop === undefined) {
    const { remoteAddress: peer = 'unknown', localPort } = socket
    hop = { peer, port: localPort?.toString(), host: '', protocol: '', element: '' }
    hops.set(socket, hop)
  }
  if (hop.host !== host || hop.protocol !== protocol) {
    hop.host = host
    hop.protocol = protocol
    hop.element = `for=${node(hop.peer)};${quoted('host', host)}proto=${protocol}`
  }
  return hop
}

function viaOf({ httpVersionMajor, httpVersion }: FastifyRequest['raw']): string {
  return `${httpVersionMajor === 2 ? '2' : httpVersion} sluice`
}

function quoted(name: string, value: string): string {
  return value === '' ? '' : `${name}="${value.replaceAll(/["\\]/g, '')}";`
}

/** An address as RFC 7239 §6 wants it: IPv6 in brackets and quotes. */
function node(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address
}
