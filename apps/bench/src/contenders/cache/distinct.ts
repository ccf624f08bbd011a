/** Fills the cache with more distinct answers than it may keep, and tells what that takes. Needs `--expose-gc`. */
import { responseCache } from '@sluice/response-cache'
import fastify from 'fastify'
import { announce } from '../../child.ts'
import { payload } from '../../payload.ts'

export interface FillQuestion {
  readonly urls: number
  readonly maxBytes: number
}

const app = fastify()
const body = payload(1024)

announce({}, async (question) => {
  const { urls, maxBytes } = question as FillQuestion
  await app.register(responseCache, { memory: { maxBytes } })
  const before = bytesInUse()
  const key = (index: number): string => app.responseCache.keyOf({ url: `/items/${index}` })
  for (let index = 0; index < urls; index++) {
    await app.responseCache.set(key(index), { body: Buffer.from(body), ttl: 3_600_000 })
  }
  return (bytesInUse() - before) / maxBytes
})

function bytesInUse(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
