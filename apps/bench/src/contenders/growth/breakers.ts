/** Calls through any of so many breakers, found by their names. */
import { BreakerRegistry } from '@sluice/circuit-breaker'
import { answerTasks } from '../micro/answer-tasks.ts'
import { synchronous } from '../micro/task.ts'
import { walk } from './walk.ts'

answerTasks((name) => {
  const size = Number(name)
  const registry = new BreakerRegistry()
  const names = Array.from({ length: size }, (_, index) => `breaker-${index}`)
  for (const name of names) registry.ensure(name)
  const next = walk(size)
  return synchronous(() => {
    const permit = registry.get(names[next()] ?? '')?.acquire()
    if (permit?.admitted === true) permit.success()
  })
})
