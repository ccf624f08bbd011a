const millisecondsPer = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const bytesPer = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }

/** `250`, `'250ms'`, `'1.5s'`, `'5m'`, `'1h'`, `'1d'` as milliseconds; undefined for anything else. */
export function parseDuration(value: unknown): number | undefined {
  return parseQuantity(value, /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/, millisecondsPer)
}

/** `1024`, `'64KB'`, `'10MB'`, `'1GB'` as bytes (powers of 1024); undefined for anything else. */
export function parseBytes(value: unknown): number | undefined {
  return parseQuantity(value, /^(\d+(?:\.\d+)?)(B|KB|MB|GB)$/, bytesPer)
}

function parseQuantity(value: unknown, pattern: RegExp, factors: Record<string, number>): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined
  if (typeof value !== 'string') return undefined
  const trimmed = value.trim()
  if (/^\d+$/.test(trimmed)) return Number(trimmed)
  const [, digits, unit] = pattern.exec(trimmed) ?? []
  if (digits === undefined || unit === undefined) return undefined
  return Math.round(Number(digits) * (factors[unit] ?? 1))
}
