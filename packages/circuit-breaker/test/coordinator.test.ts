import { type Test, test } from 'tap'
import type { BreakerCoordinator, BreakerOptions, SharedVerdict } from '../src/index.ts'
import { fail, succeed, trip } from '../src/testing/index.ts'
import { permit, refusal, type Subject, subject } from './subject.ts'

interface Fleet extends Subject {
  readonly told: unknown[]
  lease: boolean | undefined
  /** Changes of state by the breaker alone. */
  decisions: number
  tell(verdict: Omit<SharedVerdict, 'epoch'>): boolean
}

function inFleet(options: BreakerOptions = {}): Fleet {
  const told: unknown[] = []
  let epoch = 0
  const fleet: Partial<Fleet> = { told, lease: false, decisions: 0 }
  const coordinator: BreakerCoordinator = {
    suspect: (breaker, level, generation) =>
      void told.push(['suspect', breaker, Math.floor(level), generation]),
    join: ({ name }) => void told.push(['join', name]),
    leave: (breaker) => void told.push(['leave', breaker]),
    tripped: (_, reason, forMs) => void told.push(['tripped', reason, forMs]),
    decided: () => (fleet.decisions = (fleet.decisions ?? 0) + 1),
    paused: (_, forMs, reason) => void told.push(['paused', reason, forMs]),
    control: (_, control) => void told.push(['control', control]),
    listen: () => undefined,
    admitProbe: () => fleet.lease,
    probeSettled: (_, outcome, durationMs) => void told.push(['probe', outcome, durationMs]),
    status: () => ({ mode: 'shared', votes: 2, instances: 5, epoch }),
  }
  const made = subject(options, { coordinator })
  return Object.assign(fleet, made, {
    tell: (verdict: Omit<SharedVerdict, 'epoch'>) => {
      epoch += 1
      return made.breaker.applyShared({ epoch, ...verdict })
    },
  }) as Fleet
}

function openByFleet(t: Test, fleet: Fleet): void {
  t.equal(fleet.tell({ state: 'open', reason: '3 of 5 instances', forMs: 10_000, openCount: 2 }), true)
}

test('hears of suspicions and of local opens', (t) => {
  const { breaker, told } = inFleet()
  succeed(breaker, 100)
  fail(breaker, 2)
  t.same(told, [['join', 'orders']])
  fail(breaker, 1)
  t.match(told.at(-1), ['suspect', 'orders', 9, 0])
  t.equal(breaker.state, 'closed', 'a suspicion is no verdict')
  trip(breaker)
  t.match(told.at(-1), ['tripped', /calls failed/, 30_000])
  t.match(breaker.snapshot().fleet, { mode: 'shared', votes: 2, instances: 5 })
  t.end()
})

test('puts verdicts into force, and drops those that are not new', (t) => {
  const fleet = inFleet()
  const { breaker } = fleet
  openByFleet(t, fleet)
  t.match(breaker.snapshot(), { state: 'open', scope: 'fleet', openCount: 2, reason: '3 of 5 instances' })
  t.equal(refusal(t, breaker).retryAfterMs, 10_000)
  t.equal(breaker.applyShared({ epoch: 1, state: 'closed', reason: 'old' }), false)
  t.equal(breaker.state, 'open')
  fleet.tell({ state: 'closed', reason: 'all is well' })
  t.match(breaker.snapshot(), { state: 'closed', scope: 'fleet', reason: 'all is well' })
  t.end()
})

test('half-open by the fleet: probes need a lease, and the fleet decides', (t) => {
  const fleet = inFleet()
  const { breaker, clock, told } = fleet
  openByFleet(t, fleet)
  clock.advance(10_000)
  t.match(refusal(t, breaker), { reason: 'half-open', state: 'half-open' })
  fleet.lease = true
  const probes = [permit(t, breaker), permit(t, breaker), permit(t, breaker)]
  clock.advance(7)
  told.splice(0)
  probes[0]?.success()
  probes[1]?.failure()
  probes[2]?.ignore()
  t.same(told, [
    ['probe', 'success', 7],
    ['probe', 'failure', 7],
    ['probe', 'ignored', 7],
  ])
  t.equal(breaker.state, 'half-open', 'it does not decide by itself')
  fleet.tell({ state: 'recovering', reason: 'probes succeeded', elapsedMs: 4_000 })
  t.match(breaker.snapshot(), { state: 'recovering', scope: 'fleet', since: clock.wallNow() - 4_000 })
  clock.advance(6_000)
  t.equal(breaker.state, 'closed')
  t.end()
})

test('a leased probe that is lost is told', (t) => {
  const fleet = inFleet({ probe: { timeoutMs: 100 } })
  openByFleet(t, fleet)
  fleet.clock.advance(10_000)
  fleet.lease = true
  permit(t, fleet.breaker)
  fleet.told.splice(0)
  fleet.clock.advance(200)
  t.equal(fleet.breaker.state, 'half-open')
  t.same(fleet.told, [['probe', 'ignored', 0]])
  t.end()
})

test('out of touch with the fleet it probes by itself', (t) => {
  const fleet = inFleet()
  openByFleet(t, fleet)
  fleet.clock.advance(10_000)
  fleet.lease = undefined
  succeed(fleet.breaker, 2)
  t.match(fleet.breaker.snapshot(), { state: 'recovering', scope: 'local' })
  t.end()
})

