import type { ApiKeys } from '@sluice/api-key-auth'
import type { ParseArgsConfig } from 'node:util'
import {
  attributeFlags,
  changeFlags,
  readAttributes,
  readChanges,
  readDuration,
  required,
  type Flags,
} from './flags.ts'
import type { KeysIo } from './keys-io.ts'
import { renderIssued, renderKey, renderKeys } from './render.ts'

interface Call {
  readonly keys: ApiKeys
  readonly io: KeysIo
  readonly flags: Flags
  readonly positionals: readonly string[]
  /** Whether the answer is for a program. */
  readonly json: boolean
}

export interface Action {
  readonly flags: NonNullable<ParseArgsConfig['options']>
  /** How many arguments it takes beside its flags. */
  readonly positionals: number
  /** Does it, prints the answer, and returns the exit code. */
  run(call: Call): Promise<number>
}

const context = { actor: 'sluice keys' }

export const actions: Readonly<Record<string, Action>> = {
  create: {
    flags: attributeFlags,
    positionals: 0,
    run: async ({ keys, io, flags, json }) => {
      const issued = await keys.create(readAttributes(flags, io.now()), context)
      io.out(json ? toJson(issued) : renderIssued(issued))
      return 0
    },
  },
  import: {
    flags: { ...attributeFlags, hash: { type: 'string' }, id: { type: 'string' } },
    positionals: 0,
    run: async ({ keys, io, flags, json }) => {
      const hash = required(flags.hash, '--hash')
      const id = typeof flags.id === 'string' ? { id: flags.id } : {}
      const record = await keys.import({ ...readAttributes(flags, io.now()), hash, ...id }, context)
      io.out(json ? toJson(record) : renderKey(record))
      return 0
    },
  },
  list: {
    flags: { consumer: { type: 'string' } },
    positionals: 0,
    run: async ({ keys, io, flags, json }) => {
      const { consumer } = flags
      const records = await keys.list(typeof consumer === 'string' ? { consumer } : {})
      io.out(json ? toJson(records) : renderKeys(records))
      return 0
    },
  },
  show: {
    flags: {},
    positionals: 1,
    run: async ({ keys, io, positionals, json }) => {
      const record = await keys.show(required(positionals[0], 'ID'))
      io.out(json ? toJson(record) : renderKey(record))
      return 0
    },
  },
  update: {
    flags: changeFlags,
    positionals: 1,
    run: async ({ keys, io, flags, positionals, json }) => {
      const changes = readChanges(flags, io.now())
      const record = await keys.update(required(positionals[0], 'ID'), changes, context)
      io.out(json ? toJson(record) : renderKey(record))
      return 0
    },
  },
  rotate: {
    flags: { grace: { type: 'string' } },
    positionals: 1,
    run: async ({ keys, io, flags, positionals, json }) => {
      const graceMs = flags.grace === undefined ? 0 : readDuration(flags.grace, '--grace')
      const issued = await keys.rotate(required(positionals[0], 'ID'), { graceMs, ...context })
      io.out(json ? toJson(issued) : renderIssued(issued))
      return 0
    },
  },
  revoke: {
    flags: {},
    positionals: 1,
    run: async ({ keys, io, positionals, json }) => {
      const record = await keys.revoke(required(positionals[0], 'ID'), context)
      io.out(json ? toJson(record) : renderKey(record))
      return 0
    },
  },
  remove: {
    flags: {},
    positionals: 1,
    run: async ({ keys, io, positionals, json }) => {
      const id = required(positionals[0], 'ID')
      await keys.remove(id, context)
      io.out(json ? toJson({ removed: id }) : `${id} is forgotten`)
      return 0
    },
  },
  verify: {
    flags: { address: { type: 'string' } },
    positionals: 1,
    run: async ({ keys, io, flags, positionals, json }) => {
      const key = positionals[0] ?? (await io.readInput()).trim()
      const address = typeof flags.address === 'string' ? { address: flags.address } : {}
      const verification = await keys.verify(required(key, 'KEY'), address)
      if (json) io.out(toJson(verification))
      else if (verification.valid) io.out(`valid\n${renderKey(verification.record)}`)
      else io.out(`not valid: ${verification.reason}`)
      return verification.valid ? 0 : 1
    },
  },
}

function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2)
}
