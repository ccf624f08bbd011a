/** Prints what a call, or a breaker, costs the heap. Needs `--expose-gc`, and a young generation that is not collected in between. */
import { createCircuitBreaker } from '@sluice/circuit-breaker'
import { ManualClock } from '@sluice/circuit-breaker/testing'

const CALLS = 100_000
const BREAKERS = 2_000
const breaker = createCircuitBreaker({ name: 'guard' })
const task = process.argv[2]
if (task === 'rejection') breaker.open()

console.log(JSON.stringify(task === 'breaker' ? costOfBreaker() : costOfCall()))

function costOfCall(): object {
  run()
  const before = heapBytes()
  run()
  const allocatedBytes = (process.memoryUsage().heapUsed - before) / CALLS
  return { allocatedBytes, lastingBytes: (heapBytes() - before) / CALLS }
}

function costOfBreaker(): object {
  const clock = new ManualClock()
  const before = heapBytes()
  const kept = Array.from({ length: BREAKERS }, () => createCircuitBreaker({ name: 'kept' }, { clock }))
  const idleBytes = (heapBytes() - before) / BREAKERS
  for (const one of kept) {
    const permit = one.acquire()
    clock.advance(0.5)
    if (permit.admitted) permit.success()
  }
  return { idleBytes, usedBytes: (heapBytes() - before) / kept.length }
}

function heapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function run(): void {
  for (let call = 0; call < CALLS; call++) {
    const permit = breaker.acquire()
    if (permit.admitted) permit.success()
  }
}
