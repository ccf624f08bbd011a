import { test } from 'tap'
import {
  type Attempt,
  BreakerOpenError,
  BreakerTimeoutError,
  classify,
  createCircuitBreaker,
} from '../src/index.ts'

const { options } = createCircuitBreaker({ name: 'b' })

function coded(code: string, more: object = {}): Error {
  return Object.assign(new Error(code), { code, ...more })
}

const refused = new BreakerOpenError({ breaker: 'x', state: 'open', reason: 'open', retryAfterMs: 0 })

function nameOf({ error, statusCode, result }: Attempt): string {
  return error instanceof Error ? error.message : JSON.stringify(error ?? statusCode ?? result)
}

const attempts: [Attempt, string, object?][] = [
  [{ statusCode: 200 }, 'success'],
  [{ statusCode: 404 }, 'success'],
  [{ statusCode: 429 }, 'ignored'],
  [{ statusCode: 501 }, 'ignored'],
  [{ statusCode: 505 }, 'ignored'],
  [{ statusCode: 500 }, 'failure', { kind: 'status', detail: '500' }],
  [{ statusCode: 503 }, 'failure', { kind: 'status', detail: '503' }],
  [{ statusCode: 522 }, 'failure', { kind: 'status', detail: '522' }],
  [{ result: 'anything' }, 'success'],
  [{ error: new Error('x') }, 'failure', { kind: 'error', detail: 'Error' }],
  [{ error: 'a string' }, 'failure', { kind: 'error' }],
  [{ error: coded('ECONNREFUSED') }, 'failure', { kind: 'network', detail: 'ECONNREFUSED' }],
  [{ error: coded('ENOTFOUND') }, 'failure', { kind: 'network', detail: 'ENOTFOUND' }],
  [{ error: coded('UND_ERR_SOCKET') }, 'failure', { kind: 'network', detail: 'UND_ERR_SOCKET' }],
  [{ error: coded('DEPTH_ZERO_SELF_SIGNED_CERT') }, 'failure', { kind: 'network' }],
  [{ error: coded('SLUICE_UPSTREAM_REFUSED', { statusCode: 502 }) }, 'failure', { kind: 'network' }],
  [{ error: coded('SLUICE_UPSTREAM_HEADERS_TIMEOUT', { statusCode: 504 }) }, 'failure', { kind: 'timeout' }],
  [{ error: coded('UND_ERR_CONNECT_TIMEOUT') }, 'failure', { kind: 'timeout' }],
  [{ error: coded('ETIMEDOUT') }, 'failure', { kind: 'timeout' }],
  [{ error: new DOMException('x', 'TimeoutError') }, 'failure', { kind: 'timeout', detail: 'TimeoutError' }],
  [
    { error: new BreakerTimeoutError('x', 5) },
    'failure',
    { kind: 'timeout', detail: 'SLUICE_BREAKER_TIMEOUT' },
  ],
  [
    { error: new TypeError('fetch failed', { cause: coded('ECONNRESET') }) },
    'failure',
    { kind: 'network', detail: 'ECONNRESET' },
  ],
  [{ error: Object.assign(new Error('not found'), { statusCode: 404 }) }, 'success'],
  [
    { error: Object.assign(new Error('bad gateway'), { statusCode: 502 }) },
    'failure',
    { kind: 'status', detail: '502' },
  ],
  [{ error: refused }, 'ignored'],
]

for (const [attempt, outcome, cause] of attempts) {
  test(`${nameOf(attempt)}: ${outcome}`, (t) => {
    const verdict = classify(attempt, options)
    t.equal(verdict.outcome, outcome)
    if (cause === undefined) t.equal(verdict.cause, undefined)
    else t.match(verdict.cause, cause)
    t.end()
  })
}

test('failOn.status replaces the list', (t) => {
  const failOn = { status: [404, 429], network: true }
  const outcomeOf = (statusCode: number): string =>
    classify({ statusCode }, { isFailure: undefined, failOn }).outcome
  t.same([404, 429, 500, 501].map(outcomeOf), ['failure', 'failure', 'success', 'ignored'])
  t.end()
})

test('failOn.network false ignores the connection, not timeouts', (t) => {
  const failOn = { status: undefined, network: false }
  const outcomeOf = (code: string): string =>
    classify({ error: coded(code) }, { isFailure: undefined, failOn }).outcome
  t.same(['ECONNRESET', 'ETIMEDOUT', 'OTHER'].map(outcomeOf), ['ignored', 'failure', 'failure'])
  t.end()
})

test('isFailure goes before all but a refusal', (t) => {
  const judge = (answer: boolean | 'ignored') => ({ ...options, isFailure: () => answer })
  t.same(classify({ statusCode: 200 }, judge(true)), {
    outcome: 'failure',
    cause: { kind: 'status', detail: '200' },
  })
  t.equal(classify({ statusCode: 500 }, judge(false)).outcome, 'success')
  t.equal(classify({ statusCode: 500 }, judge('ignored')).outcome, 'ignored')
  t.equal(classify({ error: refused }, judge(true)).outcome, 'ignored')
  t.end()
})
