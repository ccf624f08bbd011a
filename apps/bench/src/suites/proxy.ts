import { abortDelays } from '../abort-delay.ts'
import { type HttpContender, withServers } from '../http-comparison.ts'
import { hungNeighbour } from '../hung-neighbour.ts'
import { payload } from '../payload.ts'
import { type Claim, claim, type Comparison } from '../result.ts'
import { latencyRatio, throughputClaims } from '../server-claims.ts'
import type { Suite } from '../suite.ts'
import { gatewayContender } from '../gateway-contender.ts'
import { installed, notInstalled } from '../system-peers.ts'
import { withUpstream } from '../with-upstream.ts'

const BYTES = 1024
const BARE = '@fastify/http-proxy'
const RAW = 'node:http + dispatch (a limit)'
const ALONE = 'Sluice upstream'
const GUARDED = 'Sluice upstream + breaker'
const GATEWAY = 'Sluice gateway: key, limit, breaker, stats, id'

export const proxy: Suite = {
  name: 'proxy',
  title: 'A proxied request',
  async run(settings, tell) {
    const [table, neighbour] = await withUpstream(async (upstream) => {
      const comparison = await withServers(await contenders(upstream), settings, tell, (compare) =>
        compare({
          title: 'A proxied GET of 1 KB of JSON',
          reference: BARE,
          path: `/bytes/${BYTES}`,
          body: payload(BYTES),
        }),
      )
      return [comparison, await hungNeighbour(upstream, settings, tell)] as const
    })
    return {
      name: proxy.name,
      title: proxy.title,
      tables: [table],
      claims: [...claims(table), neighbour, ...(await abortDelays(tell))],
      notes: notInstalled('nginx', 'haproxy'),
    }
  },
}

async function contenders(upstream: string): Promise<HttpContender[]> {
  const settings = { upstream }
  return [
    ...installed([
      { name: 'nginx', binary: 'nginx', file: 'proxy/nginx', settings },
      { name: 'haproxy', binary: 'haproxy', file: 'proxy/haproxy', settings },
    ]),
    { name: RAW, file: 'proxy/raw-dispatch', settings },
    { name: 'Fastify + dispatch', file: 'proxy/fastify-dispatch', settings },
    { name: ALONE, file: 'proxy/direct', settings: { upstream, breaker: false } },
    { name: GUARDED, file: 'proxy/direct', settings: { upstream, breaker: true } },
    await gatewayContender(GATEWAY, upstream, { key: true, limit: true }),
    { name: BARE, file: 'proxy/http-proxy', settings },
    { name: 'fast-gateway', file: 'proxy/fast-gateway', settings },
    { name: `${BARE} + rate-limit + circuit-breaker`, file: 'proxy/http-proxy-plugins', settings },
  ]
}

function claims(table: Comparison): Claim[] {
  return [
    ...throughputClaims(table, 'upstream + breaker against bare http-proxy', 1.7, GUARDED, BARE),
    ...throughputClaims(table, 'the whole gateway against bare http-proxy', 1.5, GATEWAY, BARE),
    ...throughputClaims(table, 'the direct path alone against raw dispatch', 0.9, ALONE, RAW),
    claim(
      'p99 of the gateway against that of bare http-proxy',
      { atMost: 1 },
      latencyRatio(table, GATEWAY, BARE),
    ),
    claim(
      'p99 of upstream + breaker against that of bare http-proxy',
      { atMost: 1 },
      latencyRatio(table, GUARDED, BARE),
    ),
  ]
}
