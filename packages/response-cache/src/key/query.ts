/** Which parameters of the query take part in the key, and in which order. */
export interface QueryRule {
  /** Parameters in the order of their names, repeated ones in the order received. */
  readonly sort: boolean
  /** Only these; undefined: all. */
  readonly allow: ReadonlySet<string> | undefined
  /** Not these. */
  readonly ignore: ReadonlySet<string> | undefined
}

/** The request target as the key has it: path and normalised query. Percent-encoding stays as it is. */
export function normaliseUrl(url: string, rule: QueryRule): string {
  const mark = url.indexOf('?')
  if (mark < 0) return url
  const query = url.slice(mark + 1)
  if (query.indexOf('&') < 0 && rule.allow === undefined && rule.ignore === undefined) return url
  let pairs = query.split('&')
  if (rule.allow !== undefined || rule.ignore !== undefined)
    pairs = pairs.filter((pair) => counts(pair, rule))
  if (rule.sort) pairs.sort((a, b) => compare(nameOf(a), nameOf(b)))
  return pairs.length === 0 ? url.slice(0, mark) : `${url.slice(0, mark)}?${pairs.join('&')}`
}

function counts(pair: string, { allow, ignore }: QueryRule): boolean {
  const name = decoded(nameOf(pair))
  return (allow === undefined || allow.has(name)) && (ignore === undefined || !ignore.has(name))
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=')
  return equals < 0 ? pair : pair.slice(0, equals)
}

function decoded(name: string): string {
  if (name.indexOf('%') < 0 && name.indexOf('+') < 0) return name
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
