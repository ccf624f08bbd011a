import { type Contender, type ContenderSpec, withContenders } from '../contender.ts'
import type { MemoryFigures } from '../contenders/micro/memory.ts'
import { type Claim, claim, type Comparison, entryOf } from '../result.ts'
import { interleave } from '../rounds.ts'
import { median, pairedDifference } from '../statistics.ts'
import type { Settings, Suite } from '../suite.ts'

interface Line {
  readonly name: string
  readonly file: string
  readonly task: string
  readonly settings?: object | undefined
}

interface Panel {
  readonly title: string
  readonly reference?: string
  readonly lines: readonly Line[]
}

const bareAwait = { name: 'bare await', file: 'micro/bare', task: 'await' }

const panels = {
  closed: {
    title: 'A decision and its count, closed, synchronous',
    reference: 'Sluice acquire + success',
    lines: [
      { name: 'Sluice acquire + success', file: 'micro/sluice', task: 'acquire and settle' },
      { name: 'a counter by hand (a limit)', file: 'micro/bare', task: 'count' },
    ],
  },
  execute: {
    title: 'Around an async no-op, closed',
    reference: bareAwait.name,
    lines: [bareAwait, ...libraries('execute')],
  },
  timeout: {
    title: 'Around an async no-op, closed, with a timeout',
    reference: bareAwait.name,
    lines: [bareAwait, ...libraries('execute with a timeout')],
  },
  reject: {
    title: 'A rejection while open',
    reference: 'Sluice',
    lines: [
      ...libraries('execute while open'),
      { name: 'Sluice acquire', file: 'micro/sluice', task: 'reject' },
    ],
  },
  failure: {
    title: 'A failure, with 100 and with 100,000 calls in the window',
    lines: ['small window', 'large window'].flatMap((size) => libraries(`failure, ${size}`, `, ${size}`)),
  },
  route: {
    title: 'A Fastify route by inject, with a breaker',
    reference: 'no breaker',
    lines: [
      { name: 'no breaker', file: 'micro/inject', task: 'route', settings: { breaker: 'none' } },
      {
        name: '@sluice/circuit-breaker',
        file: 'micro/inject',
        task: 'route',
        settings: { breaker: 'sluice' },
      },
      {
        name: '@fastify/circuit-breaker',
        file: 'micro/inject',
        task: 'route',
        settings: { breaker: 'fastify' },
      },
    ],
  },
} satisfies Record<string, Panel>

type PanelName = keyof typeof panels

export const micro: Suite = {
  name: 'micro',
  title: 'The breaker alone',
  async run(settings, tell) {
    const all = Object.entries(panels) as [PanelName, Panel][]
    const processes = processesOf(all.flatMap(([, { lines }]) => lines))
    const measured = await withContenders(processes, async (contenders) => {
      const tables: [PanelName, Comparison][] = []
      for (const [name, panel] of all) {
        tell(panel.title)
        tables.push([name, await compare(panel, contenders, settings)])
      }
      return Object.fromEntries(tables) as Record<PanelName, Comparison>
    })
    tell('Memory of a breaker')
    const memory = await weigh(settings)
    return {
      name: micro.name,
      title: micro.title,
      tables: [...Object.values(measured), memory.table],
      claims: [...speedClaims(measured), ...memory.claims],
      notes: [],
    }
  },
}

function libraries(task: string, suffix: string = ''): Line[] {
  return [
    { name: `Sluice${suffix}`, file: 'micro/sluice', task },
    { name: `cockatiel${suffix}`, file: 'micro/cockatiel', task },
    { name: `opossum${suffix}`, file: 'micro/opossum', task },
  ]
}

/** A process for each library and setting, which does one task after the other. */
function processesOf(lines: readonly Line[]): ContenderSpec[] {
  const specs = lines.map(({ file, settings }) => ({ name: processOf({ file, settings }), file, settings }))
  return [...new Map(specs.map((spec) => [spec.name, spec])).values()]
}

