import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { withContenders } from './contender.ts'
import { load } from './load/load.ts'
import { type Claim, claim } from './result.ts'
import { interleave } from './rounds.ts'
import { pairedRatio } from './statistics.ts'
import type { Settings } from './suite.ts'

/** Requests that wait for the hung upstream at any time. */
const WAITING = 100

/** How long each of them waits: the deadline of the upstream that hangs, ms. */
const WAIT_MS = 1_000

/** What the p99 of a healthy upstream is beside one that hangs, compared with what it is alone. */
export async function hungNeighbour(
  upstream: string,
  { rounds, seconds, connections }: Settings,
  tell: (line: string) => void,
): Promise<Claim> {
  return withContenders([{ name: 'hung upstream', file: 'hung' }], ([hung]) => {
    const settings = { upstream, hung: `http://127.0.0.1:${hung?.port}`, hungMs: WAIT_MS }
    const spec = { name: 'two upstreams', file: 'proxy/neighbours', settings }
    return withContenders([spec], async ([gateway]) => {
      const base = `http://127.0.0.1:${gateway?.port}`
      const target = { url: `${base}/healthy/bytes/1024`, seconds, connections }
      await load(target)
      const p99 = await interleave([false, true], rounds, async (beside) => {
        tell(`  a healthy upstream ${beside ? 'beside a hung one' : 'alone'}`)
        const end = beside ? await keepWaiting(new URL(`${base}/hung`)) : await pause()
        const { p99Ms } = await load(target)
        end()
        return p99Ms
      })
      const [alone = [], beside = []] = p99
      return claim(
        'p99 beside a hung upstream against p99 alone',
        { atMost: 1.1 },
        pairedRatio(beside, alone),
      )
    })
  })
}

/** As long as it takes for the requests to begin, for what follows is to be compared. */
async function pause(): Promise<() => void> {
  await delay(WAIT_MS)
  return () => {}
}

/**
 * Keeps requests waiting until the function that it returns is called. They begin, and so end, one after another, as
 * those of clients that know nothing of each other do; and they cost this core, which has the load to make, next to
 * nothing.
 */
async function keepWaiting(url: URL): Promise<() => void> {
  const request = `GET ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`
  const clients: Socket[] = []
  for (let nth = 0; nth < WAITING; nth++) {
    const client = connect(Number(url.port), url.hostname)
    client.on('data', () => client.write(request)).write(request)
    clients.push(client)
    await delay(WAIT_MS / WAITING)
  }
  return () => {
    for (const client of clients) client.destroy()
  }
}
