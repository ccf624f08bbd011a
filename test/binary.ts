import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of a program on this machine, or undefined. */
export function findBinary(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))
}

/**
 * For `t.test(name, { skip: skipWithout('redis-server') }, …)`: a reason to skip where the program is absent,
 * `false` where it is there. In CI nothing is skipped: the test runs, and fails if it cannot start the program.
 */
export function skipWithout(name: string): string | false {
  if (process.env.CI !== undefined || findBinary(name) !== undefined) return false
  return `${name} is not installed`
}
