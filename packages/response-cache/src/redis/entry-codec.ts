import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants, crc32, gunzip, gzip } from 'node:zlib'
import type { CacheEntry } from '../entry.ts'
import type { StoredResponse } from '../rules/message.ts'
import { decodeHead, encodeHead, type EntryHead } from './head-codec.ts'

export type Compression = 'gzip' | 'brotli' | false

/** An entry as it lies in Redis: with its key, by which it is told from others, and the epochs of its index. */
export interface EntryRecord {
  readonly key: string
  readonly epoch: string
  readonly soft: string
  readonly entry: CacheEntry
}

/*
 * magic (4) | version (1) | coding of the body (1) | 0 (2) | checksum of what follows (4) | length of the head (4)
 * | head, see `head-codec.ts` | body
 */
const MAGIC = 0x534c5243
const VERSION = 2
const PREAMBLE_BYTES = 16
const CHECKSUM_AT = 8
const HEAD_LENGTH_AT = 12
/** What is checked of a body at either end: going over all of 64 KB would cost a hit a sixth of its time. */
const CHECKED_BYTES = 4096
const CODINGS = ['plain', 'gzip', 'brotli'] as const
export type Coding = (typeof CODINGS)[number]

/** Smaller bodies, and what is compressed by nature, gain nothing. */
const COMPRESS_FROM_BYTES = 1024
const COMPRESSIBLE = /^(?:text\/|application\/(?:[\w.+-]*\b(?:json|xml|javascript)\b|wasm)|image\/svg)/i

/** More than any entry holds: what unpacks to more was not packed here. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024

const pack = {
  gzip: promisify(gzip),
  brotli: (body: Buffer) =>
    promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
}
const unpack = {
  gzip: (body: Buffer) => promisify(gunzip)(body, { maxOutputLength: MAX_UNPACKED_BYTES }),
  brotli: (body: Buffer) => promisify(brotliDecompress)(body, { maxOutputLength: MAX_UNPACKED_BYTES }),
}

export async function encodeEntry(record: EntryRecord, compression: Compression): Promise<Buffer> {
  const { key, epoch, soft, entry } = record
  const { body } = entry
  const head = encodeHead({ key, epoch, soft, entry })
  const coding = compression !== false && isCompressible(entry.response, body) ? compression : 'plain'
  const packed = coding === 'plain' ? body : await pack[coding](body)
  const preamble = Buffer.alloc(PREAMBLE_BYTES)
  preamble.writeUInt32BE(MAGIC, 0)
  preamble.writeUInt8(VERSION, 4)
  preamble.writeUInt8(CODINGS.indexOf(coding), 5)
  preamble.writeUInt32BE(head.length, HEAD_LENGTH_AT)
  const bytes = Buffer.concat([preamble, head, packed])
  bytes.writeUInt32BE(checksum(bytes, PREAMBLE_BYTES + head.length), CHECKSUM_AT)
  return bytes
}

/** An entry that was read: its body is still packed, a part of what was read. */
export interface PackedRecord extends EntryRecord {
  readonly coding: Coding
}

/** Undefined for what is no entry of ours, of another version, damaged, or kept under another key. */
export function decodeEntry(bytes: Buffer, key: string): PackedRecord | undefined {
  if (bytes.length < PREAMBLE_BYTES || bytes.readUInt32BE(0) !== MAGIC || bytes[4] !== VERSION)
    return undefined
  const headEnd = PREAMBLE_BYTES + bytes.readUInt32BE(HEAD_LENGTH_AT)
  const coding = CODINGS[bytes[5] ?? CODINGS.length]
  if (coding === undefined || headEnd > bytes.length) return undefined
  if (checksum(bytes, headEnd) !== bytes.readUInt32BE(CHECKSUM_AT)) return undefined
  const head = decodeHead(bytes.subarray(PREAMBLE_BYTES, headEnd))
  if (head?.key !== key) return undefined
  const { epoch, soft, entry } = head
  return { key, epoch, soft, coding, entry: withBody(entry, bytes.subarray(headEnd)) }
}

/** Rejects for what cannot be unpacked. */
export function unpackBody(packed: Buffer, coding: Exclude<Coding, 'plain'>): Promise<Buffer> {
  return unpack[coding](packed)
}

/** CRC-32 of the head and of both ends of the body: a short body, the usual one, is gone over whole. */
function checksum(bytes: Buffer, headEnd: number): number {
  const start = headEnd + CHECKED_BYTES
  const rest = bytes.length - CHECKED_BYTES
  if (rest <= start) return crc32(bytes.subarray(HEAD_LENGTH_AT))
  return crc32(bytes.subarray(rest), crc32(bytes.subarray(HEAD_LENGTH_AT, start)))
}

function withBody(head: EntryHead['entry'], body: Buffer): CacheEntry {
  const { response, tags, stamp, keepUntilMs, fetchMs } = head
  return { response, body, tags, stamp, keepUntilMs, fetchMs }
}

function isCompressible({ headers }: StoredResponse, body: Buffer): boolean {
  if (body.length < COMPRESS_FROM_BYTES || headers['content-encoding'] !== undefined) return false
  return COMPRESSIBLE.test(String(headers['content-type']))
}