function processOf({ file, settings }: Pick<Line, 'file' | 'settings'>): string {
  return `${file} ${JSON.stringify(settings)}`
}

async function compare(
  { title, reference, lines }: Panel,
  contenders: readonly Contender[],
  { rounds, seconds }: Settings,
): Promise<Comparison> {
  const byName = new Map(contenders.map((contender) => [contender.name, contender]))
  const ask = async (line: Line): Promise<number> => {
    const figure = byName.get(processOf(line))?.ask<number>({ task: line.task, seconds: seconds / 4 })
    return figure ?? Number.NaN
  }
  await interleave(lines, 1, ask)
  const samples = await interleave(lines, rounds, ask)
  const entries = lines.map(({ name }, index) => ({ name, samples: samples[index] ?? [] }))
  return { kind: 'comparison', title, unit: 'ns', better: 'lower', ...(reference && { reference }), entries }
}

function speedClaims({ closed, execute, timeout, reject, failure }: Record<PanelName, Comparison>): Claim[] {
  const ns = (value: number): string => `${Math.round(value)} ns`
  const seen = (table: Comparison, name: string): number => median(entryOf(table, name).samples)
  const over = (table: Comparison): number =>
    pairedDifference(entryOf(table, 'Sluice').samples, entryOf(table, bareAwait.name).samples)
  const growth = seen(failure, 'Sluice, large window') / seen(failure, 'Sluice, small window')
  return [
    claim('acquire and settle, closed', { atMost: 50 }, seen(closed, 'Sluice acquire + success'), ns),
    claim('execute over the bare await', { atMost: 100 }, over(execute), ns),
    claim('execute with a timeout over the bare await', { atMost: 1000 }, over(timeout), ns),
    claim('a rejection while open', { atMost: 300 }, seen(reject, 'Sluice acquire'), ns),
    claim(
      'a failure with 100,000 calls in the window',
      { atMost: 1000 },
      seen(failure, 'Sluice, large window'),
      ns,
    ),
    claim(
      'the same against 100 calls in the window',
      { atMost: 1.25 },
      growth,
      (ratio) => `× ${ratio.toFixed(2)}`,
    ),
  ]
}

interface Weighed {
  readonly table: Comparison
  readonly claims: Claim[]
}

async function weigh({ rounds, quick }: Settings): Promise<Weighed> {
  const count = quick ? 10_000 : 100_000
  const one = (library: string, breakers: number, calls: number): ContenderSpec => ({
    name: calls === 0 ? library : `${library}, used`,
    file: 'micro/memory',
    settings: { library: library.toLowerCase(), count: breakers, calls },
    nodeArguments: ['--expose-gc'],
  })
  // A tenth of opossum's: each of its breakers keeps timers.
  const specs = [
    one('Sluice', count, 0),
    one('Sluice', count, 20),
    one('cockatiel', count, 0),
    one('opossum', count / 10, 0),
  ]
  const figures = await interleave(specs, Math.min(rounds, 3), (spec) =>
    withContenders([spec], ([contender]) => (contender as Contender).ask<MemoryFigures>({})),
  )
  const entries = specs.map(({ name }, index) => ({
    name,
    samples: (figures[index] ?? []).map(({ bytesEach }) => bytesEach),
  }))
  const table: Comparison = {
    kind: 'comparison',
    title: `Memory of a breaker, of ${count.toLocaleString('en')}`,
    unit: 'bytes',
    better: 'lower',
    reference: 'Sluice',
    entries,
  }
  const idle = figures[0] ?? []
  const bytes = median(entryOf(table, 'Sluice').samples)
  return {
    table,
    claims: [
      claim('bytes of an idle breaker', { atMost: 1536 }, bytes, (value) => `${Math.round(value)} B`),
      claim(
        '100,000 breakers',
        { atMost: 150 },
        (bytes * 100_000) / 1e6,
        (value) => `${Math.round(value)} MB`,
      ),
      claim('timers of idle breakers', { atMost: 0 }, Math.max(...idle.map(({ timers }) => timers))),
    ],
  }
}
