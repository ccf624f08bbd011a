import type { FastifyRequest } from 'fastify'
import type { OutgoingFields } from './request-headers.ts'

/**
 * Tells the upstream who asks: `X-Forwarded-*`, `Forwarded` (RFC 7239) and `Via` (RFC 9110 §7.6.3). What the client
 * claims of earlier hops survives as far as Fastify's `trustProxy` trusts it; the rest is replaced by what the socket
 * says.
 */
export function setForwarded(fields: OutgoingFields, request: FastifyRequest): void {
  const { headers, raw, host, protocol, ips } = request
  const { remoteAddress: peer = 'unknown', localPort } = raw.socket
  const trusted = ips !== undefined && ips.length > 1
  fields['x-forwarded-for'] = trusted ? ips.toReversed().join(', ') : peer
  fields['x-forwarded-proto'] = protocol
  // A client of HTTP/1.0 need not name a host.
  fields['x-forwarded-host'] = host === '' ? undefined : host
  fields['x-forwarded-port'] = (trusted && headers['x-forwarded-port']) || localPort?.toString()
  const element = `for=${node(peer)};${quoted('host', host)}proto=${protocol}`
  fields.forwarded = trusted && headers.forwarded ? `${headers.forwarded}, ${element}` : element
  const via = `${raw.httpVersionMajor === 2 ? '2' : raw.httpVersion} sluice`
  fields.via = trusted && headers.via ? `${headers.via}, ${via}` : via
}

function quoted(name: string, value: string): string {
  return value === '' ? '' : `${name}="${value.replaceAll(/["\\]/g, '')}";`
}

/** An address as RFC 7239 §6 wants it: IPv6 in brackets and quotes. */
function node(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address
}
