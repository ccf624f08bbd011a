import type { ApiKeys } from '@sluice/api-key-auth'
import { parseArgs } from 'node:util'
import { actions, type Action } from './actions.ts'
import type { KeysIo } from './keys-io.ts'
import { KeysUsageError } from './keys-usage-error.ts'

/** Which keys are meant. None of them: those of the gateway's configuration. */
export interface KeysLocation {
  readonly config?: string
  readonly file?: string
  readonly redis?: string
}

const usage = `sluice keys ACTION [--config gateway.yaml | --file keys.yaml | --redis URL] [--json]

  create --consumer NAME [--name TEXT] [--scopes a,b] [--expires 90d|DATE] [--not-before DATE] [--cidrs a,b]
         [--rate-limit 100-M] [--metadata JSON]       make a key, and show it this once
  import --hash SHA256 --consumer NAME [...]          take over a key made elsewhere, by its hash
  list   [--consumer NAME]                            all keys, without their secrets
  show   ID                                           one key
  update ID [--disable | --enable] [--scopes a,b] [--expires '' ...]
                                                      change what is given; '' takes an attribute away
  rotate ID [--grace 24h]                             a new secret; the old one stays good for the grace period
  revoke ID                                           end a key, everywhere and for good; its record stays
  remove ID                                           end a key and forget its record
  verify [KEY]                                        whether a key is good; without KEY it is read from the input`

/**
 * `sluice keys`. Opens the keys that the flags name, does what is asked, and closes them.
 *
 * @returns the exit code: 0, 1 where the answer is no (no such key, a bad one), 2 for a wrong command line
 */
export async function runKeysCommand(
  args: readonly string[],
  io: KeysIo,
  openKeys: (location: KeysLocation) => Promise<ApiKeys>,
): Promise<number> {
  const [name = 'help', ...rest] = args
  if (name === 'help' || name === '--help' || name === '-h') {
    io.out(usage)
    return 0
  }
  try {
    const action = actions[name]
    if (action === undefined) throw new KeysUsageError(`sluice keys has no action '${name}'`)
    const { values, positionals } = parse(action, rest)
    const { config, file, redis } = values
    const keys = await openKeys({ ...text({ config, file, redis }) })
    try {
      return await action.run({ keys, io, flags: values, positionals, json: values.json === true })
    } finally {
      await keys.close()
    }
  } catch (error) {
    if (error instanceof KeysUsageError) {
      io.err(`${error.message}\n\n${usage}`)
      return 2
    }
    io.err(error instanceof Error ? error.message : String(error))
    return 1
  }
}

function parse(action: Action, args: string[]): { values: Record<string, unknown>; positionals: string[] } {
  const location = {
    config: { type: 'string' },
    file: { type: 'string' },
    redis: { type: 'string' },
  } as const
  const options = { ...location, json: { type: 'boolean' }, ...action.flags } as const
  let parsed: { values: Record<string, unknown>; positionals: string[] }
  try {
    parsed = parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new KeysUsageError((error as Error).message)
  }
  const named = ['config', 'file', 'redis'].filter((name) => parsed.values[name] !== undefined)
  if (named.length > 1) throw new KeysUsageError(`--${named.join(' and --')} name two places`)
  if (parsed.positionals.length > action.positionals) throw new KeysUsageError('Too many arguments')
  return parsed
}

function text(values: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
}
