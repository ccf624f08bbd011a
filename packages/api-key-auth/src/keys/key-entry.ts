import { ApiKeyConfigurationError, isObject, ValueReader, type ConfigurationProblem } from '../problems.ts'
import {
  attributeNames,
  readAttributes,
  readTime,
  withoutGaps,
  type KeyAttributes,
} from './key-attributes.ts'
import { parseKey } from './key-format.ts'
import { createKeyHasher, hashPattern } from './key-hash.ts'
import type { ApiKeyRecord } from './key-record.ts'

/** A key as it stands in a configuration or a keys file. One of `hash` and `key` says which key it is. */
export interface ApiKeyEntry extends KeyAttributes {
  /** Default: the id in `key`, else its place in the list: `key-1`. */
  readonly id?: string
  /** `sha256:<hex>` or `hmac-sha256:<hex>`; 64 bare hex digits count as SHA-256. */
  readonly hash?: string
  /** The key itself, for one that comes from the environment. Hashed while it is read, and not kept. */
  readonly key?: string
  readonly previous?: { readonly hash: string; readonly until: number | string }
  readonly createdAt?: number | string
  readonly revokedAt?: number | string
  readonly lastUsedAt?: number | string
  /** Made elsewhere, so without the format and checksum of ours. Default: what can be seen of `key`. */
  readonly foreign?: boolean
  readonly revision?: number
}

const names = [
  'id',
  'hash',
  'key',
  'previous',
  'createdAt',
  'revokedAt',
  'lastUsedAt',
  'foreign',
  'revision',
  ...attributeNames,
]

/** What an id may look like. It travels in a header. */
export const keyIdPattern: RegExp = /^[\w.-]{1,64}$/

const plain = createKeyHasher()

/**
 * Records from entries.
 *
 * @throws ApiKeyConfigurationError with every mistake in every entry; two entries with one id or one hash are a mistake
 */
export function parseKeyEntries(entries: unknown, subject: string): ApiKeyRecord[] {
  if (!Array.isArray(entries)) {
    throw new ApiKeyConfigurationError(subject, [
      { path: 'keys', received: entries, expected: 'a list of keys' },
    ])
  }
  const problems: ConfigurationProblem[] = []
  const records = entries.map((entry: unknown, index) => parseEntry(entry, index, problems))
  const seen = new Map<string, number>()
  for (const [index, record] of records.entries()) {
    if (record === undefined) continue
    for (const [name, value] of [['id', record.id] as const, ['hash', record.hash] as const]) {
      const first = seen.get(value)
      if (first === undefined) seen.set(value, index)
      else
        problems.push({
          path: `keys[${index}].${name}`,
          received: value,
          expected: `another than keys[${first}] has`,
        })
    }
  }
  if (problems.length > 0) throw new ApiKeyConfigurationError(subject, problems)
  return records.filter((record) => record !== undefined)
}

function parseEntry(
  entry: unknown,
  index: number,
  problems: ConfigurationProblem[],
): ApiKeyRecord | undefined {
  const path = `keys[${index}]`
  if (!isObject(entry)) {
    problems.push({ path, received: entry, expected: 'an object' })
    return undefined
  }
  const reader = new ValueReader(entry, path, problems)
  reader.refuseOthers(names)
  const identity = readIdentity(entry, reader)
  const attributes = readAttributes(entry, reader)
  if (attributes.consumer === undefined && entry.consumer === undefined) {
    reader.report('consumer', undefined, 'whose key it is')
  }
  const record = {
    id: identity.id ?? `key-${index + 1}`,
    hash: identity.hash,
    foreign: identity.foreign,
    ...attributes,
    previous: readPrevious(entry.previous, reader),
    scopes: attributes.scopes ?? Object.freeze([]),
    createdAt: readTime(reader, 'createdAt') ?? 0,
    revokedAt: readTime(reader, 'revokedAt'),
    lastUsedAt: readTime(reader, 'lastUsedAt'),
    revision: reader.integer('revision', 1, Number.MAX_SAFE_INTEGER) ?? 1,
  }
  // What is missing here has been noted, so that the caller throws.
  return Object.freeze(withoutGaps(record)) as ApiKeyRecord
}

function readIdentity(
  entry: Record<string, unknown>,
  reader: ValueReader,
): { id?: string | undefined; hash?: string | undefined; foreign?: true | undefined } {
  const key = entry.key === undefined ? undefined : reader.string('key', 'the key, as text', /^.{1,512}$/)
  const hash = key === undefined ? readHash(reader, 'hash') : plain.hash(key)
  if (key !== undefined && entry.hash !== undefined) reader.report('hash', entry.hash, 'nothing beside `key`')
  if (entry.key === undefined && entry.hash === undefined) {
    reader.report('hash', undefined, 'sha256: or hmac-sha256: and 64 hex digits')
  }
  const parsed = key === undefined ? undefined : parseKey(key)
  const id = reader.string('id', '1 to 64 letters, digits, `.`, `_` or `-`', keyIdPattern)
  const foreign = reader.boolean('foreign') ?? (key !== undefined && parsed === undefined)
  return {
    id: id ?? parsed?.id,
    hash,
    foreign: foreign ? true : undefined,
  }
}

function readHash(reader: ValueReader, key: string): string | undefined {
  const text = reader.string(
    key,
    'sha256: or hmac-sha256: and 64 hex digits',
    /^(?:(?:hmac-)?sha256:)?[0-9a-f]{64}$/i,
  )
  return text === undefined ? undefined : normalizeHash(text)
}

/** `sha256:` before bare hex, and lower case. Undefined for what is no hash at all. */
export function normalizeHash(text: string): string | undefined {
  const lower = text.toLowerCase()
  const full = lower.includes(':') ? lower : `sha256:${lower}`
  return hashPattern.test(full) ? full : undefined
}

function readPrevious(value: unknown, reader: ValueReader): ApiKeyRecord['previous'] | undefined {
  if (value === undefined || value === null) return undefined
  const problems: ConfigurationProblem[] = []
  const fields = new ValueReader(isObject(value) ? value : {}, 'previous', problems)
  const hash = readHash(fields, 'hash')
  const until = readTime(fields, 'until')
  for (const { path, received, expected } of problems) reader.report(path, received, expected)
  if (hash === undefined || until === undefined) {
    if (problems.length === 0) reader.report('previous', value, 'an object { hash, until }')
    return undefined
  }
  return Object.freeze({ hash, until })
}
