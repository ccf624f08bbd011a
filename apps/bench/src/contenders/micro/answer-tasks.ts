import { announce } from '../../child.ts'
import { median } from '../../statistics.ts'
import type { MicroQuestion, Task } from './task.ts'

const LEAST_BATCHES = 3

/** Answers how many ns one run of a task takes: the median over batches, for as long as it is told. */
export function answerTasks(make: (name: string) => Task | Promise<Task> | undefined): void {
  const made = new Map<string, Task>()
  announce({}, async (question) => {
    const { task: name, seconds } = question as MicroQuestion
    const task = made.get(name) ?? (await make(name))
    if (task === undefined) throw new Error(`no task ${name}`)
    made.set(name, task)
    return nanosecondsOf(task, seconds)
  })
}

async function nanosecondsOf(task: Task, seconds: number): Promise<number> {
  // Where there is one: no round pays for the garbage of the one before.
  globalThis.gc?.()
  const end = Date.now() + seconds * 1000
  const times: number[] = []
  // The first ones of a round pay for the compiler and for cold caches.
  await task.loop(task.batch)
  do times.push((await task.loop(task.batch)) / task.batch)
  while (Date.now() < end || times.length < LEAST_BATCHES)
  return median(times)
}
