import type { ResponseHandler } from '../handler.ts'
import type { ResolvedTimeouts } from '../options/options.ts'
import type { Layer, UpstreamRequest } from '../upstream-request.ts'
import type { Admission } from './admission.ts'
import { sendWithTimeouts } from './timeouts.ts'

/** The innermost layer: asks for admission, and sends. */
export class AttemptLayer implements Layer {
  readonly #upstream: string
  readonly #admission: Admission
  readonly #timeouts: ResolvedTimeouts

  constructor(upstream: string, admission: Admission, timeouts: ResolvedTimeouts) {
    this.#upstream = upstream
    this.#admission = admission
    this.#timeouts = timeouts
  }

  send(request: UpstreamRequest, handler: ResponseHandler): void {
    const admitted = this.#admission.admit(request, handler)
    if (admitted instanceof Error) {
      handler.onResponseError(null, admitted)
      return
    }
    const { origin, attempt, limitMs } = admitted
    sendWithTimeouts(origin.pool, request.options, attempt, {
      upstream: this.#upstream,
      origin: origin.address.label,
      limits: this.#timeouts,
      attemptMs: limitMs,
    })
  }
}
