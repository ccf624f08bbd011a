/**
 * The rules beside `http-cache-semantics`: the same exchanges to both, and every difference explained by one of the entries
 * below, each of which explains at least one.
 */
import HttpCacheSemantics from 'http-cache-semantics'
import { test } from 'tap'
import { decide } from '../../src/rules/decide.ts'
import { defaultPolicy } from '../../src/rules/policy.ts'
import { storability } from '../../src/rules/storing.ts'
import { secondaryKey } from '../../src/rules/vary.ts'
import { get, httpDate, NOW, ok, SECOND } from './exchange.ts'

type Fields = Record<string, string>
type Outcome = 'hit' | 'stale' | 'forward'

interface Exchange {
  readonly status: number
  readonly response: Fields
  readonly stored: Fields
  readonly request: Fields
  readonly method: string
  readonly age: number
}

interface Difference {
  readonly because: string
  readonly where: (exchange: Exchange, ours: Outcome, theirs: Outcome) => boolean
}

const control = ({ response }: Exchange) => response['cache-control'] ?? ''
const hasLifetime = (exchange: Exchange) =>
  /max-age|s-maxage/.test(control(exchange)) ||
  'expires' in exchange.response ||
  'last-modified' in exchange.response
const asked = ({ request }: Exchange) => request['cache-control'] ?? ''

const differences: readonly Difference[] = [
  {
    because:
      'must-revalidate and proxy-revalidate rule out stale responses, not fresh ones (§5.2.2.2, §5.2.2.8)',
    where: (exchange, ours) => ours === 'hit' && /must-revalidate|proxy-revalidate/.test(control(exchange)),
  },
  {
    because: 'the apparent age counts: a Date in the past makes a response older (§4.2.3)',
    where: ({ response }, ours) => ours !== 'hit' && response.date === httpDate(-7200),
  },
  {
    because: 'an Age that is no integer of at least 0 is ignored, not read as far as it goes (§5.1)',
    where: ({ response }, ours) => ours !== 'forward' && response.age === '7200.5',
  },
  {
    because: 'a lifetime that is no integer makes the response stale (§4.2.1)',
    where: (exchange, ours) => ours === 'forward' && /max-age=(60s|1e3)/.test(control(exchange)),
  },
  {
    because: 'lifetimes that differ make the response stale; there the last one counts (§4.2.1)',
    where: (exchange, ours) => ours === 'forward' && control(exchange) === 'max-age=1, max-age=60',
  },
  {
    because: 'the names of directives have no case (§5.2)',
    where: (exchange) => /No-Store|MAX-AGE/.test(control(exchange)),
  },
  {
    because: 'a comma in a quoted string parts nothing (RFC 9110 §5.6.4)',
    where: (exchange) => control(exchange).startsWith('ext="'),
  },
  {
    because:
      'qualified private and no-cache keep back the fields that they name, not the response (§5.2.2.4, §5.2.2.7)',
    where: (exchange, ours) => ours === 'hit' && /(private|no-cache)="/.test(control(exchange)),
  },
  {
    because: 'immutable adds no lifetime (RFC 8246 §2)',
    where: (exchange, ours) => ours === 'forward' && control(exchange) === 'immutable',
  },
  {
    because: 'a fresh immutable response answers a reload, which sends max-age=0 (RFC 8246 §2)',
    where: (exchange, ours) =>
      ours === 'hit' && /immutable/.test(control(exchange)) && /max-age/.test(asked(exchange)),
  },
  {
    because: 'must-understand lifts the no-store beside it for a known status (§5.2.2.3)',
    where: (exchange, ours) => ours === 'hit' && control(exchange).includes('must-understand'),
  },
  {
    because: 'CDN-Cache-Control replaces Cache-Control and Expires (RFC 9213)',
    where: ({ response }) => response['cdn-cache-control'] !== undefined,
  },
  {
    because: 'Pragma means nothing in a response (§5.4)',
    where: ({ response }, ours) => ours === 'hit' && response.pragma === 'no-cache',
  },
  {
    because: 'an Expires with another zone than GMT is invalid (§4.2)',
    where: ({ response }, ours) => ours === 'forward' && (response.expires ?? '').endsWith('UTC'),
  },
  {
    because: 'a response with Set-Cookie is not stored at all, public and immutable notwithstanding',
    where: ({ response }, ours) => ours === 'forward' && response['set-cookie'] !== undefined,
  },
  {
    because:
      'any final status may be stored with explicit freshness, since must-understand tells which may not (§3)',
    where: ({ status }, ours) => ours !== 'forward' && [299, 503].includes(status),
  },
  {
    because: 'a heuristic lifetime is a day at most',
    where: ({ response, age }, ours) => ours === 'forward' && 'last-modified' in response && age > 86_400,
  },
  {
    because: 'no heuristics for an answer to a cookie',
    where: ({ response, stored }, ours) =>
      ours === 'forward' && 'last-modified' in response && 'cookie' in stored,
  },
  {
    because: 'a stored GET answers HEAD (RFC 9110 §9.3.2)',
    where: ({ method }, ours) => ours !== 'forward' && method === 'HEAD',
  },
  {
    because: 'no-cache, proxy-revalidate and s-maxage leave no room for max-stale (§4.2.4)',
    where: (exchange, ours) =>
      ours === 'forward' &&
      /no-cache|proxy-revalidate|s-maxage/.test(control(exchange)) &&
      /max-stale/.test(asked(exchange)),
  },
  {
    because: 'a stale response that may be refreshed is, also where max-stale would do without (RFC 5861 §3)',
    where: (exchange, ours, theirs) =>
      ours === 'stale' && theirs === 'hit' && /max-stale/.test(asked(exchange)),
  },
  {
    because: 'max-stale admits staleness of no more than its value: that much included (§5.2.1.2)',
    where: (exchange, ours) =>
      ours === 'hit' && asked(exchange) === 'max-stale=10' && [10, 70].includes(exchange.age),
  },
  {
    because: 'max-stale widens max-age (§5.2.1.1)',
    where: (exchange, ours) => ours !== 'forward' && asked(exchange) === 'max-age=5, max-stale',
  },
  {
    because: 'a request that limits the age wants nothing stale (§5.2.1.1)',
    where: (exchange, ours, theirs) =>
      ours === 'forward' && theirs === 'stale' && asked(exchange) === 'max-age=1000',
  },
  {
    because: 'a request with no-store is not answered from the store',
    where: (exchange, ours) => ours === 'forward' && asked(exchange) === 'no-store',
  },
  {
    because: 'what says nothing of its lifetime is not kept for the sake of max-stale',
    where: (exchange, ours) =>
      ours === 'forward' && /max-stale/.test(asked(exchange)) && !hasLifetime(exchange),
  },
  {
    because: "a request's Pragma counts only without Cache-Control (§5.4)",
    where: (exchange, ours) => ours === 'hit' && 'pragma' in exchange.request && asked(exchange) !== '',
  },
  {
    because: 'Vary: white space and the order of codings mean nothing (§4.1)',
    where: ({ response }, ours) => ours !== 'forward' && response.vary === 'accept-encoding',
  },
]

