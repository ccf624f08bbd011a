import { ApiKeyConfigurationError, ValueReader, type ConfigurationProblem } from '../problems.ts'
import {
  attributeNames,
  readAttributes,
  type KeyAttributes,
  type ParsedAttributes,
} from './key-attributes.ts'
import type { ApiKeyRecord } from './key-record.ts'

/** What may change in a key; `null` takes an attribute away. Whose key it is does not change. */
export type KeyChanges = {
  readonly [K in keyof Omit<KeyAttributes, 'consumer'>]?: KeyAttributes[K] | null
}

const subject = 'Attributes of an API key'
const changeable: readonly string[] = attributeNames.filter((name) => name !== 'consumer')

/**
 * Attributes for a new key.
 *
 * @throws ApiKeyConfigurationError with everything that is wrong
 */
export function checkAttributes(attributes: KeyAttributes): ParsedAttributes {
  const problems: ConfigurationProblem[] = []
  const reader = new ValueReader(asObject(attributes), '', problems)
  reader.refuseOthers(attributeNames)
  const parsed = readAttributes(asObject(attributes), reader)
  if (attributes.consumer === undefined) reader.report('consumer', undefined, 'whose key it is')
  if (problems.length > 0) throw new ApiKeyConfigurationError(subject, problems)
  return parsed
}

/**
 * The edit of a record that makes these changes.
 *
 * @throws ApiKeyConfigurationError with everything that is wrong
 */
export function checkChanges(changes: KeyChanges): (record: ApiKeyRecord) => ApiKeyRecord {
  const problems: ConfigurationProblem[] = []
  const reader = new ValueReader(asObject(changes), '', problems)
  reader.refuseOthers(changeable)
  const parsed = readAttributes(asObject(changes), reader)
  if (problems.length > 0) throw new ApiKeyConfigurationError(subject, problems)
  const removed = new Set(Object.entries(changes).flatMap(([name, value]) => (value === null ? [name] : [])))
  return (record) => {
    const kept = Object.fromEntries(Object.entries(record).filter(([name]) => !removed.has(name)))
    return { scopes: [], ...kept, ...parsed } as unknown as ApiKeyRecord
  }
}

export function wrongAttribute(path: string, received: unknown, expected: string): ApiKeyConfigurationError {
  return new ApiKeyConfigurationError(subject, [{ path, received, expected }])
}

function asObject(value: object): Record<string, unknown> {
  return value as Record<string, unknown>
}
