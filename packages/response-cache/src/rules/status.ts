/** Statuses whose responses may be stored without explicit freshness (RFC 9110 §15.1); 206 is left out, see `storing.ts`. */
const HEURISTICALLY_CACHEABLE = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])

/** Final statuses whose caching requirements are known here, which `must-understand` asks for (RFC 9111 §5.2.2.3). */
const UNDERSTOOD = new Set([
  ...HEURISTICALLY_CACHEABLE,
  302,
  303,
  307,
  400,
  401,
  403,
  421,
  451,
  500,
  502,
  503,
  504,
])

export function isHeuristicallyCacheable(status: number): boolean {
  return HEURISTICALLY_CACHEABLE.has(status)
}

export function isUnderstood(status: number): boolean {
  return UNDERSTOOD.has(status)
}

export function isError(status: number): boolean {
  return status >= 400
}

/** An answer that `stale-if-error` may stand in for (RFC 5861 §4). */
export function isServerFailure(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504
}
