import { test } from 'tap'
import { renderCurves } from '../src/fleet/curve.ts'
import { renderDocument } from '../src/fleet/document.ts'
import { fleet, runFleetSimulation } from '../src/fleet/index.ts'
import { peers } from '../src/fleet/peers.ts'
import { HostClock, VirtualTime } from '../src/fleet/virtual-time.ts'

test('a small fleet meets what is asked of a large one', async (t) => {
  const told: string[] = []
  const result = await fleet.run({ rounds: 1, seconds: 1, connections: 1, quick: true }, (line) =>
    told.push(line),
  )
  for (const { what, asked, seen, met } of result.claims) t.ok(met, `${what}: ${seen}, asked ${asked}`)
  t.equal(result.tables.length, 6)
  for (const table of result.tables) {
    if (table.kind !== 'comparison') continue
    const { title, entries } = table
    const [own = Infinity, ...others] = entries.map(({ samples }) => samples[0] ?? 0)
    t.ok(
      others.every((other) => other > own),
      title,
    )
  }
  t.ok(told.length > 3)
})

test('the same seed gives the same', async (t) => {
  const tiny = { instances: 10, rps: 200, probeRounds: 2, quietDays: 0.0001 }
  const [once, again] = [await runFleetSimulation(tiny), await runFleetSimulation(tiny)]
  t.same(again, once)
  t.match(renderDocument(once), /\| Sluice, in a fleet \| votes of 20 % \|/)
  t.notSame((await runFleetSimulation(tiny, undefined, 2)).outages, once.outages)
})

test('curves end where nobody opens any more', (t) => {
  const svg = renderCurves('Open', [
    { name: 'own', openAfterMs: [1, 10, 100, 1_000] },
    { name: 'half', openAfterMs: [10, Infinity] },
    { name: 'never', openAfterMs: [Infinity] },
  ])
  t.match(svg, /^<svg /)
  t.match(svg, /own/)
  t.notMatch(svg, /NaN|Infinity|never/)
  t.end()
})

test('the rules of the peers', (t) => {
  const opensAfter = (name: string, before: number): number => {
    const rule = peers.find((peer) => peer.name === name)!.create()
    for (let call = 0; call < before; call += 1) rule.record(false, call)
    let failures = 0
    while (!rule.open && failures < 1_000) rule.record(true, before + (failures += 1))
    return failures
  }
  t.equal(opensAfter('opossum', 0), 1)
  t.equal(opensAfter('opossum', 40), 41)
  t.equal(opensAfter('resilience4j', 100), 50)
  t.equal(opensAfter('Polly', 98), 11)
  t.equal(opensAfter('gobreaker', 500), 6)
  t.end()
})

test('virtual time fires in order, follows promises, and each host sees it in its own way', async (t) => {
  const time = new VirtualTime()
  const seen: string[] = []
  const clock = new HostClock(time, 5_000, -3_600_000)
  for (const delay of [30, 10, 20, 10])
    clock.setTimer(() => void seen.push(`${delay} at ${clock.now()}`), delay)
  clock.setTimer(() => seen.push('cancelled'), 15).cancel()
  time.at(10, () => void Promise.resolve().then(() => time.at(12, () => seen.push('followed'))))
  await time.advanceTo(25)
  t.same(seen, ['10 at 5010', '10 at 5010', 'followed', '20 at 5020'])
  t.equal(clock.wallNow(), Date.UTC(2026, 0) + 25 - 3_600_000)
  t.ok(time.isDue(30))
  t.notOk(time.isDue(29))
})
