import { crc32 } from 'node:zlib'
import { fromBase62, randomBase62, toBase62 } from './base62.ts'

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
export const keyPattern: RegExp = /^sluice_[a-z][a-z0-9]{0,15}_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/

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
  return body + toBase62(crc32(body), checksumLength)
}

/** The public parts of a key, or undefined for whatever is not, to the letter, a key of this format. */
export function parseKey(text: string): ParsedKey | undefined {
  if (!keyPattern.test(text)) return undefined
  const checksumAt = text.length - checksumLength
  if (crc32(text.slice(0, checksumAt)) !== fromBase62(text.slice(checksumAt))) return undefined
  const idAt = checksumAt - secretLength - 1 - idLength
  return { environment: text.slice(keyPrefix.length, idAt - 1), id: text.slice(idAt, idAt + idLength) }
}
