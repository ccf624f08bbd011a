import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'
import { type Contender, withContenders } from '../contender.ts'
import type { DashboardQuestion } from '../contenders/dashboard/stats.ts'
import { withServers } from '../http-comparison.ts'
import { payload } from '../payload.ts'
import { claim, type Comparison } from '../result.ts'
import { throughputClaims } from '../server-claims.ts'
import { median } from '../statistics.ts'
import type { Settings, Suite } from '../suite.ts'
import { openViewer, type Viewer } from '../viewer.ts'
import { withUpstream } from '../with-upstream.ts'

const VIEWERS = 20
const WITHOUT = 'without stats'
const WITH = 'with stats'

/** What a server with many breakers and dashboards took, one a round. */
interface Watched {
  /** Shares of a core that the dashboards took. */
  readonly viewing: readonly number[]
  /** ms from a transition to the last dashboard. */
  readonly delays: readonly number[]
  /** ms of the server's processor time for a scrape, when each breaker was called since the one before. */
  readonly scrapes: readonly number[]
}

export const dashboard: Suite = {
  name: 'dashboard',
  title: 'Stats and dashboard',
  async run(settings, tell) {
    const breakers = settings.quick ? 100 : 1000
    tell(`${breakers} breakers, ${VIEWERS} dashboards`)
    const { viewing, delays, scrapes } = await watch(breakers, settings)
    const traffic = await compareTraffic(settings, tell)
    const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
    const ms = (value: number): string => `${value.toFixed(1)} ms`
    return {
      name: dashboard.name,
      title: dashboard.title,
      tables: [traffic],
      claims: [
        claim(
          `core for ${VIEWERS} dashboards of ${breakers} breakers`,
          { atMost: 0.01 },
          median(viewing),
          percent,
        ),
        claim(`a transition until the last of ${VIEWERS} dashboards`, { atMost: 100 }, median(delays), ms),
        claim(`processor time of a scrape with ${breakers} breakers`, { atMost: 20 }, median(scrapes), ms),
        ...throughputClaims(traffic, 'stats against none', 0.98, WITH, WITHOUT),
      ],
      notes: [],
    }
  },
}

function watch(breakers: number, settings: Settings): Promise<Watched> {
  const spec = { name: 'stats', file: 'dashboard/stats', settings: { breakers } }
  return withContenders([spec], async ([server]) => {
    if (server === undefined) throw new Error('the dashboard did not start')
    const origin = `http://127.0.0.1:${server.port}`
    const scrapes = await timeScrapes(server, origin, settings)
    await ask(server, { type: 'traffic' })
    const idle = await coreShare(server, settings)
    const viewers: Viewer[] = []
    for (let index = 0; index < VIEWERS; index++) viewers.push(await openViewer(origin))
    const viewing: number[] = []
    const delays: number[] = []
    for (let round = 0; round < settings.rounds; round++) {
      viewing.push(Math.max(0, (await coreShare(server, settings)) - idle))
      delays.push(await timeTransition(server, viewers, round))
    }
    for (const viewer of viewers) viewer.close()
    return { viewing, delays, scrapes }
  })
}

function ask(server: Contender, question: DashboardQuestion): Promise<number> {
  return server.ask<number>(question)
}

/** The share of a core that the server takes while nothing but its own traffic happens. */
async function coreShare(server: Contender, { seconds }: Settings): Promise<number> {
  const before = await server.usage()
  const start = Date.now()
  await delay(seconds * 5000)
  const after = await server.usage()
  return (after.cpuUs - before.cpuUs) / 1000 / (Date.now() - start)
}

async function timeTransition(
  server: Contender,
  viewers: readonly Viewer[],
  breaker: number,
): Promise<number> {
  const seen = viewers.map((viewer) => viewer.sees(`service-${breaker}`, 'forced-open'))
  const at = await ask(server, { type: 'open', breaker })
  return Math.max(0, ...(await Promise.all(seen)).map((time) => time - at))
}

/** Processor time comes in ticks of ten ms: so many scrapes make one figure. */
const SCRAPES = 10

async function timeScrapes(server: Contender, origin: string, { rounds }: Settings): Promise<number[]> {
  const times: number[] = []
  // The first round is for the compiler.
  for (let round = 0; round <= rounds; round++) {
    let cpuUs = 0
    for (let scrape = 0; scrape < SCRAPES; scrape++) {
      await ask(server, { type: 'call' })
      const before = await server.usage()
      const { body } = await request(`${origin}/metrics`)
      await body.text()
      cpuUs += (await server.usage()).cpuUs - before.cpuUs
    }
    times.push(cpuUs / 1000 / SCRAPES)
  }
  return times.slice(1)
}

function compareTraffic(settings: Settings, tell: (line: string) => void): Promise<Comparison> {
  return withUpstream((upstream) => {
    const contenders = [
      { name: WITHOUT, file: 'dashboard/route', settings: { upstream, stats: false } },
      { name: WITH, file: 'dashboard/route', settings: { upstream, stats: true } },
    ]
    const comparison = {
      title: 'What stats cost a proxied request',
      reference: WITHOUT,
      path: '/bytes/1024',
      body: payload(1024),
    }
    return withServers(contenders, settings, tell, (compare) => compare(comparison))
  })
}
