import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { findBinary } from './binary.ts'

/** The core that the contender has for itself. */
export const SERVER_CORE = 0
/** The core of the load generator, the upstream and this program. */
export const LOAD_CORE = 1

const taskset = cpus().length > 1 ? findBinary('taskset') : undefined

/** Whether processes can be kept on a core of their own here. */
export const canPin: boolean = taskset !== undefined

/** The command line that runs a program on one core, or where there is no `taskset`, on any. */
export function pinned(core: number, command: string, args: readonly string[]): [string, string[]] {
  return taskset === undefined ? [command, [...args]] : [taskset, ['-c', `${core}`, command, ...args]]
}

/** Keeps this process on a core. */
export function pinSelf(core: number): void {
  if (taskset !== undefined) spawnSync(taskset, ['-apc', `${core}`, `${process.pid}`], { stdio: 'ignore' })
}
