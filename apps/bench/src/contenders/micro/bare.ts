/** Nothing around the call: what the others are compared with. */
import { answerTasks } from './answer-tasks.ts'
import { asynchronous, synchronous, type Task } from './task.ts'

const noop = async (): Promise<number> => 1
const counts = { calls: 0, failures: 0, limit: 1e15 }

const tasks: Record<string, () => Task | Promise<Task>> = {
  await: () => asynchronous(noop),
  // A breaker by hand: the least that a decision and a count can cost.
  count: () =>
    synchronous(() => {
      if (counts.failures < counts.limit) counts.calls++
    }),
}
answerTasks((name) => tasks[name]?.())