const CONTROLS = [
  undefined,
  'max-age=60',
  'max-age=0',
  'MAX-AGE=60',
  'max-age="60"',
  'max-age=60s',
  'max-age=1e3',
  'max-age=1, max-age=60',
  'max-age=60, No-Store',
  'max-age=60, no-store',
  'max-age=60, no-store, must-understand',
  'max-age=60, private',
  'max-age=60, private="x"',
  'max-age=60, no-cache',
  'max-age=60, no-cache="x"',
  'max-age=60, public',
  'max-age=60, must-revalidate',
  'max-age=60, proxy-revalidate',
  'max-age=60, immutable',
  'immutable',
  'public',
  's-maxage=60',
  's-maxage=0, max-age=60',
  's-maxage=60, stale-while-revalidate=30',
  'max-age=60, stale-while-revalidate=30',
  'max-age=60, stale-while-revalidate=30, must-revalidate',
  'ext="a, max-age=60", max-age=0',
]
const RESPONSES: readonly Fields[] = [
  {},
  { age: '30' },
  { age: '7200.5' },
  { date: httpDate(-7200) },
  { expires: httpDate(30) },
  { expires: '0' },
  { expires: 'Thu, 18 Aug 2050 02:01:18 UTC' },
  { 'last-modified': httpDate(-86_400) },
  { 'last-modified': httpDate(-86_400_000) },
  { pragma: 'no-cache' },
  { 'set-cookie': 'a=b' },
  { vary: 'accept-encoding' },
  { vary: 'x-tenant' },
  { vary: '*' },
  { 'cdn-cache-control': 'max-age=5' },
]
const REQUESTS: readonly Fields[] = [
  {},
  { 'cache-control': 'no-cache' },
  { 'cache-control': 'no-store' },
  { 'cache-control': 'max-age=5' },
  { 'cache-control': 'max-age=0' },
  { 'cache-control': 'max-age=1000' },
  { 'cache-control': 'max-age=5, max-stale' },
  { 'cache-control': 'min-fresh=20' },
  { 'cache-control': 'max-stale' },
  { 'cache-control': 'max-stale=10' },
  { pragma: 'no-cache' },
  { pragma: 'no-cache', 'cache-control': 'min-fresh=1' },
]
/** What the request carried whose answer is stored. */
const STORED_BY: readonly Fields[] = [{}, { authorization: 'Basic eA==' }, { cookie: 'a=b' }]
const AGES = [10, 65, 70, 95, 200_000]

