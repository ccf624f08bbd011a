import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { Cache } from '../cache.ts'
import type { CacheEntry } from '../entry.ts'
import type { Flight, Landing } from '../flights.ts'
import { decide, type Decision } from '../rules/decide.ts'
import { mayServeOnError } from '../rules/stale.ts'
import type { Lookup } from '../store.ts'
import { beginFetch } from './begin-fetch.ts'
import { setExchange } from './exchange.ts'
import { isDueEarly, refresh } from './refresh.ts'
import type { CachedRoute } from './route.ts'
import { sendGatewayTimeout, sendStored, type Source, type Told } from './serve.ts'

type Served = Extract<Decision, { kind: 'fresh' | 'stale' }>
type Forwarded = Extract<Decision, { kind: 'miss' | 'revalidate' }>

/** One GET or HEAD on its way to an answer: from the cache, from a fetch under way, or from the origin. */
export class Visit {
  readonly cache: Cache
  readonly route: CachedRoute
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly lookup: Lookup
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
    this.cache = cache
    this.route = route
    this.request = request
    this.reply = reply
    this.lookup = lookup
    this.#done = done
  }

  start(): void {
    this.#act(this.cache.memory.find(this.lookup), 'memory')
  }

  #act(entry: CacheEntry | undefined, source: Source): void {
    const { cache, lookup, route } = this
    const decision = decide(lookup.request, entry?.response, route.rules.policy, cache.now())
    switch (decision.kind) {
      case 'fresh':
      case 'stale':
        if (entry !== undefined) this.#serve(entry, decision, source)
        break
      case 'gateway-timeout':
        cache.counters.misses += 1
        sendGatewayTimeout(cache, this.reply)
        break
      case 'miss':
      case 'revalidate':
        this.#forward(decision, entry)
        break
    }
  }

  #serve(entry: CacheEntry, decision: Served, source: Source): void {
    const { cache, request, reply, lookup, route } = this
    const stale = decision.kind === 'stale'
    cache.counters[stale ? 'stale' : 'hits'] += 1
    if (this.#collapsed) cache.counters.coalesced += 1
    if (stale ? decision.refresh : isDueEarly(entry, decision.ttlMs, route.rules))
      refresh(cache, request, lookup, entry)
    const told: Told = {
      status: this.#collapsed
        ? { hit: false, forward: 'miss', collapsed: true, ttlMs: decision.ttlMs }
        : { hit: true, ttlMs: decision.ttlMs },
      xCache: stale ? 'STALE' : 'HIT',
      source,
    }
    sendStored(cache, request, reply, entry, lookup.request, told)
  }

  #forward(decision: Forwarded, entry: CacheEntry | undefined): void {
    const { cache, request, route } = this
    if (decision.kind === 'miss' && decision.forward !== 'miss') {
      cache.counters.bypass += 1
      setExchange(request, { kind: 'bypass', forward: decision.forward })
      this.#done()
      return
    }
    const key = cache.memory.keyOf(this.lookup, this.lookup.slots[0] ?? '')
    const shares = route.rules.coalesce && request.method === 'GET' && request.raw.headers.range === undefined
    const joinable = shares && !this.#alone && !cache.passes(key)
    const flight = joinable ? cache.flights.get(key) : undefined
    // A client that asks for the origin's word is not content with what was fetched before it asked.
    if (flight !== undefined && decision.forward !== 'request') this.#wait(flight)
    else this.#fetch(decision, entry, cache.flights.begin(key, this.lookup.resource, joinable))
  }

  #fetch(decision: Forwarded, stored: CacheEntry | undefined, flight: Flight): void {
    const { cache, request, reply, lookup } = this
    const isNew = decision.forward === 'miss' && !cache.memory.knows(lookup.resource)
    beginFetch(cache, request, reply, {
      lookup,
      stored,
      flight,
      forward: isNew ? 'uri-miss' : decision.forward,
      conditions: decision.kind === 'revalidate' ? decision.headers : {},
    })
    this.#done()
  }

  #wait(flight: Flight): void {
    const now = this.cache.now()
    if (this.#waitUntilMs === 0) this.#waitUntilMs = now + this.cache.options.coalesceWaitMs
    this.#alone = now >= this.#waitUntilMs
    if (this.#alone) this.start()
    else this.cache.flights.wait(flight, (landing) => this.#resume(landing))
  }

  #resume(landing: Landing): void {
    // Its client has left meanwhile: nobody is there to go on for.
    if (this.reply.raw.destroyed) return
    if (landing === 'failed' && this.#standIn()) return
    this.#collapsed = landing === 'stored'
    this.#alone = landing !== 'stored' && landing !== 'abandoned'
    this.start()
  }

  /** Sends what is stored in place of the answer that another's fetch did not get (RFC 5861 §4). */
  #standIn(): boolean {
    const { cache, request, reply, lookup, route } = this
    const entry = cache.memory.find(lookup)
    const { facts } = entry?.response ?? {}
    if (entry === undefined || facts === undefined) return false
    if (!mayServeOnError(lookup.request, facts, route.rules.policy, cache.now())) return false
    cache.counters.stale += 1
    const status = { hit: true, ttlMs: facts.freshUntilMs - cache.now(), detail: 'stale-if-error' }
    sendStored(cache, request, reply, entry, lookup.request, { status, xCache: 'STALE', source: 'memory' })
    return true
  }
}
