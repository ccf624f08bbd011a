/** Verification of any of so many keys. */
import { ApiKeys, memoryKeys } from '@sluice/api-key-auth'
import { answerTasks } from '../micro/answer-tasks.ts'
import { asynchronous } from '../micro/task.ts'
import { walk } from './walk.ts'

/** As many of them are presented: a client's secret is nothing that a server keeps. */
const PRESENTED = 10_000

answerTasks(async (name) => {
  const keys = new ApiKeys({ store: memoryKeys() })
  const presented: string[] = []
  for (let index = 0; index < Number(name); index++) {
    const { key } = await keys.create({ consumer: `consumer-${index}` })
    if (presented.length < PRESENTED) presented.push(key)
  }
  const next = walk(presented.length)
  return asynchronous(() => keys.verify(presented[next()] ?? ''))
})
