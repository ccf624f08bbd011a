import { crc32 } from 'node:zlib'
import { randomBase62, toBase62 } from './base62.ts'

/**
 * `sluice_<environment>_<id>_<secret><checksum>`
 *
 * - environment: 1 to 16 lower-case letters and digits, a letter first (`live`, `test`)
 * - id: 12 digits of base 62; public, stands in logs and in the store
 * - secret: 32 digits of base 62, 190 bits from the system's random source
 * - checksum: CRC-32 of all that stands before it, as 6 digits of base 62
 *
 * Letters, digits and `_` alone: a double click selects the whole key, and a header, a cookie and a URL carry it
 * unescaped. The checksum keeps nobody out who knows this page; it refuses typing errors and truncated copies
 * without a look-up, and spares a secret scanner its false alarms.
 */
export const keyPattern: RegExp =
  /^sluice_([a-z][a-z0-9]{0,15})_([0-9A-Za-z]{12})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/

/** What a key of ours starts with, whether or not the rest of it is sound. */
export const keyPrefix = 'sluice_'

export const environmentPattern: RegExp = /^[a-z][a-z0-9]{0,15}$/

const idLength = 12
const secretLength = 32
const checksumLength = 6

export interface ParsedKey {
  readonly environment: string
  readonly id: string
}

/** An id for a new key. */
export function generateKeyId(): string {
  return randomBase62(idLength)
}

/** A new secret for the key `id`. The result is shown once, to its owner, and never stored. */
export function generateKey(environment: string, id: string): string {
  const body = `${keyPrefix}${environment}_${id}_${randomBase62(secretLength)}`
  return body + checksum(body)
}

/** The public parts of a key, or undefined for whatever is not, to the letter, a key of this format. */
export function parseKey(text: string): ParsedKey | undefined {
  const match = keyPattern.exec(text)
  if (match === null) return undefined
  const split = text.length - checksumLength
  if (checksum(text.slice(0, split)) !== text.slice(split)) return undefined
  return { environment: match[1] as string, id: match[2] as string }
}

function checksum(body: string): string {
  return toBase62(crc32(body), checksumLength)
}
