import { test } from 'tap'
import { fail, succeed, trip } from '../src/testing/index.ts'
import { permit, refusal, subject } from './subject.ts'

test('forced open: refuses until it is closed, and tells who and why', (t) => {
  const { breaker, clock, transitions } = subject()
  breaker.open({ reason: 'maintenance', actor: 'ann' })
  t.match(refusal(t, breaker), { reason: 'forced', state: 'forced-open', retryAfterMs: 30_000 })
  clock.advance(86_400_000)
  t.equal(breaker.state, 'forced-open')
  t.match(breaker.snapshot(), {
    scope: 'manual',
    forced: { mode: 'forced-open', reason: 'maintenance', actor: 'ann', until: undefined },
  })
  breaker.close({ reason: 'done', actor: 'bob' })
  permit(t, breaker).success()
  t.equal(breaker.snapshot().forced, undefined)
  t.match(transitions, [
    { from: 'closed', to: 'forced-open', reason: 'maintenance', scope: 'manual', actor: 'ann' },
    { from: 'forced-open', to: 'closed', reason: 'done', scope: 'manual', actor: 'bob' },
  ])
  t.end()
})

test('forced open for a time', (t) => {
  const { breaker, clock, transitions } = subject()
  breaker.open({ forMs: 5_000 })
  t.equal(breaker.snapshot().forced?.until, clock.wallNow() + 5_000)
  clock.advance(4_000)
  t.equal(refusal(t, breaker).retryAfterMs, 1_000)
  clock.advance(1_000)
  permit(t, breaker)
  t.match(transitions.at(-1), { to: 'closed', reason: 'forced-open expired', scope: 'manual' })
  t.end()
})

test('disabled: admits all and never opens, and counts', (t) => {
  const { breaker, clock } = subject()
  trip(breaker)
  breaker.disable({ forMs: 60_000 })
  fail(breaker, 100)
  t.equal(breaker.state, 'disabled')
  t.equal(breaker.snapshot().window.failures, 100)
  clock.advance(60_000)
  t.equal(breaker.state, 'closed')
  t.equal(breaker.snapshot().openCount, 1)
  t.end()
})

test('close and reset forget the opens before; close of a closed one is nothing', (t) => {
  const { breaker, transitions } = subject()
  succeed(breaker, 1)
  breaker.close()
  t.equal(transitions.length, 0)
  t.equal(breaker.snapshot().window.calls, 1)
  breaker.reset()
  t.equal(transitions.length, 0)
  t.equal(breaker.snapshot().window.calls, 0)
  trip(breaker)
  breaker.reset({ reason: 'deployed', actor: 'ann' })
  t.match(breaker.snapshot(), { state: 'closed', openCount: 0, reason: 'deployed', window: { calls: 0 } })
  t.equal(breaker.snapshot().totals.failures, 20, 'totals stay')
  t.end()
})

test('pause: open until then, and no failure', (t) => {
  const { breaker, clock, transitions } = subject({ probe: { max: 1 } })
  breaker.pause(7_000, 'retry-after')
  t.match(refusal(t, breaker), { reason: 'pause', state: 'open', retryAfterMs: 7_000 })
  breaker.pause(1_000, 'retry-after')
  t.equal(breaker.retryAfterMs, 7_000, 'it is not made shorter')
  breaker.pause(9_000, 'retry-after')
  t.equal(breaker.retryAfterMs, 9_000)
  t.equal(transitions.length, 1)
  t.equal(breaker.snapshot().openCount, 0)
  clock.advance(9_000)
  t.equal(breaker.state, 'half-open')
  succeed(breaker, 1)
  t.equal(breaker.state, 'recovering')
  t.end()
})

test('pause: never longer than it would ever stay open, and never into the past', (t) => {
  const { breaker } = subject()
  breaker.pause(0, 'retry-after')
  breaker.pause(-5, 'retry-after')
  t.equal(breaker.state, 'closed')
  breaker.pause(86_400_000, 'retry-after')
  t.equal(breaker.retryAfterMs, 300_000)
  t.end()
})

test('pause: prolongs an open breaker, leaves a forced one alone', (t) => {
  const { breaker } = subject()
  trip(breaker)
  breaker.pause(100_000, 'retry-after')
  t.match(refusal(t, breaker), { reason: 'open', retryAfterMs: 100_000 })
  breaker.disable()
  breaker.pause(1_000, 'retry-after')
  t.equal(breaker.state, 'disabled')
  t.end()
})

test('observe: decides and reports, and refuses nobody', (t) => {
  const { breaker, clock } = subject({ mode: 'observe' })
  const refused: unknown[] = []
  breaker.on('reject', ({ reason, enforced }) => refused.push([reason, enforced]))
  trip(breaker)
  const admitted = permit(t, breaker)
  t.equal(admitted.probe, false)
  t.same(refused, [['open', false]])
  t.match(breaker.snapshot(), { state: 'open', mode: 'observe', totals: { rejects: 0, observedRejects: 1 } })
  clock.advance(30_000)
  const probe = permit(t, breaker)
  t.equal(probe.probe, true)
  const more = permit(t, breaker)
  more.failure()
  t.equal(breaker.state, 'half-open', 'only probes decide')
  probe.success()
  succeed(breaker, 1)
  t.equal(breaker.state, 'recovering')
  for (let call = 0; call < 10; call += 1) permit(t, breaker).success()
  breaker.open()
  permit(t, breaker)
  t.end()
})
