const ALIASES: Readonly<Record<string, string>> = { 'x-gzip': 'gzip', 'x-compress': 'compress' }

/** A longer field is compared as it is. */
const LONGEST_FIELD = 512

/** Clients send a handful of values over and over, and every hit with `Vary: Accept-Encoding` asks. Cleared when full. */
const known = new Map<string, string>()
const MAX_KNOWN = 256

/**
 * The set of codings that a request accepts (RFC 9110 §12.5.3), sorted, without weights: whoever accepts the same set can
 * read the same stored bytes. `identity` is accepted unless refused, so only its refusal is written, as `identity;q=0`;
 * of other codings, refusals matter beside `*` alone.
 */
export function normalizeAcceptEncoding(field: string): string {
  if (field.length > LONGEST_FIELD) return field
  let normalized = known.get(field)
  if (normalized === undefined) {
    normalized = codings(field)
    if (known.size === MAX_KNOWN) known.clear()
    known.set(field, normalized)
  }
  return normalized
}

function codings(field: string): string {
  const weights = new Map<string, number>()
  for (const member of field.toLowerCase().split(',')) {
    const [name = '', ...parameters] = member.split(';').map((part) => part.trim())
    if (name !== '') weights.set(ALIASES[name] ?? name, weight(parameters))
  }
  const any = weights.get('*') ?? 0
  const identity = weights.get('identity') ?? (weights.get('*') === 0 ? 0 : 1)
  weights.delete('identity')
  const members: string[] = identity === 0 ? ['identity;q=0'] : []
  for (const [name, q] of weights) {
    if (q > 0) members.push(name)
    else if (any > 0) members.push(`${name};q=0`)
  }
  return members.sort().join(',')
}

/** What is no weight counts as 1, as if it were not there. */
function weight(parameters: readonly string[]): number {
  const q = parameters.find((parameter) => parameter.startsWith('q='))
  return q !== undefined && /^q=0(?:\.0{0,3})?$/.test(q) ? 0 : 1
}
