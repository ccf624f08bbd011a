/** What happened since the breaker was made; never reset. */
export interface Totals {
  /** Calls that asked, admitted or not. */
  fires: number
  successes: number
  /** With timeouts. */
  failures: number
  timeouts: number
  ignored: number
  rejects: number
  /** Rejections that `observe` mode did not enforce. */
  observedRejects: number
  /** Times that a fallback was tried. */
  fallbacks: number
  slow: number
  probes: number
  transitions: number
}
