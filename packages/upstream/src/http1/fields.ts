import type { IncomingHttpHeaders } from 'node:http'
import { errors } from 'undici'

/** A field's name and a method are tokens (RFC 9110 §5.6.2). */
export const TOKEN: RegExp = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/

/** What no field value may hold: control characters but for the tab, and nothing beyond Latin-1 (RFC 9110 §5.5). */
export const NOT_IN_VALUE: RegExp = /[^\t\x20-\x7e\x80-\xff]/

/** The connection option that announces its end (RFC 9112 §9.6). */
export const CLOSE: RegExp = /(?:^|,)\s*close\s*(?:,|$)/i

/** Names are few and come with every message; cleared when so many were seen that somebody must be making them up. */
const MAX_KNOWN_NAMES = 1000
const MAX_KNOWN_NAME_BYTES = 64

const knownNames = new Map<string, string>()

/** A field's name in lower case; undefined for what is no token. One that was seen before is not looked at again. */
export function fieldName(text: string): string | undefined {
  return knownNames.get(text) ?? learnName(text)
}

function learnName(text: string): string | undefined {
  if (!TOKEN.test(text)) return undefined
  const lower = text.toLowerCase()
  if (text.length > MAX_KNOWN_NAME_BYTES) return lower
  if (knownNames.size === MAX_KNOWN_NAMES) knownNames.clear()
  // A copy: a part of a message would keep all of it.
  const copy = Buffer.from(text, 'latin1').toString('latin1')
  // As an object's key, which is how it will be used.
  const [name = lower] = Object.keys({ [lower]: true })
  knownNames.set(copy, name)
  return name
}

/** Without a prototype: a field may be called `constructor`, or `__proto__`. */
const Fields = function () {} as unknown as new () => IncomingHttpHeaders
Fields.prototype = Object.create(null)

/**
 * The field lines of `text` between two positions (RFC 9112 §5): names in lower case, what is repeated as an array.
 * Folded lines and space before a colon are refused, as §5.1 and §5.2 allow a proxy.
 *
 * @throws HTTPParserError for anything that is no field line
 */
export function parseFields(text: string, from: number, to: number): IncomingHttpHeaders {
  const fields = new Fields()
  for (let start = from; start < to;) {
    const next = text.indexOf('\r\n', start)
    const end = next === -1 || next > to ? to : next
    addLine(fields, text, start, end)
    start = end + 2
  }
  return fields
}

function addLine(fields: IncomingHttpHeaders, text: string, start: number, end: number): void {
  const colon = text.indexOf(':', start)
  if (colon === -1 || colon > end) throw new errors.HTTPParserError('a field line without a colon')
  const name = fieldName(text.slice(start, colon))
  if (name === undefined) throw new errors.HTTPParserError('invalid field name')
  const value = trimmed(text, colon + 1, end)
  if (NOT_IN_VALUE.test(value)) throw new errors.HTTPParserError('invalid character in a field value')
  const before = fields[name]
  if (before === undefined) fields[name] = value
  else fields[name] = Array.isArray(before) ? [...before, value] : [before, value]
}

/** Without the space around it, which is tabs and blanks alone (RFC 9110 §5.6.3). */
function trimmed(text: string, start: number, end: number): string {
  let from = start
  let to = end
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}
