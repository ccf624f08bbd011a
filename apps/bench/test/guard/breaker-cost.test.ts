import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createCircuitBreaker } from '@sluice/circuit-breaker'
import { test } from 'tap'

interface CallCost {
  readonly lastingBytes: number
  readonly allocatedBytes: number
}

interface BreakerCost {
  readonly idleBytes: number
  readonly usedBytes: number
}

async function heapCost<Cost>(task: string): Promise<Cost> {
  const file = fileURLToPath(new URL('heap-cost.ts', import.meta.url))
  const flags = ['--expose-gc', '--max-semi-space-size=128']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file, task])
  return JSON.parse(stdout) as Cost
}

test('a call through a closed breaker leaves nothing behind, and allocates little', async (t) => {
  const { lastingBytes, allocatedBytes } = await heapCost<CallCost>('call')
  t.ok(lastingBytes < 1, `${lastingBytes} bytes of each call stay`)
  t.ok(allocatedBytes <= 256, `${allocatedBytes} bytes are allocated for a call`)
})

test('a rejection allocates no error and no stack', async (t) => {
  const { lastingBytes, allocatedBytes } = await heapCost<CallCost>('rejection')
  t.ok(lastingBytes < 1, `${lastingBytes} bytes of each rejection stay`)
  t.ok(allocatedBytes <= 256, `${allocatedBytes} bytes are allocated for a rejection`)
})

test('100,000 breakers fit into 150 MB, idle or used once', async (t) => {
  const { idleBytes, usedBytes } = await heapCost<BreakerCost>('breaker')
  t.ok(idleBytes <= 1_100, `${idleBytes} bytes for an idle breaker`)
  t.ok(usedBytes <= 1_500, `${usedBytes} bytes for one that had a call`)
})

test('breakers keep no timers, idle or used', async (t) => {
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const breakers = Array.from({ length: 1000 }, (_, index) => createCircuitBreaker({ name: `b${index}` }))
  for (const breaker of breakers) await breaker.execute(async () => 1)
  const after = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  t.equal(after, before)
})
