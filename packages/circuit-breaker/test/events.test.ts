import { channel } from 'node:diagnostics_channel'
import { test } from 'tap'
import type { BreakerEventName } from '../src/index.ts'
import { trip } from '../src/testing/index.ts'
import { permit, subject } from './subject.ts'

const names: BreakerEventName[] = [
  'transition',
  'reject',
  'success',
  'failure',
  'ignored',
  'timeout',
  'fallback',
  'probe',
]

test('each event has a name, its breaker, and what it is about', (t) => {
  const { breaker, clock } = subject({ minimumCalls: 3 })
  const seen: [string, unknown][] = []
  for (const name of names) breaker.on(name, (event) => seen.push([name, event]))
  const calls = [1, 2, 3].map(() => permit(t, breaker))
  clock.advance(5)
  calls[0]?.success()
  calls[1]?.ignore()
  calls[2]?.failure({ kind: 'timeout', detail: 'UND_ERR_HEADERS_TIMEOUT' })
  const settled = { breaker: 'orders', durationMs: 5, generation: 0, probe: false }
  const cause = { kind: 'timeout', detail: 'UND_ERR_HEADERS_TIMEOUT' }
  t.same(seen.splice(0), [
    ['success', settled],
    ['ignored', settled],
    ['failure', { ...settled, cause }],
    ['timeout', { ...settled, cause }],
  ])
  trip(breaker)
  seen.splice(0)
  breaker.acquire()
  clock.advance(30_000)
  permit(t, breaker).success()
  t.same(seen, [
    ['reject', { breaker: 'orders', state: 'open', reason: 'open', retryAfterMs: 30_000, enforced: true }],
    [
      'transition',
      {
        breaker: 'orders',
        from: 'open',
        to: 'half-open',
        at: clock.wallNow(),
        reason: 'time to look again',
        scope: 'local',
        generation: 2,
      },
    ],
    ['probe', { breaker: 'orders', generation: 2, result: 'started' }],
    ['probe', { breaker: 'orders', generation: 2, result: 'success' }],
    ['success', { breaker: 'orders', durationMs: 0, generation: 2, probe: true }],
  ])
  t.end()
})

test('what time has brought about is dated when it happened, not when somebody looked', (t) => {
  const { breaker, clock, transitions } = subject()
  trip(breaker)
  const openedAt = clock.wallNow()
  clock.advance(90_000)
  t.equal(breaker.snapshot().since, openedAt + 30_000)
  t.equal(transitions.at(-1)?.at, openedAt + 30_000)
  t.end()
})

test('diagnostics_channel hears of all breakers while somebody subscribes', (t) => {
  const { breaker } = subject()
  const heard: unknown[] = []
  const listen = (event: unknown): void => void heard.push(event)
  permit(t, breaker).success()
  channel('sluice:circuit-breaker:success').subscribe(listen)
  permit(t, breaker).success()
  channel('sluice:circuit-breaker:success').unsubscribe(listen)
  permit(t, breaker).success()
  t.match(heard, [{ breaker: 'orders' }])
  t.equal(heard.length, 1)
  t.end()
})

test('a listener that throws is reported, and stops neither the others nor the call', async (t) => {
  const { breaker } = subject()
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  let others = 0
  breaker.on('success', () => {
    throw new Error('listener failed')
  })
  breaker.on('success', () => {
    // oxlint-disable-next-line no-throw-literal -- what listeners may do
    throw 'a string'
  })
  breaker.on('success', () => (others += 1))
  permit(t, breaker).success()
  t.equal(others, 1)
  await new Promise(setImmediate)
  t.same(
    warnings.map(({ message }) => message),
    ['listener failed', 'a string'],
  )
})

test('a listener may take itself off while it is told', (t) => {
  const { breaker } = subject()
  const heard: string[] = []
  const off = breaker.on('success', () => {
    heard.push('once')
    off()
  })
  breaker.on('success', () => heard.push('always'))
  permit(t, breaker).success()
  permit(t, breaker).success()
  t.same(heard, ['once', 'always', 'always'])
  t.end()
})

test('keeps the last fifty transitions', (t) => {
  const { breaker } = subject()
  for (let round = 0; round < 30; round += 1) {
    breaker.open({ reason: `round ${round}` })
    breaker.close()
  }
  const { transitions, totals } = breaker.snapshot()
  t.equal(transitions.length, 50)
  t.equal(transitions[0]?.reason, 'round 5')
  t.equal(totals.transitions, 60)
  t.end()
})
