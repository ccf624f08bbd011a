import { existsSync } from 'node:fs'
import { parseArgs, type ParseArgsConfig } from 'node:util'

/** The command line itself is wrong. Shown without a stack. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>

/** `parseArgs` of `node:util`, whose complaints are the user's and not a crash. */
export function parseFlags<T extends Options>(
  args: string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; strict: true }>>['values'] {
  try {
    return parseArgs({ args, options, strict: true }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** `--config`, else `gateway.yaml` in this folder if there is one, else the environment alone. */
export function configSource(config: string | undefined): { file?: string } {
  const file = config ?? (existsSync('gateway.yaml') ? 'gateway.yaml' : undefined)
  return file === undefined ? {} : { file }
}
