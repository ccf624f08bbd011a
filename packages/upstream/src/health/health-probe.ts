import { setTimeout as delay } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import type { ResolvedHealth } from '../options/options.ts'
import { HealthState } from './health-state.ts'

/** Asks one origin how it is, again and again, on a connection of its own. Its timers do not hold the process. */
export class HealthProbe {
  readonly #pool: Dispatcher
  /** The pool with undici's way to read handlers of its former API, such as that of `request`. */
  readonly #client: Dispatcher
  readonly #options: ResolvedHealth
  readonly #onChange: (healthy: boolean) => void
  readonly #state: HealthState
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(pool: Dispatcher, options: ResolvedHealth, onChange: (healthy: boolean) => void) {
    this.#pool = pool
    this.#client = pool.compose((dispatch) => dispatch)
    this.#options = options
    this.#onChange = onChange
    this.#state = new HealthState(options)
  }

  /** Begins after `firstMs`, so that the checks of many origins do not march in step. */
  start(firstMs: number): void {
    this.#schedule(firstMs)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#pool.destroy()
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => void this.#round(), delayMs).unref()
  }

  async #round(): Promise<void> {
    const good = await this.#check()
    if (this.#stopped) return
    if (this.#state.record(good)) this.#onChange(good)
    this.#schedule(this.#options.intervalMs)
  }

  /** False after `timeoutMs` at the latest, even where the connection cannot be made. */
  async #check(): Promise<boolean> {
    const done = new AbortController()
    const late = delay(this.#options.timeoutMs, false, { ref: false, signal: done.signal })
    try {
      return await Promise.race([this.#ask(done.signal), late])
    } catch {
      return false
    } finally {
      late.catch(() => {})
      done.abort()
    }
  }

  async #ask(signal: AbortSignal): Promise<boolean> {
    const { path, statuses } = this.#options
    const { statusCode, body } = await this.#client.request({ method: 'GET', path, signal })
    await body.dump()
    return statuses === undefined ? statusCode >= 200 && statusCode < 400 : statuses.has(statusCode)
  }
}
