import { randomBytes } from 'node:crypto'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const values = new Uint8Array(128)
for (let value = 0; value < 62; value++) values[digits.charCodeAt(value)] = value
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

/** The number that `toBase62` was given, of text that is base 62 throughout. */
export function fromBase62(text: string): number {
  let value = 0
  for (let index = 0; index < text.length; index++) value = value * 62 + (values[text.charCodeAt(index)] ?? 0)
  return value
}
