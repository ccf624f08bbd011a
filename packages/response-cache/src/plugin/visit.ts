import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { Cache } from '../cache.ts'
import { isNewer, type CacheEntry } from '../entry.ts'
import type { Flight, Landing } from '../flights.ts'
import type { RemoteTier } from '../remote.ts'
import { decide, type Decision } from '../rules/decide.ts'
import { mayServeOnError } from '../rules/stale.ts'
import type { Lookup } from '../store.ts'
import { beginFetch, landWith } from './begin-fetch.ts'
import { setExchange } from './exchange.ts'
import { isDueEarly, refresh } from './refresh.ts'
import type { CachedRoute } from './route.ts'
import { sendGatewayTimeout, sendStored, type Source } from './serve.ts'

type Served = Extract<Decision, { kind: 'fresh' | 'stale' }>
type Unserved = Exclude<Decision, Served>

/** One GET or HEAD on its way to an answer: from the cache, from a fetch under way, or from the origin. */
export class Visit {
  readonly #cache: Cache
  readonly #route: CachedRoute
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #lookup: Lookup
  readonly #done: HookHandlerDoneFunction
  /** When it stops waiting for others, epoch ms; 0: it has not waited yet. */
  #waitUntilMs = 0
  /** It has been given the answer of another's fetch. */
  #collapsed = false
  /** It neither waits nor is waited for. */
  #alone = false

  constructor(
    cache: Cache,
    route: CachedRoute,
    request: FastifyRequest,
    reply: FastifyReply,
    lookup: Lookup,
    done: HookHandlerDoneFunction,
  ) {
    this.#cache = cache
    this.#route = route
    this.#request = request
    this.#reply = reply
    this.#lookup = lookup
    this.#done = done
  }

  start(): void {
    const entry = this.#cache.memory.find(this.#lookup)
    const decision = this.#decide(entry)
    if (entry !== undefined && isServed(decision)) this.#serve(entry, decision, 'memory')
    else this.#goOn(entry, decision as Unserved)
  }

  #decide(entry: CacheEntry | undefined): Decision {
    const { request } = this.#lookup
    return decide(request, entry?.response, this.#route.rules.policy, this.#cache.now())
  }

