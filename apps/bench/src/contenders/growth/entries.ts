/** Look-ups of any of so many answers in the memory tier. */
import { responseCache } from '@sluice/response-cache'
import fastify from 'fastify'
import { answerTasks } from '../micro/answer-tasks.ts'
import { asynchronous } from '../micro/task.ts'
import { walk } from './walk.ts'

answerTasks(async (name) => {
  const size = Number(name)
  const app = fastify()
  await app.register(responseCache, { memory: { maxBytes: 4 * 1024 ** 3 } })
  const cache = app.responseCache
  const keyOf = (index: number): string => cache.keyOf({ url: `/items/${index}` })
  for (let index = 0; index < size; index++) {
    await cache.set(keyOf(index), { body: 'ok', ttl: 3_600_000 })
  }
  const next = walk(size)
  return asynchronous(() => cache.get(keyOf(next())))
})