function* exchanges(): Generator<Exchange> {
  for (const field of CONTROLS) {
    for (const more of RESPONSES) {
      const response = {
        date: httpDate(0),
        etag: '"a"',
        ...(field === undefined ? {} : { 'cache-control': field }),
        ...more,
      }
      for (const age of AGES) {
        for (const request of REQUESTS)
          yield { status: 200, response, stored: {}, request, method: 'GET', age }
        for (const stored of STORED_BY)
          yield { status: 200, response, stored, request: {}, method: 'GET', age }
        for (const status of [206, 299, 302, 404, 503]) {
          yield { status, response, stored: {}, request: {}, method: 'GET', age }
        }
        yield { status: 200, response, stored: {}, request: {}, method: 'HEAD', age }
        yield {
          status: 200,
          response,
          stored: { 'x-tenant': 'a' },
          request: { 'x-tenant': 'b' },
          method: 'GET',
          age,
        }
        yield {
          status: 200,
          response,
          stored: { 'accept-encoding': 'gzip, br' },
          request: { 'accept-encoding': 'br,gzip' },
          method: 'GET',
          age,
        }
      }
    }
  }
}

test('every difference from http-cache-semantics is explained', (t) => {
  const unexplained: unknown[] = []
  const used = new Set<Difference>()
  const agreed: Record<Outcome, number> = { hit: 0, stale: 0, forward: 0 }
  for (const exchange of exchanges()) {
    const ours = outcomeOfOurs(exchange)
    const theirs = outcomeOfTheirs(exchange)
    if (ours === theirs) {
      agreed[ours] += 1
      continue
    }
    const reasons = differences.filter(({ where }) => where(exchange, ours, theirs))
    for (const reason of reasons) used.add(reason)
    if (reasons.length === 0) unexplained.push({ ...exchange, ours, theirs })
  }
  t.same(unexplained.slice(0, 5), [], `${unexplained.length} unexplained`)
  for (const difference of differences) t.ok(used.has(difference), difference.because)
  for (const outcome of ['hit', 'stale', 'forward'] as const)
    t.ok(agreed[outcome] > 100, `agreed on ${outcome}`)
  t.end()
})

function outcomeOfOurs({ status, response, stored, request, method, age }: Exchange): Outcome {
  const asker = { ...get(request), method }
  const result = storability(get(stored), ok(response, { status }), defaultPolicy)
  if (!result.storable) return 'forward'
  const { vary } = result.response.facts
  if (secondaryKey(vary, get(stored)) !== secondaryKey(vary, asker)) return 'forward'
  const decision = decide(asker, result.response, defaultPolicy, NOW + age * SECOND)
  if (decision.kind === 'fresh') return 'hit'
  if (decision.kind === 'stale') return decision.refresh ? 'stale' : 'hit'
  return 'forward'
}

function outcomeOfTheirs({ status, response, stored, request, method, age }: Exchange): Outcome {
  let now = NOW
  class At extends HttpCacheSemantics {
    now(): number {
      return now
    }
  }
  const policy = new At(
    { method: 'GET', url: '/', headers: stored },
    { status, headers: response },
    { shared: true },
  )
  if (!policy.storable()) return 'forward'
  now = NOW + age * SECOND
  const { response: served, revalidation } = policy.evaluateRequest({ method, url: '/', headers: request })
  if (served === undefined) return 'forward'
  return revalidation === undefined ? 'hit' : 'stale'
}
