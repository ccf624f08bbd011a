/** Prints what a call costs the heap. Needs `--expose-gc`, and a young generation that is not collected in between. */
import { createCircuitBreaker } from '@sluice/circuit-breaker'

const CALLS = 100_000
const breaker = createCircuitBreaker({ name: 'guard' })
if (process.argv[2] === 'rejection') breaker.open()

run()
globalThis.gc?.()
const before = process.memoryUsage().heapUsed
run()
const allocatedBytes = (process.memoryUsage().heapUsed - before) / CALLS
globalThis.gc?.()
const lastingBytes = (process.memoryUsage().heapUsed - before) / CALLS
console.log(JSON.stringify({ allocatedBytes, lastingBytes }))

function run(): void {
  for (let call = 0; call < CALLS; call++) {
    const permit = breaker.acquire()
    if (permit.admitted) permit.success()
  }
}
