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

const { library, count, calls } = settings() as MemorySettings
const noop = async (): Promise<number> => 1

const makers: Record<MemorySettings['library'], (name: string) => { call(): unknown }> = {
  sluice(name) {
    const breaker = createCircuitBreaker({ name })
    return { call: () => breaker.execute(noop) }
  },
  opossum(name) {
    const breaker = new Opossum(noop, { name })
    return { call: () => breaker.fire() }
  },
  cockatiel() {
    const breaker = circuitBreaker(handleAll, {
      halfOpenAfter: 30_000,
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
    })
    return { call: () => breaker.execute(noop) }
  },
}

announce({}, async (): Promise<MemoryFigures> => {
  const make = makers[library]
  const kept = [make('warm up')]
  const before = heapBytes()
  for (let index = 0; index < count; index++) kept.push(make(`breaker-${index}`))
  for (const breaker of calls > 0 ? kept : []) {
    for (let call = 0; call < calls; call++) await breaker.call()
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
