import { isObject, ValueReader, type ConfigurationProblem } from '../problems.ts'
import { isCidr } from './address.ts'
import type { KeyRateLimit } from './key-record.ts'

/** What the owner of a gateway decides about a key. Times: milliseconds since the epoch, or ISO 8601. */
export interface KeyAttributes {
  /** Whose key it is: 1 to 128 visible ASCII characters, no spaces, since it travels in a header. */
  readonly consumer: string
  /** For people, up to 128 characters. */
  readonly name?: string
  /** Default: none. */
  readonly scopes?: readonly string[]
  readonly notBefore?: number | string
  readonly expiresAt?: number | string
  readonly disabled?: boolean
  readonly cidrs?: readonly string[]
  readonly rateLimit?: KeyRateLimit
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** The same with every default filled in and every time a number. */
export interface ParsedAttributes {
  consumer?: string
  name?: string
  scopes?: readonly string[]
  notBefore?: number
  expiresAt?: number
  disabled?: boolean
  cidrs?: readonly string[]
  rateLimit?: KeyRateLimit
  metadata?: Readonly<Record<string, unknown>>
}

export const attributeNames = [
  'consumer',
  'name',
  'scopes',
  'notBefore',
  'expiresAt',
  'disabled',
  'cidrs',
  'rateLimit',
  'metadata',
] as const

export const scopePattern: RegExp = /^[\w.:*/-]{1,64}$/
const consumerPattern = /^[\x21-\x7e]{1,128}$/
const namePattern = /^[^\p{Cc}]{1,128}$/u

/** Reads the attributes that are there; the reader notes what is wrong with them. */
export function readAttributes(source: Record<string, unknown>, reader: ValueReader): ParsedAttributes {
  return withoutGaps({
    consumer: reader.string('consumer', '1 to 128 visible ASCII characters without spaces', consumerPattern),
    name: reader.string('name', 'up to 128 printable characters', namePattern),
    scopes: readStrings(reader, 'scopes', 'a list of scopes such as orders:read', (text) =>
      scopePattern.test(text),
    ),
    notBefore: readTime(reader, 'notBefore'),
    expiresAt: readTime(reader, 'expiresAt'),
    disabled: reader.boolean('disabled'),
    cidrs: readStrings(reader, 'cidrs', 'a list of addresses and CIDR blocks', isCidr),
    rateLimit: readRateLimit(source.rateLimit, reader),
    metadata: freezeDeep(reader.read('metadata', 'an object', isObject)),
  })
}

/** Epoch milliseconds from a number or a date in ISO 8601. */
export function readTime(reader: ValueReader, key: string): number | undefined {
  const value = reader.read(
    key,
    'a time in ISO 8601 or in milliseconds since the epoch',
    (value): value is number | string => Number.isFinite(toTime(value)),
  )
  return value === undefined ? undefined : toTime(value)
}

function toTime(value: unknown): number {
  if (typeof value === 'number') return value >= 0 ? Math.trunc(value) : Number.NaN
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN
}

function readStrings(
  reader: ValueReader,
  key: string,
  expected: string,
  test: (text: string) => boolean,
): readonly string[] | undefined {
  const list = reader.read(
    key,
    expected,
    (value): value is string[] =>
      Array.isArray(value) && value.every((item) => typeof item === 'string' && test(item)),
  )
  return list === undefined ? undefined : Object.freeze([...list])
}

function readRateLimit(value: unknown, reader: ValueReader): KeyRateLimit | undefined {
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) {
    reader.report('rateLimit', value, 'an object { max, windowMs }')
    return undefined
  }
  const problems: ConfigurationProblem[] = []
  const fields = new ValueReader(value, 'rateLimit', problems)
  fields.refuseOthers(['max', 'windowMs'])
  const max = fields.integer('max', 0, Number.MAX_SAFE_INTEGER)
  const windowMs = fields.integer('windowMs', 1, 366 * 86_400_000)
  for (const name of ['max', 'windowMs'])
    if (value[name] === undefined) fields.report(name, undefined, 'a whole number')
  for (const { path, received, expected } of problems) reader.report(path, received, expected)
  return max === undefined || windowMs === undefined ? undefined : Object.freeze({ max, windowMs })
}

/** Freezes a value and all that is in it. */
export function freezeDeep<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const inner of Object.values(Object.freeze(value))) freezeDeep(inner)
  }
  return value
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the properties that are undefined: "absent" has one meaning. */
export function withoutGaps<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Present<T>
}
