import type { FastifyRequest } from 'fastify'
import type { OutgoingFields } from './request-headers.ts'

/**
 * Tells the upstream who asks: `X-Forwarded-*`, `Forwarded` (RFC 7239) and `Via` (RFC 9110 §7.6.3). What the client
 * claims of earlier hops survives as far as Fastify's `trustProxy` trusts it; the rest is replaced by what the socket
 * says.
 */
export function setForwarded(fields: OutgoingFields, request: FastifyRequest): void {
  const { headers, raw, host, protocol, ips } = request
  const peer = raw.socket.remoteAddress ?? 'unknown'
  const trusted = ips !== undefined && ips.length > 1
  fields['x-forwarded-for'] = trusted ? ips.toReversed().join(', ') : peer
  fields['x-forwarded-proto'] = protocol
  fields['x-forwarded-host'] = host
  fields['x-forwarded-port'] = (trusted && headers['x-forwarded-port']) || String(raw.socket.localPort)
  const element = `for=${node(peer)};host="${host.replaceAll(/["\\]/g, '')}";proto=${protocol}`
  fields.forwarded = trusted && headers.forwarded ? `${headers.forwarded}, ${element}` : element
  const via = `${raw.httpVersionMajor === 2 ? '2' : raw.httpVersion} sluice`
  fields.via = trusted && headers.via ? `${headers.via}, ${via}` : via
}

/** An address as RFC 7239 §6 wants it: IPv6 in brackets and quotes. */
function node(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address
}
