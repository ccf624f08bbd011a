import { isMap, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml'
import { parseKeyEntries } from '../keys/key-entry.ts'
import type { ApiKeyRecord } from '../keys/key-record.ts'
import { ApiKeyConfigurationError } from '../problems.ts'

const header = ' API keys of Sluice. Only hashes are kept here; `sluice keys create` shows a key once.'

/**
 * Records from the text of a keys file: `keys:` and a list.
 *
 * @throws ApiKeyConfigurationError with everything that is wrong in it
 */
export function readKeysDocument(text: string, path: string): ApiKeyRecord[] {
  const content: unknown = parse(text, path).toJS()
  if (content === null || content === undefined) return []
  const entries = (content as { keys?: unknown }).keys ?? []
  const raw = Array.isArray(entries)
    ? entries.findIndex((entry) => (entry as { key?: unknown } | null)?.key !== undefined)
    : -1
  if (raw >= 0) {
    throw new ApiKeyConfigurationError(path, [
      { path: `keys[${raw}].key`, received: 'a key', expected: 'its hash: keys are not kept in files' },
    ])
  }
  return parseKeyEntries(entries, path)
}

/** The text with one record put in or changed. What people wrote around it, comments above all, stays. */
export function putInDocument(text: string, record: ApiKeyRecord, path: string): string {
  const document = parse(text, path)
  const list = listOf(document)
  const index = indexOf(list, record.id)
  const node = document.createNode(toEntry(record))
  if (index === -1) list.add(node)
  else list.set(index, node)
  return document.toString({ lineWidth: 0 })
}

export function removeFromDocument(text: string, id: string, path: string): string {
  const document = parse(text, path)
  const list = listOf(document)
  const index = indexOf(list, id)
  if (index >= 0) list.delete(index)
  return document.toString({ lineWidth: 0 })
}

function parse(text: string, path: string): Document {
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw new ApiKeyConfigurationError(
      path,
      document.errors.map((error) => ({
        path: `line ${error.linePos?.[0].line ?? '?'}`,
        received: error.code,
        expected: error.message.split('\n')[0] ?? 'YAML',
      })),
    )
  }
  return document
}

function listOf(document: Document): YAMLSeq {
  if (!isMap(document.contents)) {
    document.contents = document.createNode({ keys: [] })
    document.commentBefore ??= header
  }
  const list = document.get('keys')
  if (isSeq(list)) {
    list.flow = false
    return list
  }
  document.set('keys', document.createNode([]))
  return document.get('keys') as YAMLSeq
}

function indexOf(list: YAMLSeq, id: string): number {
  return list.items.findIndex((item) => isMap(item) && String(item.get('id')) === id)
}

/** Times as people read them. */
function toEntry(record: ApiKeyRecord): Record<string, unknown> {
  const { previous, ...rest } = record
  const times = new Set(['createdAt', 'notBefore', 'expiresAt', 'revokedAt', 'lastUsedAt'])
  const entry = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, times.has(name) ? iso(value as number) : value]),
  )
  return previous === undefined
    ? entry
    : { ...entry, previous: { hash: previous.hash, until: iso(previous.until) } }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
