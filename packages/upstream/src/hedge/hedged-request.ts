import type { ResponseHandler } from '../handler.ts'
import type { UpstreamRequest, Waiting } from '../upstream-request.ts'
import { errors } from 'undici'
import type { HedgeLayer } from './hedge-layer.ts'
import { Runner } from './runner.ts'

/** Up to two attempts of which the first to answer counts. */
export class HedgedRequest implements Waiting {
  readonly #layer: HedgeLayer
  readonly #request: UpstreamRequest
  /** Whoever waits for the answer. */
  readonly handler: ResponseHandler
  readonly #runners: Runner[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(layer: HedgeLayer, request: UpstreamRequest, handler: ResponseHandler) {
    this.#layer = layer
    this.#request = request
    this.handler = handler
  }

  start(delayMs: number): void {
    this.#request.waiting = this
    this.#request.tried ??= []
    this.#timer = setTimeout(hedge, delayMs, this)
    this.#send()
  }

  hedge(): void {
    const { budget, counters, deps } = this.#layer
    if (!budget.withdraw(deps.now())) return
    counters.hedges++
    this.#send()
  }

  /** This one has an answer: the other, if there is one, is called back. */
  won(winner: Runner): void {
    this.#end()
    for (const runner of this.#runners) {
      if (runner !== winner) runner.callBack(new errors.RequestAbortedError())
    }
  }

  /** This one has failed: the answer, unless the other is still on its way. */
  failed(runner: Runner, fail: () => void): void {
    this.#runners.splice(this.#runners.indexOf(runner), 1)
    if (this.#runners.length > 0) return
    this.#end()
    fail()
  }

  cancel(reason: Error): void {
    this.#end()
    for (const runner of this.#runners) runner.callBack(reason)
  }

  #send(): void {
    const runner = new Runner(this)
    this.#runners.push(runner)
    this.#layer.next.send(this.#request, runner)
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#request.waiting = undefined
  }
}

function hedge(request: HedgedRequest): void {
  request.hedge()
}
