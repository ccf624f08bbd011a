import { parseArgs } from 'node:util'
import type { Settings } from './suite.ts'

export interface Flags {
  readonly settings: Settings
  /** Names of suites. */
  readonly only: readonly string[]
  readonly json: string | undefined
  readonly markdown: string | undefined
  readonly charts: string | undefined
  readonly help: boolean
}

export const usage = `npm run bench -- [flags]

  --only NAME         one suite, or several with commas: micro, proxy, cache, auth, fleet, dashboard, growth
  --rounds N          how often each contender is measured (default 8; 2 with --quick)
  --seconds S         how long each time (default 1)
  --connections N     how many connections the load has (default 50)
  --quick             a look: fewer rounds, smaller sizes
  --json FILE         writes all samples
  --markdown FILE     writes the tables
  --charts FOLDER     writes a chart for each comparison
`

/** @throws Error that says what is wrong with the flags */
export function parseFlags(args: readonly string[], suites: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      markdown: { type: 'string' },
      charts: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick } = values
  const only = values.only?.split(',') ?? suites
  const unknown = only.find((name) => !suites.includes(name))
  if (unknown !== undefined) throw new Error(`--only ${unknown}: expected one of ${suites.join(', ')}`)
  return {
    settings: {
      quick,
      rounds: integer('--rounds', values.rounds, quick ? 2 : 8),
      seconds: positive('--seconds', values.seconds, 1),
      connections: integer('--connections', values.connections, 50),
    },
    only,
    json: values.json,
    markdown: values.markdown,
    charts: values.charts,
    help: values.help,
  }
}

function positive(flag: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given)
  if (Number.isFinite(value) && value > 0) return value
  throw new Error(`${flag} ${given}: expected a number above 0`)
}

function integer(flag: string, given: string | undefined, otherwise: number): number {
  const value = positive(flag, given, otherwise)
  if (Number.isInteger(value)) return value
  throw new Error(`${flag} ${given}: expected a whole number`)
}
