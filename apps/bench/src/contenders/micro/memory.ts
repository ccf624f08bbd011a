/** Bytes of a breaker that has not been used, and the timers it keeps. Needs `--expose-gc`. */
import { createCircuitBreaker } from '@sluice/circuit-breaker'
import { circuitBreaker, handleAll, SamplingBreaker } from 'cockatiel'
import Opossum from 'opossum'
import { announce, settings } from '../../child.ts'

export interface MemoryFigures {
  readonly bytesEach: number
  readonly timers: number
  readonly totalBytes: number
}

interface MemorySettings {
  readonly library: 'sluice' | 'opossum' | 'cockatiel'
  readonly count: number
  /** Calls that each breaker has seen. */
  readonly calls: number
}

const { library: name, count, calls } = settings() as MemorySettings
const noop = async (): Promise<number> => 1

interface Library<Breaker> {
  readonly make: (name: string) => Breaker
  readonly call: (breaker: Breaker) => unknown
}

function library<Breaker>(made: Library<Breaker>): Library<Breaker> {
  return made
}

const libraries = {
  sluice: library({
    make: (name) => createCircuitBreaker({ name }),
    call: (breaker) => breaker.execute(noop),
  }),
  opossum: library({
    make: (name) => new Opossum(noop, { name }),
    call: (breaker) => breaker.fire(),
  }),
  cockatiel: library({
    make: () =>
      circuitBreaker(handleAll, {
        halfOpenAfter: 30_000,
        breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
      }),
    call: (breaker) => breaker.execute(noop),
  }),
}

announce({}, async (): Promise<MemoryFigures> => {
  // Nothing is kept but the breakers themselves.
  const { make, call } = libraries[name] as Library<unknown>
  const kept = [make('warm up')]
  const before = heapBytes()
  for (let index = 0; index < count; index++) kept.push(make(`breaker-${index}`))
  // In turns, so that the calls of each fall into several buckets of its window.
  for (let turn = 0; turn < calls; turn++) {
    for (const breaker of kept) await call(breaker)
  }
  const totalBytes = heapBytes() - before
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  return { bytesEach: totalBytes / (kept.length - 1), timers, totalBytes }
})

function heapBytes(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
