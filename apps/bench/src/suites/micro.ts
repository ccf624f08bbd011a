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
      bareAwait,
      ...libraries('execute while open'),
      { name: 'Sluice acquire', file: 'micro/sluice', task: 'reject' },
    ],
  },
  failure: {
    title: 'A failure, with 100 and with 100,000 calls in the window',
    lines: ['small window', 'large window'].flatMap((size) => libraries(`failure, ${size}`, `, ${size}`)),
  },
} satisfies Record<string, Panel>

type PanelName = keyof typeof panels

export const micro: Suite = {
  name: 'micro',
  title: 'The breaker alone',
  async run(settings, tell) {
    const measured: [string, Comparison][] = []
    for (const [name, panel] of Object.entries(panels)) {
      tell(panel.title)
      measured.push([name, await compare(panel, settings)])
    }
    const tables = Object.fromEntries(measured) as Record<PanelName, Comparison>
    tell('Memory of a breaker')
    const memory = await weigh(settings)
    return {
      name: micro.name,
      title: micro.title,
      tables: [...Object.values(tables), memory.table],
      claims: [...speedClaims(tables), ...memory.claims],
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

/** Each line in a process of its own: what one task taught the compiler must not slow down the next. */
async function compare(
  { title, reference, lines }: Panel,
  { rounds, seconds }: Settings,
): Promise<Comparison> {
  const specs = lines.map(({ name, file }) => ({ name, file, nodeArguments: ['--expose-gc'] }))
  const samples = await withContenders(specs, async (contenders) => {
    const ask = async ({ task }: Line, contender: Contender): Promise<number> =>
      contender.ask<number>({ task, seconds: seconds / 4 })
    const pairs = lines.map((line, index) => [line, contenders[index] as Contender] as const)
    await interleave(pairs, 1, (pair) => ask(...pair))
    return interleave(pairs, rounds, (pair) => ask(...pair))
  })
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
    claim('a rejection by execute over the bare await', { atMost: 300 }, over(reject), ns),
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
    name: [library, ...(calls === 0 ? [] : [calls === 1 ? 'used once' : `${calls} calls each`])].join(', '),
    file: 'micro/memory',
    settings: { library: library.toLowerCase(), count: breakers, calls },
    nodeArguments: ['--expose-gc'],
  })
  // A tenth of opossum's: each of its breakers keeps timers.
  const specs = [
    one('Sluice', count, 0),
    one('Sluice', count, 1),
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
  const bytes = (name: string): number => median(entryOf(table, name).samples)
  const megabytes = (value: number): string => `${Math.round(value)} MB`
  return {
    table,
    claims: [
      claim(
        'bytes of an idle breaker',
        { atMost: 1536 },
        bytes('Sluice'),
        (value) => `${Math.round(value)} B`,
      ),
      claim('100,000 idle breakers', { atMost: 150 }, (bytes('Sluice') * 100_000) / 1e6, megabytes),
      claim(
        '100,000 breakers, each used once',
        { atMost: 150 },
        (bytes('Sluice, used once') * 100_000) / 1e6,
        megabytes,
      ),
      claim('timers of idle breakers', { atMost: 0 }, Math.max(...idle.map(({ timers }) => timers))),
    ],
  }
}
