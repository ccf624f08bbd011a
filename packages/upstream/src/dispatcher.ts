import { Dispatcher } from 'undici'
import type { UpstreamCounters } from './counters.ts'
import { UpstreamRequest, type Layer } from './upstream-request.ts'

type Dispatch = Dispatcher['dispatch']
type Callback = () => void

/** What the dispatcher stands on. */
export interface Foundation {
  readonly chain: Layer
  readonly counters: UpstreamCounters
  readonly totalMs: number
  /** Before the first request: what an upstream that is never used need not do. */
  begin(): void
  /** Each request, once. */
  requested(): void
  close(): Promise<void>
  destroy(error: Error | null): Promise<void>
}

/**
 * The upstream as undici sees it: give it to `fetch`, to `request`, or call `dispatch`. The origin of the URL counts for
 * nothing: requests go to the upstream's origins.
 */
export class UpstreamDispatcher extends Dispatcher {
  readonly #foundation: Foundation
  /** `compose` is undici's public way to turn a handler of the former API (`onConnect`, `onHeaders`, …) into a new one. */
  readonly #dispatchFormer: Dispatch
  #begun = false

  constructor(foundation: Foundation) {
    super()
    this.#foundation = foundation
    const start: Dispatch = (options, handler) => this.#start(options, handler)
    const composed = super.compose(() => start)
    this.#dispatchFormer = (options, handler) => composed.dispatch(options, handler)
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (handler.onRequestStart === undefined) return this.#dispatchFormer(options, handler)
    return this.#start(options, handler)
  }

  /** Comes before the first request; the others may call it too. */
  begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#foundation.begin()
  }

  #start(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { chain, counters, totalMs } = this.#foundation
    this.begin()
    this.#foundation.requested()
    new UpstreamRequest(options, handler, counters).start(chain, totalMs)
    return true
  }

  override close(): Promise<void>
  override close(callback: Callback): void
  override close(callback?: Callback): Promise<void> | void {
    return settle(this.#foundation.close(), callback)
  }

  override destroy(): Promise<void>
  override destroy(error: Error | null): Promise<void>
  override destroy(callback: Callback): void
  override destroy(error: Error | null, callback: Callback): void
  override destroy(error?: Error | null | Callback, callback?: Callback): Promise<void> | void {
    const [reason, done] = typeof error === 'function' ? [null, error] : [error ?? null, callback]
    return settle(this.#foundation.destroy(reason), done)
  }
}

/** undici's closing methods answer by promise or by callback. */
function settle(work: Promise<void>, callback: Callback | undefined): Promise<void> | void {
  if (callback === undefined) return work
  void answer(work, callback)
}

async function answer(work: Promise<void>, callback: Callback): Promise<void> {
  await work
  callback()
}
