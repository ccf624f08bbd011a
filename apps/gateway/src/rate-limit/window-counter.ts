/** What a counter says after it was asked. */
export interface WindowReading {
  /** Whether the request fits, and was counted. */
  allowed: boolean
  /** Requests that would still fit. */
  remaining: number
  /** Milliseconds until the next request fits if this one did not, else until this window ends. */
  resetMs: number
}

/** At once from memory, later over a network. */
export type MaybePromise<T> = T | Promise<T>

/**
 * Counts requests in sliding windows.
 *
 * The window before counts for as much of it as a window that ends now still covers, taken as evenly spread. So two
 * numbers a key are enough, a burst is never more than `max`, and there is no moment at which a new window lets twice as
 * much through. What does not fit is not counted: who waits as long as told gets through.
 */
export interface WindowCounter {
  take(key: string, max: number, windowMs: number): MaybePromise<WindowReading>
  /** The same without counting. */
  peek(key: string, max: number, windowMs: number): MaybePromise<WindowReading>
  /** Gives one back that was taken, where another limit then refused the request. */
  giveBack(key: string, windowMs: number): MaybePromise<void>
}

/** The facts about one key: requests in window `index` and in the one before. */
export interface WindowState {
  readonly index: number
  current: number
  readonly previous: number
}

/** The state as of window `index`. */
export function advance(state: WindowState | undefined, index: number): WindowState {
  if (state === undefined || state.index < index - 1) return { index, current: 0, previous: 0 }
  if (state.index === index - 1) return { index, current: 0, previous: state.current }
  return state
}

/** What the state allows `elapsedMs` into its window. */
export function read(state: WindowState, elapsedMs: number, max: number, windowMs: number): WindowReading {
  const { current, previous } = state
  const free = max - current - previous * (1 - elapsedMs / windowMs)
  if (free >= 1) return { allowed: true, remaining: Math.floor(free), resetMs: windowMs - elapsedMs }
  return { allowed: false, remaining: 0, resetMs: waitMs(state, elapsedMs, max, windowMs) }
}

/** When the part of the older window that still counts has shrunk enough for one more request. */
function waitMs(
  { current, previous }: WindowState,
  elapsedMs: number,
  max: number,
  windowMs: number,
): number {
  if (max < 1) return windowMs
  if (current <= max - 1) return Math.ceil(windowMs * (1 - (max - 1 - current) / previous) - elapsedMs)
  return Math.ceil(windowMs - elapsedMs + windowMs * (1 - (max - 1) / current))
}
