import { request } from 'undici'
import { type Contender, type ContenderSpec, withContenders } from './contender.ts'
import { load, type LoadOptions } from './load/load.ts'
import type { Comparison, Entry } from './result.ts'
import { interleave } from './rounds.ts'
import type { Settings } from './suite.ts'

const WARM_REQUESTS = 30_000
/** At most, in turns as long as a measurement; what has been measured before is warm but for what is new. */
const WARM_TURNS = 6
const WARM_TURNS_AGAIN = 2

/** A server under load. */
export interface HttpContender extends ContenderSpec {
  readonly headers?: Readonly<Record<string, string>>
}

/** Measures the contenders once more, at another path or in another way. */
export type Compare = (comparison: HttpComparison) => Promise<Comparison>

export interface HttpComparison {
  readonly title: string
  readonly reference: string
  readonly path: string
  /** What each contender must answer. */
  readonly body: Buffer
  /** See `LoadOptions`. */
  readonly urls?: number
}

interface Measured {
  readonly perSecond: number
  readonly cpuUs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Starts the contenders, and hands over what compares them. */
export function withServers<T>(
  specs: readonly HttpContender[],
  settings: Settings,
  tell: (line: string) => void,
  use: (compare: Compare) => Promise<T>,
): Promise<T> {
  return withContenders(specs, (contenders) => {
    const servers = contenders.map((contender, index) => ({ contender, headers: specs[index]?.headers }))
    let warmTurns = settings.quick ? 1 : WARM_TURNS
    return use((comparison) => {
      tell(comparison.title)
      const compared = compareServers(servers, comparison, { ...settings, warmTurns }, tell)
      warmTurns = Math.min(warmTurns, WARM_TURNS_AGAIN)
      return compared
    })
  })
}

interface Server {
  readonly contender: Contender
  readonly headers: HttpContender['headers']
}

/** Checks the answers of the servers, warms them up, and loads them in turns. */
async function compareServers(
  servers: readonly Server[],
  { title, reference, path, body, urls }: HttpComparison,
  settings: Settings & { readonly warmTurns: number },
  tell: (line: string) => void,
): Promise<Comparison> {
  const { connections, seconds, warmTurns } = settings
  const targets = servers.map(({ contender, headers }) => {
    const url = `http://127.0.0.1:${contender.port}${path}`
    return {
      contender,
      options: { url, connections, seconds, ...(urls && { urls }), ...(headers && { headers }) },
    }
  })
  for (const { contender, options } of targets) {
    await checkAnswer(contender.name, options, body)
    await warmUp(contender.name, options, warmTurns)
    await checkAnswer(contender.name, options, body)
  }
  const measured = await interleave(targets, settings.rounds, ({ contender, options }) => {
    tell(`  ${contender.name}`)
    return measure(contender, options)
  })
  const entries = await Promise.all(
    targets.map(({ contender }, index) => entryOf(contender, measured[index] ?? [])),
  )
  return { kind: 'comparison', title, unit: 'requests/s', better: 'higher', reference, entries }
}

/** Until the compiler has seen enough of it. */
async function warmUp(name: string, options: LoadOptions, turns: number): Promise<void> {
  let requests = 0
  for (let turn = 0; turn < turns && requests < WARM_REQUESTS; turn++) {
    requests += (await loadCleanly(name, options)).requests
  }
}

async function measure(contender: Contender, options: LoadOptions): Promise<Measured> {
  const before = await contender.usage()
  const { requests, seconds, p50Ms, p99Ms } = await loadCleanly(contender.name, options)
  const after = await contender.usage()
  return { perSecond: requests / seconds, cpuUs: (after.cpuUs - before.cpuUs) / requests, p50Ms, p99Ms }
}

async function loadCleanly(name: string, options: LoadOptions): ReturnType<typeof load> {
  const result = await load(options)
  // A few connections may be cut by the end of the load itself.
  if (result.errors > options.connections) {
    throw new Error(`${name}: ${result.errors} of ${result.requests} requests failed`)
  }
  return result
}

async function checkAnswer(name: string, { url, headers }: LoadOptions, expected: Buffer): Promise<void> {
  const { statusCode, body } = await request(url, headers === undefined ? {} : { headers })
  const bytes = Buffer.from(await body.arrayBuffer())
  if (statusCode === 200 && bytes.equals(expected)) return
  throw new Error(
    `${name} answers ${statusCode} with ${bytes.length} bytes: ${bytes.toString().slice(0, 200)}`,
  )
}

async function entryOf(contender: Contender, rounds: readonly Measured[]): Promise<Entry> {
  return {
    name: contender.name,
    samples: rounds.map(({ perSecond }) => perSecond),
    server: {
      cpuUs: rounds.map(({ cpuUs }) => cpuUs),
      p50Ms: rounds.map(({ p50Ms }) => p50Ms),
      p99Ms: rounds.map(({ p99Ms }) => p99Ms),
      rssBytes: (await contender.usage()).rssBytes,
    },
  }
}
