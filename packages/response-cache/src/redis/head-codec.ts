import type { CacheEntry } from '../entry.ts'
import { emptyHeaders, type StoredFacts, type StoredHeaders } from '../rules/message.ts'

/** All of an entry's record but its body. */
export interface EntryHead {
  readonly key: string
  readonly epoch: string
  readonly soft: string
  readonly entry: Omit<CacheEntry, 'body'>
}

/*
 * 8 numbers (8 each) | status (2) | flags (1) | 0 (1) | number of texts (4) | length of each in UTF-16 units (4 each)
 * | the texts in one, UTF-8
 *
 * Not JSON: a hit in Redis reads this, and one text cut into slices costs a third of parsing names and values.
 */
const STATUS_AT = 64
const FLAGS_AT = 66
const COUNT_AT = 68
const LENGTHS_AT = 72

const ALWAYS_REVALIDATE = 1
const STALE_FORBIDDEN = 2
const IMMUTABLE = 4
const HAS_ETAG = 8
const HAS_LAST_MODIFIED = 16

export function encodeHead({ key, epoch, soft, entry }: EntryHead): Buffer {
  const { response, tags, stamp, keepUntilMs, fetchMs } = entry
  const { status, headers, facts } = response
  const { etag, lastModified, vary } = facts
  const texts = [key, epoch, soft, facts.partition, etag ?? '', lastModified ?? '', `${vary.length}`]
  texts.push(...vary, `${tags.length}`, ...tags, ...flat(headers))
  const text = Buffer.from(texts.join(''))
  const bytes = Buffer.alloc(LENGTHS_AT + 4 * texts.length + text.length)
  const numbers = [
    facts.bornAtMs,
    facts.receivedAtMs,
    facts.freshUntilMs,
    facts.staleWhileRevalidateMs,
    facts.staleIfErrorMs,
    stamp,
    keepUntilMs,
    fetchMs,
  ]
  for (const [at, value] of numbers.entries()) bytes.writeDoubleBE(value, 8 * at)
  bytes.writeUInt16BE(status, STATUS_AT)
  bytes.writeUInt8(flagsOf(facts), FLAGS_AT)
  bytes.writeUInt32BE(texts.length, COUNT_AT)
  for (const [at, { length }] of texts.entries()) bytes.writeUInt32BE(length, LENGTHS_AT + 4 * at)
  text.copy(bytes, LENGTHS_AT + 4 * texts.length)
  return bytes
}

/** Undefined for what is no head. */
export function decodeHead(bytes: Buffer): EntryHead | undefined {
  if (bytes.length < LENGTHS_AT) return undefined
  const texts = new Texts(bytes)
  if (!texts.sound) return undefined
  const flags = bytes.readUInt8(FLAGS_AT)
  const key = texts.next()
  const epoch = texts.next()
  const soft = texts.next()
  const partition = texts.next()
  const etag = texts.next()
  const lastModified = texts.next()
  const facts: StoredFacts = {
    partition,
    bornAtMs: bytes.readDoubleBE(0),
    receivedAtMs: bytes.readDoubleBE(8),
    freshUntilMs: bytes.readDoubleBE(16),
    alwaysRevalidate: (flags & ALWAYS_REVALIDATE) !== 0,
    staleForbidden: (flags & STALE_FORBIDDEN) !== 0,
    staleWhileRevalidateMs: bytes.readDoubleBE(24),
    staleIfErrorMs: bytes.readDoubleBE(32),
    immutable: (flags & IMMUTABLE) !== 0,
    etag: (flags & HAS_ETAG) === 0 ? undefined : etag,
    lastModified: (flags & HAS_LAST_MODIFIED) === 0 ? undefined : lastModified,
    vary: texts.list(),
  }
  const tags = texts.list()
  const headers = texts.headers()
  return {
    key,
    epoch,
    soft,
    entry: {
      response: { status: bytes.readUInt16BE(STATUS_AT), headers, facts },
      tags,
      stamp: bytes.readDoubleBE(40),
      keepUntilMs: bytes.readDoubleBE(48),
      fetchMs: bytes.readDoubleBE(56),
    },
  }
}

const NONE: readonly string[] = []

/** The texts of a head, in their order. */
class Texts {
  /** Whether what is there is as long as it says. */
  readonly sound: boolean
  readonly #bytes: Buffer
  readonly #all: string
  readonly #count: number
  #index = 0
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#count = bytes.readUInt32BE(COUNT_AT)
    const start = LENGTHS_AT + 4 * this.#count
    this.sound = start <= bytes.length
    this.#all = this.sound ? bytes.toString('utf8', start) : ''
  }

  next(): string {
    if (this.#index >= this.#count) return ''
    const length = this.#bytes.readUInt32BE(LENGTHS_AT + 4 * this.#index++)
    return this.#all.slice(this.#at, (this.#at += length))
  }

  list(): readonly string[] {
    const count = Number(this.next())
    if (count === 0) return NONE
    const list: string[] = []
    while (list.length < count && this.#index < this.#count) list.push(this.next())
    return list
  }

  /** All that is left: names and values in turn, a name once for each line. */
  headers(): StoredHeaders {
    const headers = emptyHeaders<string | string[]>()
    while (this.#index < this.#count) {
      const name = this.next()
      const value = this.next()
      const known = headers[name]
      if (known === undefined) headers[name] = value
      else if (typeof known === 'string') headers[name] = [known, value]
      else known.push(value)
    }
    return headers
  }
}

function flat(headers: StoredHeaders): string[] {
  const texts: string[] = []
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string') texts.push(name, value)
    else for (const line of value ?? []) texts.push(name, line)
  }
  return texts
}

function flagsOf({ alwaysRevalidate, staleForbidden, immutable, etag, lastModified }: StoredFacts): number {
  return (
    (alwaysRevalidate ? ALWAYS_REVALIDATE : 0) |
    (staleForbidden ? STALE_FORBIDDEN : 0) |
    (immutable ? IMMUTABLE : 0) |
    (etag === undefined ? 0 : HAS_ETAG) |
    (lastModified === undefined ? 0 : HAS_LAST_MODIFIED)
  )
}
