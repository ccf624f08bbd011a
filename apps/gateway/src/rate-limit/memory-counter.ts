import { advance, read, type WindowCounter, type WindowReading, type WindowState } from './window-counter.ts'

/** Counts in this process. At most `maxKeys` keys; beyond that, the one that was quiet for longest is forgotten. */
export class MemoryCounter implements WindowCounter {
  private readonly states = new Map<string, WindowState>()
  private readonly maxKeys: number
  private readonly now: () => number

  constructor(maxKeys = 100_000, now: () => number = Date.now) {
    this.maxKeys = maxKeys
    this.now = now
  }

  async take(key: string, max: number, windowMs: number): Promise<WindowReading> {
    const { state, elapsedMs } = this.at(key, windowMs)
    const reading = read(state, elapsedMs, max, windowMs)
    if (!reading.allowed) return reading
    this.set(key, { ...state, current: state.current + 1 })
    return { ...reading, remaining: reading.remaining - 1 }
  }

  async peek(key: string, max: number, windowMs: number): Promise<WindowReading> {
    const { state, elapsedMs } = this.at(key, windowMs)
    return read(state, elapsedMs, max, windowMs)
  }

  async giveBack(key: string, windowMs: number): Promise<void> {
    const { state } = this.at(key, windowMs)
    if (state.current > 0) this.set(key, { ...state, current: state.current - 1 })
  }

  get size(): number {
    return this.states.size
  }

  private at(key: string, windowMs: number): { state: WindowState; elapsedMs: number } {
    const now = this.now()
    const index = Math.floor(now / windowMs)
    return { state: advance(this.states.get(key), index), elapsedMs: now - index * windowMs }
  }

  /** A Map keeps the order of insertion: setting anew moves a key to the end, so the quietest comes first. */
  private set(key: string, state: WindowState): void {
    this.states.delete(key)
    this.states.set(key, state)
    if (this.states.size <= this.maxKeys) return
    const [quietest] = this.states.keys()
    if (quietest !== undefined) this.states.delete(quietest)
  }
}