  #serve(entry: CacheEntry, decision: Served, source: Source): void {
    const cache = this.#cache
    const stale = decision.kind === 'stale'
    cache.counters[stale ? 'stale' : 'hits'] += 1
    if (this.#collapsed) cache.counters.coalesced += 1
    if (stale ? decision.refresh : isDueEarly(entry, decision.ttlMs, this.#route.rules)) {
      refresh(cache, this.#request, this.#lookup, entry)
    }
    const { ttlMs } = decision
    sendStored(cache, this.#request, this.#reply, entry, this.#lookup.request, {
      status: this.#collapsed
        ? { hit: false, forward: 'miss', collapsed: true, ttlMs }
        : { hit: true, ttlMs },
      xCache: stale ? 'STALE' : 'HIT',
      source,
    })
  }

  /** Memory alone has no answer. */
  #goOn(entry: CacheEntry | undefined, decision: Unserved): void {
    const cache = this.#cache
    if (decision.kind === 'miss' && decision.forward !== 'miss') {
      cache.counters.bypass += 1
      setExchange(this.#request, { kind: 'bypass', forward: decision.forward })
      this.#done()
      return
    }
    const { resource, slots } = this.#lookup
    const place = cache.memory.placeOf(this.#lookup, slots[0] ?? '')
    const joinable = this.#isJoinable(decision) && !cache.passes(resource, place)
    const flight = joinable ? cache.flights.get(resource, place) : undefined
    // A client that asks for the origin's word is not content with what was fetched before it asked.
    if (flight !== undefined && forwardOf(decision) !== 'request') this.#wait(flight)
    else this.#lead(entry, decision, cache.flights.begin(resource, place, joinable))
  }

  #isJoinable(decision: Unserved): boolean {
    if (this.#alone || !this.#route.rules.coalesce || decision.kind === 'gateway-timeout') return false
    return this.#request.method === 'GET' && this.#request.raw.headers.range === undefined
  }

  #wait(flight: Flight): void {
    const now = this.#cache.now()
    if (this.#waitUntilMs === 0) this.#waitUntilMs = now + this.#cache.options.coalesceWaitMs
    this.#alone = now >= this.#waitUntilMs
    if (this.#alone) this.start()
    else this.#cache.flights.wait(flight, (landing) => this.#resume(landing))
  }

  #resume(landing: Landing): void {
    // Its client has left meanwhile: nobody is there to go on for.
    if (this.#reply.raw.destroyed) return
    if (landing === 'failed' && this.#standIn()) return
    this.#collapsed = landing === 'stored'
    this.#alone = landing !== 'stored' && landing !== 'abandoned'
    this.start()
  }

  #lead(entry: CacheEntry | undefined, decision: Unserved, flight: Flight): void {
    const { remote } = this.#cache
    if (remote?.state === 'up' && !this.#cache.passes(flight.resource, flight.place))
      void this.#leadForAll(remote, entry, flight)
    else {
      landWith(this.#cache, this.#reply, flight)
      this.#fetch(entry, decision, flight)
    }
  }

  /** Where instances share a tier, it may have the answer; and where it has not, one of them fetches. */
  async #leadForAll(remote: RemoteTier, known: CacheEntry | undefined, flight: Flight): Promise<void> {
    let entry = this.#newest(await remote.find(this.#lookup), known, flight)
    if (this.#serveShared(entry, flight)) return
    landWith(this.#cache, this.#reply, flight)
    const lease = flight.joinable ? await remote.lease(flight, true) : ({ kind: 'none' } as const)
    if (lease.kind === 'held') flight.lease = lease
    else if (lease.kind === 'landed') {
      entry = this.#newest(await remote.find(this.#lookup), entry, flight)
      this.#collapsed = lease.landing === 'stored'
      if (this.#serveShared(entry, flight)) return
      this.#collapsed = false
      if (lease.landing === 'uncacheable') this.#cache.flights.release(flight, 'uncacheable')
    }
    const decision = this.#decide(entry)
    if (flight.open) this.#fetch(entry, decision as Unserved, flight)
    else flight.lease?.end('abandoned')
  }

  #newest(
    found: CacheEntry | undefined,
    known: CacheEntry | undefined,
    flight: Flight,
  ): CacheEntry | undefined {
    if (found === undefined || !isNewer(found, known)) return known
    this.#cache.promote(this.#lookup, found, flight)
    return found
  }

  /** Sends what the shared tier had, if it is good enough; true also where nobody is there any more to be sent to. */
  #serveShared(entry: CacheEntry | undefined, flight: Flight): boolean {
    const { flights } = this.#cache
    if (this.#reply.raw.destroyed) flights.land(flight, 'abandoned')
    if (!flight.open) return true
    const decision = this.#decide(entry)
    if (entry === undefined || !isServed(decision)) return false
    flights.land(flight, 'stored')
    this.#serve(entry, decision, 'redis')
    return true
  }

  #fetch(stored: CacheEntry | undefined, decision: Unserved, flight: Flight): void {
    const cache = this.#cache
    if (decision.kind === 'gateway-timeout') {
      cache.counters.misses += 1
      sendGatewayTimeout(cache, this.#reply)
      return
    }
    const isNew = decision.forward === 'miss' && !cache.memory.knows(this.#lookup.resource)
    beginFetch(cache, this.#request, this.#reply, {
      lookup: this.#lookup,
      stored,
      flight,
      forward: isNew ? 'uri-miss' : decision.forward,
      conditions: decision.kind === 'revalidate' ? decision.headers : {},
    })
    this.#done()
  }

  /** Sends what is stored in place of the answer that another's fetch did not get (RFC 5861 §4). */
  #standIn(): boolean {
    const cache = this.#cache
    const { request } = this.#lookup
    const entry = cache.memory.find(this.#lookup)
    const facts = entry?.response.facts
    if (entry === undefined || facts === undefined) return false
    if (!mayServeOnError(request, facts, this.#route.rules.policy, cache.now())) return false
    cache.counters.stale += 1
    const status = { hit: true, ttlMs: facts.freshUntilMs - cache.now(), detail: 'stale-if-error' }
    sendStored(cache, this.#request, this.#reply, entry, request, {
      status,
      xCache: 'STALE',
      source: 'memory',
    })
    return true
  }
}

function isServed(decision: Decision): decision is Served {
  return decision.kind === 'fresh' || decision.kind === 'stale'
}

function forwardOf(decision: Unserved): string | undefined {
  return decision.kind === 'gateway-timeout' ? undefined : decision.forward
}
