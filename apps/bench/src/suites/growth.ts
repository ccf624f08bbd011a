import { request } from 'undici'
import { type Contender, withContenders } from '../contender.ts'
import { load } from '../load/load.ts'
import type { Growth } from '../result.ts'
import { interleave } from '../rounds.ts'
import { median } from '../statistics.ts'
import type { Settings, Suite } from '../suite.ts'
import { withUpstream } from '../with-upstream.ts'

type Tell = (line: string) => void

/** Something whose cost is measured at several sizes. */
interface Scale extends Pick<Growth, 'title' | 'axis' | 'unit' | 'expectedExponent'> {
  readonly sizes: readonly number[]
  readonly quickSizes: readonly number[]
}

interface InProcess extends Scale {
  readonly file: string
}

const inProcess: readonly InProcess[] = [
  {
    title: 'A request by inject against the number of routes, each with a breaker',
    file: 'growth/routes',
    axis: 'routes',
    unit: 'ns',
    sizes: [10, 100, 1000, 10_000],
    quickSizes: [10, 200],
    expectedExponent: 0,
  },
  {
    title: 'A call against the number of breakers',
    file: 'growth/breakers',
    axis: 'breakers',
    unit: 'ns',
    sizes: [10, 1000, 10_000, 100_000],
    quickSizes: [10, 1000],
    expectedExponent: 0,
  },
  {
    title: 'A verification against the number of keys',
    file: 'growth/keys',
    axis: 'keys',
    unit: 'ns',
    sizes: [10, 1000, 100_000, 1_000_000],
    quickSizes: [10, 1000],
    expectedExponent: 0,
  },
  {
    title: 'A look-up against the number of cached answers',
    file: 'growth/entries',
    axis: 'answers',
    unit: 'ns',
    sizes: [10, 1000, 100_000, 1_000_000],
    quickSizes: [10, 1000],
    expectedExponent: 0,
  },
]

const bodies: Scale = {
  title: 'A proxied GET against the size of its answer',
  axis: 'bytes',
  unit: 'µs CPU',
  sizes: [1024, 65_536, 1_048_576, 16_777_216, 104_857_600],
  quickSizes: [1024, 1_048_576],
  expectedExponent: 1,
}

const connections: Scale = {
  title: 'A cached answer against the number of connections',
  axis: 'connections',
  unit: 'µs CPU',
  sizes: [10, 100, 1000, 10_000],
  quickSizes: [2, 50],
  expectedExponent: 0,
}

export const growth: Suite = {
  name: 'growth',
  title: 'How costs grow',
  async run(settings, tell) {
    const tables: Growth[] = []
    for (const scale of inProcess) tables.push(await growInProcess(scale, settings, tell))
    const servers = await withUpstream(async (upstream) => [
      await growBodies(upstream, settings, tell),
      await growConnections(upstream, settings, tell),
    ])
    return { name: growth.name, title: growth.title, tables: [...tables, ...servers], claims: [], notes: [] }
  },
}

/** One process that holds all sizes side by side, so that they take part in every round. */
function growInProcess(scale: InProcess, settings: Settings, tell: Tell): Promise<Growth> {
  tell(scale.title)
  const sizes = sizesOf(scale, settings)
  const spec = { name: scale.axis, file: scale.file, nodeArguments: ['--max-old-space-size=8192'] }
  return withContenders([spec], async ([contender]) => {
    const ask = async (size: number): Promise<number> => {
      const question = { task: `${size}`, seconds: settings.seconds / 4 }
      return (await contender?.ask<number>(question)) ?? Number.NaN
    }
    return growthOf(scale, sizes, await interleave(sizes, settings.rounds, ask))
  })
}

function growBodies(upstream: string, settings: Settings, tell: Tell): Promise<Growth> {
  tell(bodies.title)
  const spec = { name: 'upstream', file: 'proxy/direct', settings: { upstream, breaker: true } }
  return growServer(bodies, spec, settings, async (server, size) => {
    const url = `http://127.0.0.1:${server.port}/bytes/${size}`
    const end = Date.now() + settings.seconds * 1000
    let requests = 0
    do {
      const { body } = await request(url)
      await body.dump({ limit: Infinity })
      requests++
    } while (Date.now() < end)
    return requests
  })
}

function growConnections(upstream: string, settings: Settings, tell: Tell): Promise<Growth> {
  tell(connections.title)
  const spec = { name: 'cache', file: 'cache/response-cache', settings: { upstream } }
  return growServer(connections, spec, settings, async (server, size) => {
    const url = `http://127.0.0.1:${server.port}/cacheable/1024`
    const { requests } = await load({ url, seconds: settings.seconds, connections: size })
    return requests
  })
}

/** Processor time per request of one server at several sizes. */
function growServer(
  scale: Scale,
  spec: { readonly name: string; readonly file: string; readonly settings: object },
  settings: Settings,
  loadAt: (server: Contender, size: number) => Promise<number>,
): Promise<Growth> {
  const sizes = sizesOf(scale, settings)
  return withContenders([spec], async ([server]) => {
    if (server === undefined) throw new Error(`${spec.name} did not start`)
    await loadAt(server, sizes[0] ?? 0)
    const samples = await interleave(sizes, settings.rounds, async (size) => {
      const before = await server.usage()
      const requests = await loadAt(server, size)
      const { cpuUs } = await server.usage()
      return (cpuUs - before.cpuUs) / requests
    })
    return growthOf(scale, sizes, samples)
  })
}

function sizesOf({ sizes, quickSizes }: Scale, { quick }: Settings): readonly number[] {
  return quick ? quickSizes : sizes
}

function growthOf(
  { title, axis, unit, expectedExponent }: Scale,
  sizes: readonly number[],
  samples: readonly (readonly number[])[],
): Growth {
  const points = sizes.map((size, index) => ({ size, value: median(samples[index] ?? []) }))
  return { kind: 'growth', title, axis, unit, points, expectedExponent }
}
