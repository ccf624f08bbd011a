import { isIP } from 'node:net'
import type { DnsResolve, ResolvedUpstreamOptions } from '../options/options.ts'
import { atAddress, type OriginAddress } from '../origin/address.ts'
import type { WeightedAddress } from '../origin/parse-origins.ts'
import { systemResolve } from './resolve.ts'

type ResolvedDns = Exclude<ResolvedUpstreamOptions['dns'], false>

/**
 * Replaces host names by their addresses and follows them: asks again when the shortest TTL has passed. Until the first
 * answer a name stands for itself; when a name cannot be resolved any more, its last addresses stay.
 */
export class DnsOrigins {
  readonly #options: ResolvedDns
  readonly #resolve: DnsResolve
  readonly #apply: (addresses: readonly WeightedAddress[]) => void
  readonly #known = new Map<string, readonly string[]>()
  #configured: readonly WeightedAddress[]
  #timer: NodeJS.Timeout | undefined
  #running = false
  /** Counts the rounds, so that one that has been overtaken is dropped. */
  #round = 0

  constructor(
    configured: readonly WeightedAddress[],
    options: ResolvedDns,
    apply: (addresses: readonly WeightedAddress[]) => void,
  ) {
    this.#configured = configured
    this.#options = options
    this.#resolve = options.resolve ?? systemResolve()
    this.#apply = apply
  }

  start(): void {
    this.#running = true
    void this.#refresh()
  }

  stop(): void {
    this.#running = false
    this.#round++
    clearTimeout(this.#timer)
  }

  replace(configured: readonly WeightedAddress[]): void {
    this.#configured = configured
    this.#apply(expand(configured, this.#known))
    if (this.#running) void this.#refresh()
  }

  async #refresh(): Promise<void> {
    const round = ++this.#round
    clearTimeout(this.#timer)
    const names = new Set(
      this.#configured.map(({ address }) => hostOf(address)).filter((name) => name !== undefined),
    )
    const ttls = await Promise.all([...names].map((name) => this.#ask(name)))
    if (round !== this.#round) return
    const { minTtlMs, maxTtlMs } = this.#options
    const waitMs = Math.max(minTtlMs, Math.min(maxTtlMs, ...ttls))
    this.#timer = setTimeout(() => void this.#refresh(), waitMs).unref()
    this.#apply(expand(this.#configured, this.#known))
  }

  /** Returns how long the answer holds; no time at all where there is none. */
  async #ask(name: string): Promise<number> {
    try {
      const { addresses, ttlMs } = await this.#resolve(name)
      if (addresses.length > 0) this.#known.set(name, addresses)
      return ttlMs
    } catch {
      return 0
    }
  }
}

/** Each name at each of its addresses, with its weight; what is met twice counts once. */
function expand(
  configured: readonly WeightedAddress[],
  known: ReadonlyMap<string, readonly string[]>,
): readonly WeightedAddress[] {
  const expanded = configured.flatMap(({ address, weight }) => {
    const name = hostOf(address)
    const found = name === undefined ? undefined : known.get(name)
    if (found === undefined) return [{ address, weight }]
    return [...found].sort().map((ip) => ({ address: atAddress(address, ip), weight }))
  })
  const byId = new Map(expanded.reverse().map((item) => [item.address.id, item]))
  return [...byId.values()].reverse()
}

/** The name that DNS has something to say about; undefined for addresses and sockets. */
function hostOf({ url, socketPath }: OriginAddress): string | undefined {
  if (socketPath !== undefined) return undefined
  return isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 ? url.hostname : undefined
}
