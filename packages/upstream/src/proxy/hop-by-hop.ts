/**
 * Fields that belong to one connection and never cross a proxy (RFC 9110 §7.6.1), and those that a proxy consumes
 * (§11.7). `te` and `trailer` are decided apart, because trailers may pass.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const NONE: readonly string[] = []

/** The field names that a `Connection` header declares to be hop-by-hop, lower case. */
export function connectionTokens(connection: string | readonly string[] | undefined): readonly string[] {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE
  return String(connection)
    .toLowerCase()
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '')
}

/** Whether a `TE` header says that its sender takes trailers (RFC 9110 §10.1.4). */
export function acceptsTrailers(te: string | readonly string[] | undefined): boolean {
  return te !== undefined && /(?:^|,)\s*trailers\s*(?:$|[,;])/i.test(String(te))
}
