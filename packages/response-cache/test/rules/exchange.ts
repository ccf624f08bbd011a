import * as fc from 'fast-check'
import type {
  CachePolicy,
  CacheRequest,
  HeaderFields,
  OriginResponse,
  StoredResponse,
} from '../../src/rules/message.ts'
import { defaultPolicy } from '../../src/rules/policy.ts'
import { storability } from '../../src/rules/storing.ts'

export const NOW: number = Date.parse('2026-11-21T12:00:00Z')
export const SECOND = 1000
export const HOUR = 3_600_000

export function httpDate(offsetSeconds: number): string {
  return new Date(NOW + offsetSeconds * SECOND).toUTCString()
}

export function get(headers: HeaderFields = {}, consumer?: string): CacheRequest {
  return { method: 'GET', headers, consumer }
}

/** A 200 that was generated, sent and received at `NOW`. */
export function ok(headers: HeaderFields = {}, facts: Partial<OriginResponse> = {}): OriginResponse {
  return {
    status: 200,
    requestedAtMs: NOW,
    receivedAtMs: NOW,
    ...facts,
    headers: { date: httpDate(0), ...headers },
  }
}

export function policy(overrides: Partial<CachePolicy> = {}): CachePolicy {
  return { ...defaultPolicy, ...overrides }
}

/** What is stored of a response; throws where nothing is. */
export function stored(
  headers: HeaderFields,
  {
    request = get(),
    route = defaultPolicy,
    ...facts
  }: Partial<OriginResponse> & { request?: CacheRequest; route?: CachePolicy } = {},
): StoredResponse {
  const result = storability(request, ok(headers, facts), route)
  if (!result.storable) throw new Error(`not stored: ${result.reason}`)
  return result.response
}

/** How long the stored response is fresh from `NOW` on, in seconds. */
export function freshSeconds(response: StoredResponse): number {
  return (response.facts.freshUntilMs - NOW) / SECOND
}

/** Short texts of these characters: more hostile than random ones. */
export function textOf(alphabet: string): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...alphabet.split('')), maxLength: 20 })
}
