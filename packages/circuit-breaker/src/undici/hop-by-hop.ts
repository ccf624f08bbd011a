import type { IncomingHttpHeaders } from 'node:http'

/** Headers that speak of one connection and must not be passed on (RFC 9110 §7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** A copy without hop-by-hop headers, those that `Connection` names, and those in `also`. */
export function endToEnd(headers: IncomingHttpHeaders, also?: ReadonlySet<string>): IncomingHttpHeaders {
  const named = new Set(headers.connection?.toLowerCase().split(/\s*,\s*/))
  const kept: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    const dropped = value === undefined || name.startsWith(':') || hopByHop.has(name) || named.has(name)
    if (!dropped && also?.has(name) !== true) kept[name] = value
  }
  return kept
}
