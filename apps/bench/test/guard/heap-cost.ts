/** Prints what a call, or a breaker, costs the heap. Needs `--expose-gc`, and a young generation that is not collected in between. */
import { createCircuitBreaker, type CircuitBreaker } from '@sluice/circuit-breaker'
import { ManualClock } from '@sluice/circuit-breaker/testing'

const CALLS = 100_000
const BREAKERS = 20_000
const breaker = createCircuitBreaker({ name: 'guard' })
const task = process.argv[2]
/** Outside of any function: what only one of them could see, V8 may drop before it returns. */
let kept: CircuitBreaker[] = []
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
  // Code that V8 makes on the way is none of a breaker's cost.
  create(clock)
  use(clock)
  kept = []
  const before = heapBytes()
  create(clock)
  const idleBytes = (heapBytes() - before) / BREAKERS
  use(clock)
  return { idleBytes, usedBytes: (heapBytes() - before) / BREAKERS }
}

function create(clock: ManualClock): void {
  kept = Array.from({ length: BREAKERS }, () => createCircuitBreaker({ name: 'kept' }, { clock }))
}

function use(clock: ManualClock): void {
  for (const one of kept) {
    const permit = one.acquire()
    clock.advance(0.5)
    if (permit.admitted) permit.success()
  }
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
