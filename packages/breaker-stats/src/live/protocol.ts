/** What goes from the server to a dashboard. Types alone: the page's own code imports this file too. */

export type RowState = 'closed' | 'open' | 'half-open' | 'recovering' | 'forced-open' | 'disabled'

/** One breaker on the board. Times are ms since the epoch, durations ms, `rates` calls per second. */
export interface Row {
  readonly name: string
  readonly group: string | null
  readonly state: RowState
  readonly since: number
  readonly reason: string | null
  readonly retryAt: number | null
  readonly scope: 'local' | 'fleet' | 'manual'
  /** Calls in the window. */
  readonly calls: number
  readonly failureRatio: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly inFlight: number
  /** Totals since start. */
  readonly successes: number
  readonly failures: number
  readonly rejects: number
  readonly fallbacks: number
  /** Instances of the fleet that hold it open, of how many. */
  readonly votes: number | null
  readonly instances: number | null
  readonly fleetMode: 'shared' | 'stale' | 'local' | null
}

/** A row's name and what changed of it since the frame before. */
export type RowChange = Pick<Row, 'name'> & Partial<Row>

/** Counters of other plugins, where they are registered. */
export interface Panels {
  readonly cache: CachePanel | null
  readonly retry: readonly RetryPanel[] | null
  readonly refused: Readonly<Record<string, number>> | null
}

export interface CachePanel {
  readonly hits: number
  readonly misses: number
  readonly stale: number
  readonly coalesced: number
  readonly errors: number
  readonly entries: number
  readonly bytes: number
  readonly maxBytes: number
  readonly redis: 'up' | 'down' | null
}

export interface RetryPanel {
  readonly upstream: string
  readonly requests: number
  readonly retries: number
  /** Retries that the budget allows now. */
  readonly available: number
  readonly exhausted: number
}

export type TestPhase = 'failing' | 'waiting' | 'healing' | 'done' | 'failed'

export interface TestProgress {
  readonly breaker: string
  readonly phase: TestPhase
  readonly message: string
  readonly startedAt: number
}

export interface FullFrame {
  readonly type: 'full'
  readonly seq: number
  readonly at: number
  readonly instance: string
  readonly rows: readonly Row[]
  readonly panels: Panels
  readonly test: TestProgress | null
}

export interface DeltaFrame {
  readonly type: 'delta'
  /** One more than the frame before it; a viewer that sees a gap connects anew. */
  readonly seq: number
  readonly at: number
  readonly rows: readonly RowChange[]
  /** Names of breakers that are no more. */
  readonly gone?: readonly string[]
  readonly panels?: Panels
  readonly test?: TestProgress | null
}

export type Frame = FullFrame | DeltaFrame
