import type { ErrorObject } from 'ajv'
import { expectations } from './keywords.ts'
import { type Problem, show } from './problem.ts'

interface Schema {
  expected?: string
  type?: string | string[]
  properties?: Record<string, unknown>
}

const secret = /(?:^|\.)(?:pepper|password|hash)$/

/** Ajv's errors as problems: one a place, the most telling one, in the order of the document. */
export function describeErrors(errors: readonly ErrorObject[]): Problem[] {
  const problems = new Map<string, Problem>()
  for (const error of errors) {
    const problem = describe(error)
    if (!problems.has(problem.path)) problems.set(problem.path, problem)
  }
  return [...problems.values()]
}

function describe(error: ErrorObject): Problem {
  const path = error.instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`)
  const schema = (error.parentSchema ?? {}) as Schema
  switch (error.keyword) {
    case 'required':
      return { path: at(error.params.missingProperty as string), received: 'nothing', expected: 'a value' }
    case 'additionalProperties': {
      const key = error.params.additionalProperty as string
      const value = (error.data as Record<string, unknown>)[key]
      return { path: at(key), received: `an unknown key (${show(value)})`, expected: oneOf(schema, key) }
    }
    case 'propertyNames':
      return {
        path: at(error.params.propertyName as string),
        received: 'this name',
        expected: 'a name of letters, digits, . _ -',
      }
    default:
      return {
        path,
        received: secret.test(path) ? 'a secret (not shown)' : show(error.data),
        expected: expectation(error, schema),
      }
  }
}

function expectation(error: ErrorObject, schema: Schema): string {
  if (schema.expected !== undefined) return schema.expected
  const own = expectations[error.keyword]
  if (own !== undefined) return own
  switch (error.keyword) {
    case 'type':
      return [schema.type ?? []].flat().map(article).join(' or ')
    case 'enum':
      return `one of ${(error.params.allowedValues as unknown[]).join(', ')}`
    case 'const':
      return show(error.params.allowedValue)
    case 'minimum':
      return `a number ≥ ${error.params.limit}`
    case 'maximum':
      return `a number ≤ ${error.params.limit}`
    case 'exclusiveMinimum':
      return `a number > ${error.params.limit}`
    case 'minLength':
      return `text of at least ${error.params.limit} character(s)`
    case 'minItems':
      return `a list of at least ${error.params.limit}`
    default:
      return error.message ?? 'something else'
  }
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}

/** Names the keys that may stand there, the one that was probably meant first. */
function oneOf({ properties = {} }: Schema, received: string): string {
  const known = Object.keys(properties)
  if (known.length === 0) return 'no further keys'
  const near = known.find((key) => distance(key.toLowerCase(), received.toLowerCase()) <= 2)
  return near === undefined ? `one of ${known.join(', ')}` : `${near}, perhaps? (one of ${known.join(', ')})`
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
