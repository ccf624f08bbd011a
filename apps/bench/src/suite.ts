import type { SuiteResult } from './result.ts'

export interface Settings {
  /** How often each contender is measured. */
  readonly rounds: number
  /** How long each measurement of a server lasts. */
  readonly seconds: number
  readonly connections: number
  /** Smaller sizes, for a look rather than a result. */
  readonly quick: boolean
}

export interface Suite {
  readonly name: string
  readonly title: string
  /** `tell` reports progress. */
  run(settings: Settings, tell: (line: string) => void): Promise<SuiteResult>
}
