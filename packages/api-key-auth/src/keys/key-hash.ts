import { createHmac, hash, timingSafeEqual } from 'node:crypto'

/** `sha256:` or `hmac-sha256:` and 64 lower-case hex digits. The only form in which a key is ever stored. */
export const hashPattern: RegExp = /^(?:hmac-)?sha256:[0-9a-f]{64}$/

/**
 * Turns a key into what is stored of it.
 *
 * A fast hash is the right one here: a secret of 190 random bits cannot be guessed however fast the guessing, and a
 * slow one (bcrypt, scrypt) would cost each request what it costs an attacker.
 */
export interface KeyHasher {
  /** The hash for a new key. */
  hash(key: string): string
  /** Under which hashes a key may be stored, the likeliest first: with a pepper, also the plain one, for imported keys. */
  candidates(key: string): readonly string[]
}

/** SHA-256; with a `pepper`, which is kept apart from the store, HMAC-SHA-256 under it. */
export function createKeyHasher(pepper?: string): KeyHasher {
  if (pepper === undefined) return { hash: sha256, candidates: (key) => [sha256(key)] }
  const hmac = (key: string): string =>
    `hmac-sha256:${createHmac('sha256', pepper).update(key).digest('hex')}`
  return { hash: hmac, candidates: (key) => [hmac(key), sha256(key)] }
}

/** Whether two hashes are the same, in a time that says nothing about where they differ. */
export function sameHash(left: string, right: string): boolean {
  const a = Buffer.from(left, 'latin1')
  const b = Buffer.from(right, 'latin1')
  return a.length === b.length && timingSafeEqual(a, b)
}

function sha256(key: string): string {
  return `sha256:${hash('sha256', key)}`
}
