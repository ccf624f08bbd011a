#!/usr/bin/env node
import { UsageError } from './commands/usage.ts'
import { ConfigError } from './config/problem.ts'

type Command = (args: string[]) => Promise<void>

/** Loaded one at a time: who asks for help need not wait for a gateway. */
const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./commands/start.ts')).start,
  demo: async () => (await import('./commands/demo.ts')).demo,
  check: async () => (await import('./commands/check.ts')).check,
  keys: async () => (await import('./commands/keys.ts')).keys,
  help: async () => (await import('./commands/help.ts')).help,
}

const [given = 'help', ...args] = process.argv.slice(2)
const name = given === '--help' || given === '-h' ? 'help' : given
try {
  const load = commands[name]
  if (load === undefined) throw new UsageError(`sluice knows no command '${name}'.`)
  const command = await load()
  await command(args)
} catch (error) {
  process.exitCode = 1
  console.error(explain(error))
}

/** What a person can act on: never a stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) {
    const { length } = error.problems
    return `The configuration has ${length === 1 ? 'a problem' : `${length} problems`}:\n${error.message}`
  }
  if (error instanceof UsageError) return `${error.message}\n\nsluice help lists the commands.`
  return error instanceof Error ? error.message : String(error)
}
