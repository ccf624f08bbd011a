import { scopePattern } from '../keys/key-attributes.ts'
import { isObject, ValueReader, type ConfigurationProblem } from '../problems.ts'
import type { ScopeRule } from '../keys/scopes.ts'

/** What a route asks for in `config.apiKey`. */
export type RouteApiKey =
  /** A good key, or none at all. */
  | boolean
  | {
      /** Scopes that the key must have, all of them. Default none. */
      readonly scopes?: readonly string[]
      /** Scopes of which the key must have at least one. Default none. */
      readonly anyOf?: readonly string[]
      /** Whether a request without any key may pass, with `request.apiKey` null. A bad key never passes. Default false. */
      readonly optional?: boolean
      /** Whether the upstream gets to see the key. Default: the plugin's `forward`. */
      readonly forward?: boolean
    }

export interface RouteRule extends ScopeRule {
  readonly optional: boolean
  readonly forward: boolean | undefined
}

const anyKey: RouteRule = Object.freeze({ allOf: [], anyOf: [], optional: false, forward: undefined })

/** The rule in one form, `false` for a route without authentication; what is wrong with it is noted. */
export function parseRouteRule(
  value: unknown,
  path: string,
  problems: ConfigurationProblem[],
): RouteRule | false {
  if (value === false) return false
  if (value === true) return anyKey
  if (!isObject(value)) {
    problems.push({ path, received: value, expected: 'true, false or { scopes, anyOf, optional, forward }' })
    return anyKey
  }
  const reader = new ValueReader(value, path, problems)
  reader.refuseOthers(['scopes', 'anyOf', 'optional', 'forward'])
  return Object.freeze({
    allOf: readScopes(reader, 'scopes'),
    anyOf: readScopes(reader, 'anyOf'),
    optional: reader.boolean('optional') ?? false,
    forward: reader.boolean('forward'),
  })
}

function readScopes(reader: ValueReader, key: string): readonly string[] {
  const scopes = reader.read(
    key,
    'a list of scopes such as orders:read',
    (value): value is string[] =>
      Array.isArray(value) && value.every((scope) => typeof scope === 'string' && scopePattern.test(scope)),
  )
  return Object.freeze([...(scopes ?? [])])
}
