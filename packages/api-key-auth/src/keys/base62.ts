import { randomBytes } from 'node:crypto'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** The largest multiple of 62 that fits a byte: bytes at or above it are dropped, or low digits would come up more often. */
const unbiased = 248

/** `length` digits of base 62 from the system's random source, each of 5.95 bits. */
export function randomBase62(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length)) {
      if (byte < unbiased) text += digits.charAt(byte % 62)
    }
  }
  return text
}

/** `value` in base 62, padded on the left with zeros to `length` digits. */
export function toBase62(value: number, length: number): string {
  let text = ''
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = digits.charAt(rest % 62) + text
  return text.padStart(length, '0')
}
