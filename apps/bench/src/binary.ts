import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Daemons of Debian live here, and it is not on everybody's path. */
const systemFolder = '/usr/sbin'

/** The path of a program on this machine, or undefined. */
export function findBinary(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), systemFolder]
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))
}