test('a fleet that never grants a lease and never decides holds nobody up for ever', (t) => {
  const fleet = inFleet()
  openByFleet(t, fleet)
  fleet.clock.advance(10_000)
  refusal(t, fleet.breaker)
  fleet.clock.advance(30_000)
  succeed(fleet.breaker, 2)
  t.equal(fleet.breaker.state, 'recovering')
  t.end()
})

test('the fleet does not close what this instance has opened for itself', (t) => {
  const fleet = inFleet()
  trip(fleet.breaker)
  fleet.tell({ state: 'closed', reason: 'well elsewhere' })
  fleet.tell({ state: 'recovering', reason: 'well elsewhere' })
  fleet.tell({ state: 'half-open', reason: 'well elsewhere' })
  t.match(fleet.breaker.snapshot(), { state: 'open', scope: 'local' })
  openByFleet(t, fleet)
  t.match(fleet.breaker.snapshot(), { state: 'open', scope: 'fleet' })
  fleet.tell({ state: 'half-open', reason: 'look again' })
  t.match(fleet.breaker.snapshot(), { state: 'half-open', scope: 'fleet' })
  t.end()
})

test('who closes it for all ends what an instance opened before, and not what it opened since', (t) => {
  const fleet = inFleet()
  const { breaker, clock } = fleet
  trip(breaker)
  clock.advance(1_000)
  fleet.tell({ state: 'closed', cause: 'close', reason: 'by hand', elapsedMs: 5_000 })
  t.equal(breaker.state, 'open', 'heard late: it was closed before this began')
  fleet.tell({ state: 'closed', cause: 'close', reason: 'by hand', elapsedMs: 500 })
  t.match(breaker.snapshot(), { state: 'closed', scope: 'fleet', reason: 'by hand' })
  fail(breaker, 5)
  fleet.tell({ state: 'closed', cause: 'close', reason: 'by hand' })
  t.equal(breaker.snapshot().window.failures, 5)
  fleet.tell({ state: 'closed', cause: 'reset', reason: 'reset by hand' })
  t.equal(breaker.snapshot().window.failures, 0)
  t.end()
})

test('tells of each change of state that is its own, and of no other', (t) => {
  const fleet = inFleet()
  trip(fleet.breaker)
  t.equal(fleet.decisions, 1)
  openByFleet(t, fleet)
  t.equal(fleet.decisions, 1)
  fleet.breaker.open({ scope: 'local' })
  fleet.breaker.close({ scope: 'local' })
  t.equal(fleet.decisions, 3)
  t.end()
})

test('what is forced here stays; what the fleet forces, the fleet ends', (t) => {
  const fleet = inFleet()
  const { breaker } = fleet
  breaker.disable({ scope: 'local' })
  openByFleet(t, fleet)
  t.equal(breaker.state, 'disabled')
  breaker.close({ scope: 'local' })
  fleet.tell({ state: 'forced-open', reason: 'maintenance', actor: 'ann', forMs: 60_000 })
  t.match(breaker.snapshot(), { state: 'forced-open', scope: 'fleet', forced: { actor: 'ann' } })
  t.equal(refusal(t, breaker).retryAfterMs, 60_000)
  fleet.tell({ state: 'disabled', reason: 'let it through' })
  t.equal(breaker.state, 'disabled')
  openByFleet(t, fleet)
  t.equal(breaker.state, 'open')
  t.end()
})

test('interventions by hand and pauses are told to the fleet', (t) => {
  const { breaker, told, transitions } = inFleet()
  told.splice(0)
  breaker.open({ reason: 'maintenance', actor: 'ann', forMs: 60_000 })
  t.match(breaker.snapshot(), { state: 'forced-open', scope: 'fleet', forced: { actor: 'ann' } })
  const back = { state: 'forced-open', reason: 'maintenance', actor: 'ann', forMs: 59_999 } as const
  breaker.applyShared({ epoch: 7, ...back })
  t.equal(transitions.length, 1, 'its own verdict changes nothing')
  breaker.close({ actor: 'bob' })
  breaker.pause(5_000, 'retry-after')
  t.same(told, [
    ['control', { state: 'forced-open', reason: 'maintenance', actor: 'ann', forMs: 60_000 }],
    ['control', { state: 'closed', cause: 'close', reason: 'closed by hand', actor: 'bob' }],
    ['paused', 'retry-after', 5_000],
  ])
  t.equal(breaker.state, 'open')
  t.end()
})

test('a pause of the fleet is a pause, and one who is closed joins its ramp', (t) => {
  const fleet = inFleet()
  fleet.tell({ state: 'recovering', reason: 'probes succeeded', elapsedMs: 1_000 })
  t.match(fleet.breaker.snapshot(), { state: 'recovering', scope: 'fleet' })
  fleet.tell({ state: 'open', reason: 'retry-after', forMs: 5_000, cause: 'pause' })
  t.match(refusal(t, fleet.breaker), { reason: 'pause', retryAfterMs: 5_000 })
  t.end()
})

test('a verdict answers those who wait for a place', async (t) => {
  const fleet = inFleet({ bulkhead: { max: 1, queue: 1 } })
  permit(t, fleet.breaker)
  const waiting = fleet.breaker.acquireQueued()
  openByFleet(t, fleet)
  t.match(await waiting, { admitted: false, reason: 'open' })
})

test('a breaker that is of no use any more leaves the fleet', (t) => {
  const fleet = inFleet()
  fleet.breaker.retire()
  t.same(fleet.told.at(-1), ['leave', 'orders'])
  t.end()
})
