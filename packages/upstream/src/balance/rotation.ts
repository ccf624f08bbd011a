import type { Origin } from '../origin/origin.ts'
import type { OriginSet } from '../origin/origin-set.ts'

/**
 * Which origins may be used now. Unhealthy ones and those taken out by hand are out whatever their number, unless that
 * leaves nobody; those that their breakers ejected are out up to a share, because a fault that hits most of them is
 * more likely the whole upstream's, and the last ones would break under everybody's load.
 */
export class Rotation {
  readonly #origins: OriginSet
  readonly #maxEjected: number
  #allIn = true

  constructor(origins: OriginSet, maxEjected: number) {
    this.#origins = origins
    this.#maxEjected = maxEjected
    origins.onChange((all) => {
      this.#allIn = !all.some((origin) => origin.down || origin.ejected)
    })
  }

  /** Those in the rotation, without the ones that have failed this request if there are others. */
  candidates(tried: readonly Origin[] | undefined): readonly Origin[] {
    const { all } = this.#origins
    const available = this.#allIn ? all : this.#available(all)
    if (tried === undefined || tried.length === 0) return available
    const untried = available.filter((origin) => !tried.includes(origin))
    return untried.length > 0 ? untried : available
  }

  #available(all: readonly Origin[]): readonly Origin[] {
    const up = all.filter((origin) => !origin.down)
    // All unhealthy: the checks are as likely to be wrong as all the servers (Envoy calls it panic).
    if (up.length === 0) return all.filter((origin) => origin.breaker?.state !== 'forced-open')
    let places = ejectable(all.length, this.#maxEjected)
    return up.filter((origin) => !(origin.ejected && places-- > 0))
  }
}

/** How many of `count` may be ejected: a share, and at least one of several unless the share is 0. */
export function ejectable(count: number, maxEjected: number): number {
  return maxEjected === 0 ? 0 : Math.max(1, Math.floor(count * maxEjected))
}
