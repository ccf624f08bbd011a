import { randomBytes } from 'node:crypto'

const own = randomBytes(12).toString('base64url')
let count = 0

/** A text that nobody has used, in any process: letters, digits, `_` and `-`. No secret. */
export function newToken(): string {
  count += 1
  return `${own}-${count.toString(36)}`
}
