import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { OptionChecker } from '../options/option-checker.ts'

/** How an instance takes part in a fleet, whatever the store. Durations in ms. */
export interface FleetTuning {
  /** Share of the instances that must vote to open, above 0 to 1. Default 0.2. */
  quorum?: number
  /** Votes needed at least, 1 or more: 2 keep one bad instance from opening a small fleet. Default 2. */
  minVotes?: number
  /** Name of this instance, unlike all others. Default: host, process id and a random part. */
  instance?: string
  /** Where it runs: with several zones, votes must come from two of them. Default: none. */
  zone?: string
  /** How often it shows that it is alive and looks for what it missed, 100 to 60 000, spread by a fifth. Default 5 000. */
  beatMs?: number
  /** How long a command may take, 1 to 10 000. No request waits for one. Default 100. */
  commandTimeoutMs?: number
  /** Commands that may wait for each shard, 1 to 10 000; newer ones are dropped. Default 128. */
  queue?: number
}

export type ResolvedFleetTuning = Readonly<Required<FleetTuning>>

export const FLEET_TUNING: readonly (keyof FleetTuning)[] = [
  'quorum',
  'minVotes',
  'instance',
  'zone',
  'beatMs',
  'commandTimeoutMs',
  'queue',
]

const NAME = /^[\x21-\x7e]{1,128}$/

/** Reads them from among the options of an adapter, whose checker collects what is wrong. */
export function readFleetTuning(check: OptionChecker, given: FleetTuning): ResolvedFleetTuning {
  const count = { from: 1, integer: true }
  return Object.freeze({
    quorum: check.number('fleet.quorum', given.quorum, 0.2, { above: 0, to: 1 }),
    minVotes: check.number('fleet.minVotes', given.minVotes, 2, count),
    instance: readName(check, 'fleet.instance', given.instance, createInstanceName()),
    zone: given.zone === '' ? '' : readName(check, 'fleet.zone', given.zone, ''),
    beatMs: check.number('fleet.beatMs', given.beatMs, 5_000, { from: 100, to: 60_000 }),
    commandTimeoutMs: check.number('fleet.commandTimeoutMs', given.commandTimeoutMs, 100, {
      from: 1,
      to: 10_000,
    }),
    queue: check.number('fleet.queue', given.queue, 128, { ...count, to: 10_000 }),
  })
}

/** The same for a store that needs no options of its own. Throws `OptionsError`. */
export function parseFleetTuning(given: FleetTuning): ResolvedFleetTuning {
  const check = new OptionChecker()
  const tuning = readFleetTuning(check, check.object('fleet', given, FLEET_TUNING))
  check.finish()
  return tuning
}

function readName(check: OptionChecker, path: string, given: string | undefined, base: string): string {
  if (given === undefined) return base
  if (typeof given !== 'string' || !NAME.test(given)) {
    check.problem(path, given, '1 to 128 visible ASCII characters')
    return base
  }
  return given
}

function createInstanceName(): string {
  return `${hostname()
    .replace(/[^\x21-\x7e]/g, '')
    .slice(0, 64)}:${process.pid}:${randomBytes(4).toString('hex')}`
}
