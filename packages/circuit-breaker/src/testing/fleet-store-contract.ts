import assert from 'node:assert/strict'
import type { BeatCommand, FleetCommand, FleetReply, FleetStore, FleetVerdict } from '../fleet/fleet-store.ts'

/** One thing that every store of a fleet must do. Rejects with an `AssertionError` where it does not. */
export interface FleetStoreCase {
  readonly name: string
  readonly run: (subject: FleetStoreSubject) => Promise<void>
}

export interface FleetStoreSubject {
  /** Empty at first. */
  readonly store: FleetStore
  /** Lets time go by, for the store as well. */
  readonly wait: (ms: number) => Promise<void>
}

const ALIVE_MS = 60_000
const breaker = 'orders'
const opening = { open: { durationMs: 60_000, maxMs: 300_000, factor: 2 }, spread: 1, aliveMs: ALIVE_MS }
const short = { ...opening, open: { ...opening.open, durationMs: 1, maxMs: 1 } }
const probe = { max: 3, concurrency: 1, successRatio: 0.67, maxWaitMs: 30_000 }

function beat(store: FleetStore, instance: string, more: Partial<BeatCommand> = {}) {
  const base = { type: 'beat', aliveMs: ALIVE_MS, zone: '', leaving: false, version: 'contract' } as const
  return store.run(0, { ...base, mode: 'shared', dissent: [], instance, ...more })
}

function vote(store: FleetStore, instance: string, more: object = {}): Promise<FleetReply> {
  const base = {
    type: 'vote',
    breaker,
    instance,
    epoch: 0,
    zone: '',
    reason: 'failures',
    ttlMs: 2_000,
  } as const
  return store.run(0, { ...base, quorum: 0.2, minVotes: 2, ...opening, ...more })
}

function lease(store: FleetStore, epoch: number, more: object = {}): Promise<FleetReply> {
  const base = { type: 'lease', breaker, epoch, openCount: 1, ttlMs: 60_000, probe } as const
  return store.run(0, { ...base, ...opening, ...more })
}

function settle(store: FleetStore, epoch: number, id: number, outcome: 'success' | 'failure' | 'ignored') {
  const command: FleetCommand = { type: 'settle', breaker, epoch, lease: id, outcome, probe, ...opening }
  return store.run(0, command)
}

function only({ verdicts }: FleetReply): FleetVerdict {
  assert.equal(verdicts?.length, 1)
  return verdicts[0]!
}

/** Open for 1 ms, which is over. */
async function halfOpen({ store, wait }: FleetStoreSubject): Promise<number> {
  await beat(store, 'a')
  await vote(store, 'a', short)
  const { epoch } = only(await vote(store, 'b', short))
  await wait(20)
  return epoch
}

