import { findBinary } from '../binary.ts'
import { withContenders } from '../contender.ts'
import type { RevocationQuestion } from '../contenders/auth/revocation.ts'
import type { VerifyFigures, VerifyQuestion } from '../contenders/auth/verify.ts'
import { LOAD_CORE } from '../cores.ts'
import { gatewayContender } from '../gateway-contender.ts'
import { type HttpContender, withServers } from '../http-comparison.ts'
import { payload } from '../payload.ts'
import { claim, type Comparison } from '../result.ts'
import { interleave } from '../rounds.ts'
import { throughputClaims } from '../server-claims.ts'
import { median, quantile } from '../statistics.ts'
import type { Settings, Suite } from '../suite.ts'
import { notInstalled } from '../system-peers.ts'
import { withUpstream } from '../with-upstream.ts'

const OPEN = 'gateway'
const KEY = 'gateway + key'
const LIMIT = 'gateway + key + limit'
const hasRedis = findBinary('redis-server') !== undefined

export const auth: Suite = {
  name: 'auth',
  title: 'Keys and limits',
  async run(settings, tell) {
    const table = await withUpstream(async (upstream) =>
      withServers(await contenders(upstream), settings, tell, (compare) =>
        compare({
          title: 'What a key and a limit cost a proxied request',
          reference: OPEN,
          path: '/bytes/1024',
          body: payload(1024),
        }),
      ),
    )
    tell('Verification alone')
    const { first, t } = await verification(settings)
    tell('Revocation')
    const revoked = hasRedis ? await revocation(settings) : undefined
    return {
      name: auth.name,
      title: auth.title,
      tables: [table, first, ...(revoked ? [revoked] : [])],
      claims: [
        ...throughputClaims(table, 'a key against none', 0.97, KEY, OPEN),
        ...throughputClaims(table, 'key and limit against neither', 0.92, LIMIT, OPEN),
        claim(
          'a first look-up',
          { atMost: 20 },
          median(first.entries[0]?.samples ?? []),
          (us) => `${us.toFixed(1)} µs`,
        ),
        // 4.5 is what assessments of timing leaks call a finding.
        claim('t between keys wrong early and wrong late', { atMost: 4.5 }, t, (value) => value.toFixed(2)),
        ...(revoked ? [revocationClaim(revoked)] : []),
      ],
      notes: notInstalled('redis-server'),
    }
  },
}

function contenders(upstream: string): Promise<HttpContender[]> {
  return Promise.all([
    gatewayContender(OPEN, upstream, {}),
    gatewayContender(KEY, upstream, { key: true }),
    gatewayContender(LIMIT, upstream, { key: true, limit: true }),
  ])
}

async function verification({ rounds, quick }: Settings): Promise<{ first: Comparison; t: number }> {
  const question: VerifyQuestion = { keys: quick ? 1000 : 20_000 }
  const spec = { name: 'first look-up', file: 'auth/verify' }
  const figures = await withContenders([spec], async (contenders) =>
    interleave(contenders, rounds, (contender) => contender.ask<VerifyFigures>(question)),
  )
  const seen = figures[0] ?? []
  const samples = seen.map(({ firstNs }) => firstNs / 1000)
  const first: Comparison = {
    kind: 'comparison',
    title: 'A key’s first look-up, without Redis',
    unit: 'µs',
    better: 'lower',
    entries: [{ name: spec.name, samples }],
  }
  return { first, t: median(seen.map(({ t }) => t)) }
}

async function revocation({ quick }: Settings): Promise<Comparison> {
  const question: RevocationQuestion = { keys: quick ? 20 : 500 }
  const redis = { name: 'redis-server', file: 'redis', core: LOAD_CORE }
  const samples = await withContenders([redis], ([server]) =>
    withContenders(
      [{ name: 'revocation', file: 'auth/revocation', settings: { redis: server?.port } }],
      async ([contender]) => (await contender?.ask<number[]>(question)) ?? [],
    ),
  )
  return {
    kind: 'comparison',
    title: 'From a key’s revocation to its end on two other instances',
    unit: 'ms',
    better: 'lower',
    entries: [{ name: 'revocation', samples }],
  }
}

function revocationClaim({ entries }: Comparison): ReturnType<typeof claim> {
  const p99 = quantile(entries[0]?.samples ?? [], 0.99)
  return claim(
    'p99 from a revocation to its end elsewhere',
    { atMost: 250 },
    p99,
    (ms) => `${ms.toFixed(1)} ms`,
  )
}
