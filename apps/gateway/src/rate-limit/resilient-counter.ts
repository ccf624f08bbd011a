import type { MaybePromise, WindowCounter, WindowReading } from './window-counter.ts'

/** A counter over a network, which may have no connection. */
export interface RemoteCounter extends WindowCounter {
  readonly connected: boolean
}

export interface ResilienceOptions {
  /** How long a question to Redis may take. Default 50. */
  readonly timeoutMs?: number
  /** How long Redis is left alone after it did not answer. Default 1000. */
  readonly retryMs?: number
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly now?: () => number
  readonly onChange?: (up: boolean, error?: Error) => void
}

/**
 * Asks the remote counter, and the local one while the remote does not answer: a limit then holds for each instance by
 * itself. One request at most waits for `timeoutMs`; whether Redis is back is found out beside the requests.
 */
export class ResilientCounter implements WindowCounter {
  private readonly remote: RemoteCounter
  private readonly local: WindowCounter
  private readonly timeoutMs: number
  private readonly retryMs: number
  private readonly now: () => number
  private readonly onChange: (up: boolean, error?: Error) => void
  private up = true
  private askAgainAt = 0
  /** Questions that Redis did not answer in time. */
  errors = 0

  constructor(remote: RemoteCounter, local: WindowCounter, options: ResilienceOptions = {}) {
    this.remote = remote
    this.local = local
    this.timeoutMs = options.timeoutMs ?? 50
    this.retryMs = options.retryMs ?? 1000
    this.now = options.now ?? (() => performance.now())
    this.onChange = options.onChange ?? (() => {})
  }

  /** Whether limits hold for this instance alone at present. */
  get degraded(): boolean {
    return !this.up
  }

  take(key: string, max: number, windowMs: number): Promise<WindowReading> {
    return this.ask((counter) => counter.take(key, max, windowMs))
  }

  peek(key: string, max: number, windowMs: number): Promise<WindowReading> {
    return this.ask((counter) => counter.peek(key, max, windowMs))
  }

  giveBack(key: string, windowMs: number): Promise<void> {
    return this.ask((counter) => counter.giveBack(key, windowMs))
  }

  private async ask<T>(question: (counter: WindowCounter) => MaybePromise<T>): Promise<T> {
    if (!this.up) {
      this.probe()
      return question(this.local)
    }
    try {
      return await this.inTime(question)
    } catch (error) {
      this.failed(error as Error)
      return question(this.local)
    }
  }

  private inTime<T>(question: (counter: WindowCounter) => MaybePromise<T>): Promise<T> {
    if (!this.remote.connected) return Promise.reject(new Error('not connected to Redis'))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`Redis did not answer within ${this.timeoutMs} ms`)),
        this.timeoutMs,
      )
      Promise.resolve(question(this.remote))
        .then(resolve, reject)
        .finally(() => clearTimeout(timer))
    })
  }

  private failed(error: Error): void {
    this.errors++
    this.askAgainAt = this.now() + this.retryMs
    if (!this.up) return
    this.up = false
    this.onChange(false, error)
  }

  /** One harmless question, which no request waits for. */
  private probe(): void {
    if (this.now() < this.askAgainAt) return
    this.askAgainAt = Number.POSITIVE_INFINITY
    this.inTime((counter) => counter.peek('probe', 1, 1000)).then(
      () => {
        this.up = true
        this.onChange(true)
      },
      (error: Error) => this.failed(error),
    )
  }
}
