import type { ApiKeyDescription, IssuedKey } from '@sluice/api-key-auth'

/** The one time that a key is shown. The key stands alone on its line, to be copied or cut out. */
export function renderIssued({ key, record }: IssuedKey): string {
  return `${key}\n\nKeep it now: it is not stored, and cannot be shown again.\n\n${renderKey(record)}`
}

/** One fact a line. */
export function renderKey(record: ApiKeyDescription): string {
  const facts: [string, string | undefined][] = [
    ['id', record.id],
    ['status', record.status],
    ['consumer', record.consumer],
    ['name', record.name],
    ['scopes', record.scopes.join(', ')],
    ['created', time(record.createdAt)],
    ['not before', time(record.notBefore)],
    ['expires', time(record.expiresAt)],
    ['revoked', time(record.revokedAt)],
    ['last used', time(record.lastUsedAt)],
    ['old secret until', time(record.previousUntil)],
    ['addresses', record.cidrs?.join(', ')],
    ['rate limit', record.rateLimit && `${record.rateLimit.max} in ${record.rateLimit.windowMs} ms`],
    ['metadata', record.metadata && JSON.stringify(record.metadata)],
  ]
  return facts
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([label, value]) => `${label.padEnd(17)}${value}`)
    .join('\n')
}

/** One key a line. */
export function renderKeys(records: readonly ApiKeyDescription[]): string {
  if (records.length === 0) return 'There are no keys.'
  const rows = [
    ['ID', 'STATUS', 'CONSUMER', 'SCOPES', 'EXPIRES', 'LAST USED'],
    ...records.map((record) => [
      record.id,
      record.status,
      record.consumer,
      record.scopes.join(','),
      time(record.expiresAt) ?? 'never',
      time(record.lastUsedAt) ?? '-',
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}
