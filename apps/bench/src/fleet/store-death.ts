import { Chance } from './chance.ts'
import { createInstances } from './instances.ts'
import { Network } from './network.ts'
import { VirtualTime } from './virtual-time.ts'

export interface StoreDeath {
  /** Calls that were refused although the upstream is well. */
  readonly refused: number
  readonly calls: number
  /** Until the last instance said that it is on its own, in ms. */
  readonly localAfterMs: number
  /** Until the last one was in touch again after the server's return, in ms. */
  readonly sharedAfterMs: number
}

/** Redis dies under load and comes back empty half a minute later. */
export async function runStoreDeath(count: number, rps: number, seed: number): Promise<StoreDeath> {
  const time = new VirtualTime()
  const chance = new Chance(seed)
  const network = new Network(time, chance)
  const instances = createInstances(count, { time, chance, network })
  const death = 10_000
  const back = 40_000
  let refused = 0
  let calls = 0
  let localAt = 0
  let sharedAt = 0
  for (const { fleet } of instances) {
    fleet.listen(({ mode }) => {
      if (mode === 'local' && time.now < back) localAt = time.now
      else if (mode === 'shared') sharedAt = time.now
    })
  }
  time.at(death, () => network.kill())
  time.at(back, () => network.restart())
  for (let next = chance.gapMs(rps); next < back + 20_000; next += chance.gapMs(rps)) {
    if (time.isDue(next)) await time.advanceTo(next)
    else time.now = next
    const permit = instances[chance.below(count)]!.breaker.acquire()
    calls += 1
    if (!permit.admitted) refused += 1
    else if (chance.next() < 0.01) permit.failure()
    else permit.success()
  }
  const shared = instances.every(({ fleet }) => fleet.mode === 'shared')
  for (const { fleet } of instances) fleet.close()
  return {
    refused,
    calls,
    localAfterMs: localAt - death,
    sharedAfterMs: shared ? sharedAt - back : Infinity,
  }
}
