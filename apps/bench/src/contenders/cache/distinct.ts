/** Fills the cache with more distinct answers than it may keep, and tells what that takes. Needs `--expose-gc`. */
import { setTimeout } from 'node:timers/promises'
import { responseCache } from '@sluice/response-cache'
import fastify from 'fastify'
import { announce } from '../../child.ts'
import { payload } from '../../payload.ts'

export interface FillQuestion {
  readonly urls: number
  readonly maxBytes: number
}

const FIRST_URLS = 5000

const app = fastify()
const body = payload(1024)

announce({}, async (question) => {
  const { urls, maxBytes } = question as FillQuestion
  await app.register(responseCache, { memory: { maxBytes } })
  // Code that is loaded and compiled by the first answers is not theirs.
  await fill(FIRST_URLS)
  await app.responseCache.clear()
  const before = await bytesInUse()
  await fill(urls)
  return ((await bytesInUse()) - before) / maxBytes
})

async function fill(urls: number): Promise<void> {
  const cache = app.responseCache
  for (let index = 0; index < urls; index++) {
    await cache.set(cache.keyOf({ url: `/items/${index}` }), { body: Buffer.from(body), ttl: 3_600_000 })
  }
}

/** V8 frees the memory of Buffers beside the program, some time after it has collected them. */
async function bytesInUse(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.()
    await setTimeout(100)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
