import { advance, read, type WindowCounter, type WindowReading, type WindowState } from './window-counter.ts'

/**
 * Counts in this process, at once. At most `maxKeys` keys; beyond that, one that was quiet for long is forgotten.
 */
export class MemoryCounter implements WindowCounter {
  private readonly states = new Map<string, WindowState>()
  private readonly maxKeys: number
  private readonly now: () => number

  constructor(maxKeys = 100_000, now: () => number = Date.now) {
    this.maxKeys = maxKeys
    this.now = now
  }

  take(key: string, max: number, windowMs: number): WindowReading {
    const now = this.now()
    const index = Math.floor(now / windowMs)
    const state = this.at(key, index)
    const reading = read(state, now - index * windowMs, max, windowMs)
    if (!reading.allowed) return reading
    state.current++
    reading.remaining--
    return reading
  }

  peek(key: string, max: number, windowMs: number): WindowReading {
    const now = this.now()
    const index = Math.floor(now / windowMs)
    return read(advance(this.states.get(key), index), now - index * windowMs, max, windowMs)
  }

  giveBack(key: string, windowMs: number): void {
    const state = advance(this.states.get(key), Math.floor(this.now() / windowMs))
    if (state.current > 0) state.current--
  }

  get size(): number {
    return this.states.size
  }

  /**
   * The state of the window, to be changed in place. A Map keeps the order of insertion, and a key that is set anew moves
   * to its end, so the quietest comes first: worth the trouble once there is no more room.
   */
  private at(key: string, index: number): WindowState {
    const known = this.states.get(key)
    if (known?.index === index && this.states.size < this.maxKeys) return known
    const state = advance(known, index)
    this.states.delete(key)
    this.states.set(key, state)
    if (this.states.size > this.maxKeys) this.states.delete(this.states.keys().next().value as string)
    return state
  }
}