export const fleetStoreContract: readonly FleetStoreCase[] = [
  {
    name: 'counts the instances that show that they are alive',
    async run({ store }) {
      assert.equal((await beat(store, 'a')).instances, 1)
      assert.equal((await beat(store, 'b')).instances, 2)
      assert.equal((await beat(store, 'b')).instances, 2)
      assert.equal((await beat(store, 'a', { leaving: true })).instances, 1)
    },
  },
  {
    name: 'refuses who goes by other rules',
    async run({ store }) {
      await beat(store, 'a')
      const other = beat(store, 'b', { version: 'another' })
      await assert.rejects(other, /SLUICE_FLEET_VERSION found contract, need another/)
    },
  },
  {
    name: 'tells how each instance stands, until it leaves or was not heard of',
    async run({ store, wait }) {
      const dissent = [{ breaker, state: 'open', scope: 'local' }] as const
      await beat(store, 'silent', { aliveMs: 10 })
      await wait(30)
      await beat(store, 'a', { zone: 'east', dissent, aliveMs: 10 })
      await beat(store, 'b', { mode: 'stale' })
      await beat(store, 'c')
      await beat(store, 'c', { leaving: true })
      const standings = await store.standings(0)
      assert.ok(standings.every(({ heardMs }) => heardMs >= 0 && heardMs < ALIVE_MS))
      const told = standings.map(({ instance, zone, mode, dissent }) => ({ instance, zone, mode, dissent }))
      assert.deepEqual(
        told.sort((one, other) => (one.instance < other.instance ? -1 : 1)),
        [
          { instance: 'a', zone: 'east', mode: 'shared', dissent },
          { instance: 'b', zone: '', mode: 'stale', dissent: [] },
        ],
      )
      await beat(store, 'a')
      assert.deepEqual((await store.standings(0)).find(({ instance }) => instance === 'a')?.dissent, [])
    },
  },
  {
    name: 'opens at the quorum, and an instance has one vote',
    async run({ store }) {
      for (let index = 0; index < 11; index += 1) await beat(store, `i${index}`)
      const { now, ...counted } = await vote(store, 'i0')
      assert.ok(now > 0)
      assert.deepEqual(counted, { instances: 11, votes: 1 })
      assert.equal((await vote(store, 'i0')).votes, 1)
      assert.equal((await vote(store, 'i1')).verdicts, undefined)
      const opened = only(await vote(store, 'i2'))
      assert.equal(opened.state, 'open')
      assert.equal(opened.reason, '3 of 11 instances: failures')
      assert.equal(opened.votes, 3)
      assert.equal(opened.openCount, 1)
      assert.ok(opened.forMs! > 50_000 && opened.forMs! <= 60_000)
      assert.equal(only(await beat(store, 'i0')).epoch, opened.epoch)
    },
  },
  {
    name: 'needs two votes though the fleet is small, and none that is old',
    async run({ store, wait }) {
      await beat(store, 'a')
      assert.equal((await vote(store, 'a', { ttlMs: 10 })).verdicts, undefined)
      await wait(30)
      assert.equal((await vote(store, 'b')).votes, 1)
    },
  },
  {
    name: 'needs votes of two zones where there are two',
    async run({ store }) {
      for (const zone of ['east', 'west']) await beat(store, zone, { zone })
      await vote(store, 'a', { zone: 'east' })
      assert.equal((await vote(store, 'b', { zone: 'east' })).verdicts, undefined)
      assert.equal(only(await vote(store, 'c', { zone: 'west' })).state, 'open')
    },
  },
  {
    name: 'tells verdicts to all, once each',
    async run({ store, wait }) {
      const heard: FleetVerdict[] = []
      let ready = (): void => {}
      const found = new Promise<void>((resolve) => (ready = resolve))
      const listener = { verdict: (_: number, verdict: FleetVerdict) => void heard.push(verdict) }
      const subscription = store.subscribe({ ...listener, found: () => ready(), lost: () => {} })
      await Promise.race([found, wait(2_000)])
      await vote(store, 'a')
      const { epoch } = only(await vote(store, 'b'))
      await vote(store, 'c', { epoch })
      for (let tries = 0; tries < 200 && heard.length === 0; tries += 1) await wait(10)
      subscription.close()
      assert.deepEqual(
        heard.map((verdict) => [verdict.breaker, verdict.state, verdict.epoch]),
        [[breaker, 'open', epoch]],
      )
      const [last] = await store.history(0, 10)
      assert.equal(last?.epoch, epoch)
      assert.ok(last.at > 0)
    },
  },
  {
    name: 'a vote that does not know the newest verdict counts for nothing',
    async run({ store }) {
      const control = { type: 'control', breaker, epoch: 0, state: 'closed', reason: 'by hand' } as const
      const closed = only(await store.run(0, { ...control, aliveMs: ALIVE_MS }))
      assert.equal((await vote(store, 'a')).votes, 0)
      await vote(store, 'a', { epoch: closed.epoch })
      const opened = only(await vote(store, 'b', { epoch: closed.epoch }))
      assert.ok(opened.epoch > closed.epoch)
    },
  },
  {
    name: 'leases no more probes than allowed, and recovers when they succeed',
    async run(subject) {
      const { store } = subject
      const epoch = await halfOpen(subject)
      const first = (await lease(store, epoch)).lease!
      assert.equal(first, 1)
      assert.equal((await lease(store, epoch)).lease, undefined)
      await settle(store, epoch, first, 'ignored')
      for (const id of [2, 3]) {
        assert.equal((await lease(store, epoch)).lease, id)
        await settle(store, epoch, id, 'success')
      }
      const recovering = only(await lease(store, epoch))
      assert.equal(recovering.state, 'recovering')
      assert.equal(recovering.reason, '2 of 2 probes succeeded')
      assert.ok(recovering.epoch > epoch)
    },
  },
  {
    name: 'opens again, for longer, when probes fail',
    async run(subject) {
      const { store } = subject
      const epoch = await halfOpen(subject)
      for (const id of [1, 2]) {
        assert.equal((await lease(store, epoch)).lease, id)
        await settle(store, epoch, id, 'failure')
      }
      const again = only(await lease(store, epoch))
      assert.equal(again.state, 'open')
      assert.equal(again.openCount, 2)
      assert.ok(again.forMs! > 100_000)
      assert.equal((await lease(store, again.epoch)).lease, undefined)
    },
  },
  {
    name: 'a lease that runs out frees its place, and its result counts for nothing',
    async run(subject) {
      const { store, wait } = subject
      const epoch = await halfOpen(subject)
      assert.equal((await lease(store, epoch, { ttlMs: 10 })).lease, 1)
      await wait(30)
      assert.equal((await lease(store, epoch)).lease, 2)
      await settle(store, epoch, 1, 'failure')
      await settle(store, epoch, 1, 'failure')
      assert.equal(only(await lease(store, epoch)).epoch, epoch)
    },
  },
  {
    name: 'decides by what there is when probes are overdue',
    async run(subject) {
      const { store, wait } = subject
      const epoch = await halfOpen(subject)
      const hasty = { probe: { ...probe, maxWaitMs: 10 } }
      assert.equal((await lease(store, epoch, hasty)).lease, 1)
      await settle(store, epoch, 1, 'success')
      await wait(30)
      assert.equal(only(await lease(store, epoch, hasty)).state, 'recovering')
    },
  },
  {
    name: 'goes on where it lost what the sender knows',
    async run({ store }) {
      const known = Date.now() * 2
      assert.equal((await lease(store, known)).lease, 1)
      const lost = { type: 'assert', breaker: 'menu', epoch: known, state: 'open', reason: 'known' } as const
      const asserted = { ...lost, openCount: 4, forMs: 60_000, elapsedMs: 5_000, aliveMs: ALIVE_MS }
      assert.equal(only(await store.run(0, asserted)).epoch, known)
      const older = only(await store.run(0, { ...asserted, epoch: known - 1, reason: 'older' }))
      assert.equal(older.reason, 'known')
      assert.equal(older.openCount, 4)
    },
  },
  {
    name: 'a force holds for all until it ends, and nothing votes against it',
    async run({ store, wait }) {
      const base = { type: 'control', breaker, epoch: 0, reason: 'maintenance', aliveMs: ALIVE_MS } as const
      const forced = only(await store.run(0, { ...base, state: 'forced-open', actor: 'ann' }))
      assert.equal(forced.actor, 'ann')
      assert.equal(forced.forMs, undefined)
      assert.equal(only(await vote(store, 'a', { epoch: forced.epoch })).state, 'forced-open')
      const pause = {
        type: 'pause',
        breaker,
        epoch: forced.epoch,
        forMs: 9_000,
        reason: 'retry-after',
      } as const
      assert.equal(only(await store.run(0, { ...pause, aliveMs: ALIVE_MS })).state, 'forced-open')
      const timed = { ...base, state: 'disabled', forMs: 10, epoch: forced.epoch } as const
      assert.equal(only(await store.run(0, timed)).state, 'disabled')
      await wait(30)
      assert.equal(only(await beat(store, 'a')).state, 'closed')
    },
  },
  {
    name: 'shares a pause, and lengthens it only by what matters',
    async run({ store }) {
      const pause = { type: 'pause', breaker, epoch: 0, reason: 'retry-after', aliveMs: ALIVE_MS } as const
      const paused = only(await store.run(0, { ...pause, forMs: 10_000 }))
      assert.equal(paused.cause, 'pause')
      assert.equal(paused.openCount, 0)
      assert.equal(only(await store.run(0, { ...pause, forMs: 10_500 })).epoch, paused.epoch)
      const longer = only(await store.run(0, { ...pause, forMs: 20_000 }))
      assert.ok(longer.epoch > paused.epoch)
      assert.ok(longer.forMs! > 15_000)
    },
  },
]
