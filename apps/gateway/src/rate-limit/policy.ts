import type { ApiKey } from '@sluice/api-key-auth'
import { seconds } from './headers.ts'
import type { Limit } from './limit.ts'

/** What is the same for all requests that a limit concerns, with the texts that each of their answers carries. */
export interface Policy extends Pick<Limit, 'name' | 'max' | 'windowMs' | 'shadow'> {
  /** Its item of `RateLimit-Policy`: `q` is the quota, `w` its window in seconds. */
  readonly item: string
  /** Its `X-RateLimit-Limit`. */
  readonly quota: string
}

type KeyRateLimit = NonNullable<ApiKey['rateLimit']>

const policiesOfKeys = new WeakMap<KeyRateLimit, Policy>()

export function toPolicy({ name, max, windowMs, shadow }: Omit<Limit, 'by'>): Policy {
  const item = `"${name}";q=${max};w=${seconds(windowMs)}`
  return Object.freeze({ name, max, windowMs, shadow, item, quota: String(max) })
}

/** The policy of the limit in a key's record. */
export function keyPolicy(limit: KeyRateLimit): Policy {
  const known = policiesOfKeys.get(limit)
  if (known !== undefined) return known
  const policy = toPolicy({ name: 'key', shadow: false, ...limit })
  // What is not frozen may be another limit by the next request.
  if (Object.isFrozen(limit)) policiesOfKeys.set(limit, policy)
  return policy
}
