import type { KeyAttributes, KeyChanges } from '@sluice/api-key-auth'
import type { ParseArgsConfig } from 'node:util'
import { parseDuration } from '../config/units.ts'
import { parseRateNotation } from '../rate-limit/limit.ts'
import { KeysUsageError } from './keys-usage-error.ts'

export type Flags = Readonly<Record<string, unknown>>

/** The flags that say what a key may do. */
const permissionFlags: NonNullable<ParseArgsConfig['options']> = {
  name: { type: 'string' },
  scopes: { type: 'string' },
  expires: { type: 'string' },
  'not-before': { type: 'string' },
  cidrs: { type: 'string' },
  'rate-limit': { type: 'string' },
  metadata: { type: 'string' },
}

export const attributeFlags: NonNullable<ParseArgsConfig['options']> = {
  consumer: { type: 'string' },
  ...permissionFlags,
}

export const changeFlags: NonNullable<ParseArgsConfig['options']> = {
  ...permissionFlags,
  enable: { type: 'boolean' },
  disable: { type: 'boolean' },
}

/** What the flags say, in the words of `ApiKeys`, which checks the values. */
export function readAttributes(flags: Flags, now: number): KeyAttributes {
  return { consumer: required(flags.consumer, '--consumer'), ...readPermissions(flags, now) }
}

/** What to change: an empty value takes an attribute away. */
export function readChanges(flags: Flags, now: number): KeyChanges {
  if (flags.enable === true && flags.disable === true) {
    throw new KeysUsageError('--enable and --disable contradict each other')
  }
  const emptied = Object.entries(attributeOf).filter(([flag]) => flags[flag] === '')
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== ''))
  const changes: KeyChanges = {
    ...readPermissions(given, now),
    ...Object.fromEntries(emptied.map(([, attribute]) => [attribute, null])),
    ...(flags.disable === true && { disabled: true }),
    ...(flags.enable === true && { disabled: null }),
  }
  if (Object.keys(changes).length === 0) throw new KeysUsageError('There is nothing to change')
  return changes
}

const attributeOf: Readonly<Record<string, keyof KeyChanges>> = {
  name: 'name',
  scopes: 'scopes',
  expires: 'expiresAt',
  'not-before': 'notBefore',
  cidrs: 'cidrs',
  'rate-limit': 'rateLimit',
  metadata: 'metadata',
}

function readPermissions(flags: Flags, now: number): Omit<KeyAttributes, 'consumer'> {
  const { name, scopes, expires, cidrs, metadata } = flags
  return {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof scopes === 'string' ? { scopes: list(scopes) } : {}),
    ...(typeof expires === 'string' ? { expiresAt: readExpiry(expires, now) } : {}),
    ...(typeof flags['not-before'] === 'string' ? { notBefore: flags['not-before'] } : {}),
    ...(typeof cidrs === 'string' ? { cidrs: list(cidrs) } : {}),
    ...(typeof flags['rate-limit'] === 'string' ? { rateLimit: readRate(flags['rate-limit']) } : {}),
    ...(typeof metadata === 'string' ? { metadata: readMetadata(metadata) } : {}),
  }
}

/** @throws KeysUsageError where it is missing */
export function required(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new KeysUsageError(`${what} is missing`)
  return value
}

/** Milliseconds from `30s`, `24h`, `90d`. */
export function readDuration(value: unknown, flag: string): number {
  const ms = parseDuration(value)
  if (ms === undefined) throw new KeysUsageError(`${flag} wants a duration such as 30s, 24h or 90d`)
  return ms
}

/** A date, or so long from now. */
function readExpiry(text: string, now: number): number | string {
  const ms = parseDuration(text)
  return ms === undefined ? text : now + ms
}

function readRate(text: string): { max: number; windowMs: number } {
  const rate = parseRateNotation(text)
  if (rate === undefined) throw new KeysUsageError('--rate-limit wants a rate such as 100-M (S, M, H or D)')
  return rate
}

function readMetadata(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    throw new KeysUsageError('--metadata wants a JSON object')
  }
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
