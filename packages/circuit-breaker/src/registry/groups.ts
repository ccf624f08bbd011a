import type { CircuitBreaker } from '../breaker.ts'
import { BreakerGroup, type GroupOptions } from './group.ts'
import { OptionChecker } from '../options/option-checker.ts'

const DEFAULT_RATIO = 0.5
const PREFIX = 'group:'

/** Makes the breaker of a group, which is a member of the groups given. */
export type CreateGroupBreaker = (name: string, memberOf: readonly BreakerGroup[]) => CircuitBreaker

/** The groups of a registry: who is in which. */
export class Groups {
  readonly #options: Readonly<Record<string, GroupOptions>>
  readonly #createBreaker: CreateGroupBreaker
  readonly #groups = new Map<string, BreakerGroup>()

  /** Throws `OptionsError` for a bad ratio, and for a group that contains itself. */
  constructor(options: Readonly<Record<string, GroupOptions>>, createBreaker: CreateGroupBreaker) {
    this.#options = options
    this.#createBreaker = createBreaker
    checkGroups(options)
    for (const name of Object.keys(options)) this.#ensure(name)
  }

  /** The breakers of the groups. */
  breakers(): CircuitBreaker[] {
    return [...this.#groups.values()].map((group) => group.breaker)
  }

  /** The groups that a breaker belongs to: those that declare it, and the one that it names itself. */
  of(breaker: string, named: string | undefined): BreakerGroup[] {
    const memberOf = new Set([...this.#groups.values()].filter((group) => group.declares(breaker)))
    if (named !== undefined) memberOf.add(this.#ensure(named))
    return [...memberOf]
  }

  /** A breaker is gone from all groups. */
  leave(breaker: CircuitBreaker): void {
    for (const group of this.#groups.values()) group.leave(breaker)
  }

  /** Throws `OptionsError` if a group declares a member that does not exist. */
  verify(): void {
    const check = new OptionChecker()
    for (const [name, group] of this.#groups) {
      for (const member of group.missing)
        check.problem(`groups.${name}.members`, member, 'the name of a breaker')
    }
    check.finish()
  }

  /** Groups that contain a group are made before it: a breaker knows from the start what it belongs to. */
  #ensure(name: string): BreakerGroup {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const own = PREFIX + name
    const memberOf = Object.keys(this.#options)
      .filter((other) => this.#options[other]?.members?.includes(own))
      .map((other) => this.#ensure(other))
    const { members = [], openRatio = DEFAULT_RATIO } = this.#options[name] ?? {}
    const breaker = this.#createBreaker(own, memberOf)
    const group = new BreakerGroup(breaker, { members, openRatio }, memberOf)
    this.#groups.set(name, group)
    for (const parent of memberOf) parent.join(breaker)
    return group
  }
}

function checkGroups(groups: Readonly<Record<string, GroupOptions>>): void {
  const check = new OptionChecker()
  for (const [name, options] of Object.entries(groups)) {
    const path = `groups.${name}`
    const { members, openRatio } = check.object(path, options, ['members', 'openRatio'])
    check.number(`${path}.openRatio`, openRatio, DEFAULT_RATIO, { from: 0, to: 0.999 })
    if (members !== undefined && !isNameList(members)) {
      check.problem(`${path}.members`, members, 'an array of names')
    }
  }
  check.finish()
  for (const name of Object.keys(groups)) {
    if (reaches(groups, name, name, new Set())) {
      check.problem(
        `groups.${name}.members`,
        groups[name]?.members,
        'members that do not lead back to the group',
      )
    }
  }
  check.finish()
}

function isNameList(list: unknown): boolean {
  return Array.isArray(list) && list.every((name) => typeof name === 'string')
}

function reaches(
  groups: Readonly<Record<string, GroupOptions>>,
  from: string,
  target: string,
  seen: Set<string>,
): boolean {
  if (seen.has(from)) return false
  seen.add(from)
  return (groups[from]?.members ?? [])
    .filter((member) => member.startsWith(PREFIX))
    .map((member) => member.slice(PREFIX.length))
    .some((member) => member === target || reaches(groups, member, target, seen))
}
