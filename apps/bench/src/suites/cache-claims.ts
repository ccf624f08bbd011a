/** What a cache has to keep that no load shows: its bound of memory, and how soon a purge is everywhere. */
import { type Contender, withContenders } from '../contender.ts'
import type { FillQuestion } from '../contenders/cache/distinct.ts'
import type { PurgeQuestion } from '../contenders/cache/purge.ts'
import { LOAD_CORE } from '../cores.ts'
import { type Claim, claim } from '../result.ts'
import type { Settings } from '../suite.ts'

export async function memoryClaim({ quick }: Settings): Promise<Claim> {
  // As many as fill it three times are enough for a look.
  const question: FillQuestion = { urls: quick ? 100_000 : 1_000_000, maxBytes: 64 * 1024 * 1024 }
  const spec = { name: 'distinct', file: 'cache/distinct', nodeArguments: ['--expose-gc'] }
  const share = await withContenders(
    [spec],
    async ([child]) => (await child?.ask<number>(question)) ?? Number.NaN,
  )
  const what = `memory after ${question.urls.toLocaleString('en')} distinct URLs, of maxBytes`
  return claim(what, { atMost: 1.2 }, share, (value) => `× ${value.toFixed(2)}`)
}

/** The slowest of many purges by tag, from the call in one process to the loss in the memory of another. */
export function purgeClaim({ quick }: Settings): Promise<Claim> {
  const times = quick ? 5 : 100
  return withContenders([{ name: 'redis-server', file: 'redis', core: LOAD_CORE }], ([server]) => {
    const file = { file: 'cache/purge', settings: { redis: server?.port } }
    const specs = [
      { name: 'one instance', ...file },
      { name: 'another', ...file, core: LOAD_CORE },
    ]
    return withContenders(specs, async ([one, another]) => {
      let slowest = 0
      for (let round = 0; round < times; round++) slowest = Math.max(slowest, await spread(one, another))
      const what = `the slowest of ${times} purges, until another instance has lost the answer`
      return claim(what, { atMost: 250 }, slowest, (value) => `${value.toFixed(1)} ms`)
    })
  })
}

async function spread(one: Contender | undefined, another: Contender | undefined): Promise<number> {
  const ask = async (whom: Contender | undefined, question: PurgeQuestion): Promise<number> =>
    (await whom?.ask<number>(question)) ?? Number.NaN
  await ask(one, 'keep')
  await ask(another, 'keep')
  const lost = ask(another, 'watch')
  const at = await ask(one, 'purge')
  return (await lost) - at
}
