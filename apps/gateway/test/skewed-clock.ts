/** Preloaded into a process: its wall clock is off by `CLOCK_SKEW_MS`. */
const skewMs = Number(process.env.CLOCK_SKEW_MS)
const now = Date.now

class SkewedDate extends Date {
  constructor(...parts: unknown[]) {
    super(...((parts.length === 0 ? [now() + skewMs] : parts) as [number]))
  }

  static override now(): number {
    return now() + skewMs
  }
}

globalThis.Date = SkewedDate as DateConstructor
