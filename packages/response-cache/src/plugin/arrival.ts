import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Cache } from '../cache.ts'
import { keepUntilMs, type CacheEntry } from '../entry.ts'
import { slotFor } from '../key/lookup.ts'
import type { OriginResponse, StoredResponse } from '../rules/message.ts'
import { isNotModified } from '../rules/preconditions.ts'
import { freshen, updateByHead } from '../rules/revalidation.ts'
import { mayServeOnError } from '../rules/stale.ts'
import { isServerFailure } from '../rules/status.ts'
import { bodyOf, discard, type Body } from './body.ts'
import { restoreConditions } from './conditions.ts'
import type { Fetch } from './exchange.ts'
import { judge, keptHead, type Judgement } from './judge.ts'
import type { CachedRoute } from './route.ts'
import { replaceByStored, tell, writeNotModified } from './serve.ts'
import { gather, Tee, type Captured } from './tee.ts'

type Done = (error: Error | null, payload?: unknown) => void
type Kept = Extract<Judgement, { keep: true }>

/** A body of known length up to this is gathered and sent in one piece, bytes: cheaper than passing on its parts. */
const GATHER_BYTES = 65_536

/** The origin's answer to one fetch: kept, or used to freshen what is stored, or passed on. */
export class Arrival {
  readonly #cache: Cache
  readonly #route: CachedRoute
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #fetch: Fetch
  readonly #now: number

  constructor(cache: Cache, route: CachedRoute, request: FastifyRequest, reply: FastifyReply, fetch: Fetch) {
    this.#cache = cache
    this.#route = route
    this.#request = request
    this.#reply = reply
    this.#fetch = fetch
    this.#now = cache.now()
  }

  take(payload: unknown, done: Done): void {
    const { stored, lookup, validating, conditions } = this.#fetch
    if (validating || conditions.size > 0) restoreConditions(this.#request.raw.headers, conditions)
    const body = bodyOf(payload, this.#reply)
    const answer = this.#answer()
    if (stored !== undefined) {
      if (answer.status === 304 && validating) {
        discard(body)
        done(null, this.#confirm(stored, answer))
        return
      }
      if (this.#mayStandIn(stored, answer.status)) {
        discard(body)
        done(null, this.#standIn(stored, answer.status))
        return
      }
      if (lookup.request.method === 'HEAD') this.#updateByHead(stored, answer)
    }
    this.#cache.counters.misses += 1
    const judgement = judge(this.#route.rules, lookup.request, answer, this.#request, this.#reply)
    if (judgement.keep && body !== undefined && !this.#isTooLarge(body))
      this.#keepAndSend(judgement, body, payload, done)
    else this.#passOn(answer.status, payload, body, done)
  }

  #answer(): OriginResponse {
    return {
      status: this.#reply.statusCode,
      headers: this.#reply.getHeaders(),
      requestedAtMs: this.#fetch.startedAtMs,
      receivedAtMs: this.#now,
    }
  }

  /** 304 to the cache's own conditions: what is stored goes out, with what the 304 says of it (RFC 9111 §4.3.4). */
  #confirm(stored: CacheEntry, answer: OriginResponse): Buffer | null {
    const { lookup, forward } = this.#fetch
    const fresh = freshen(lookup.request, stored.response, answer, this.#route.rules.policy)
    this.#cache.counters.revalidated += 1
    // What may not be kept any longer is still what the origin has just confirmed to this request.
    const entry = fresh === undefined ? stored : this.#entry(fresh, stored.body, stored.tags)
    if (fresh === undefined) this.#drop(stored)
    else this.#store(entry)
    const ttlMs = entry.response.facts.freshUntilMs - this.#now
    return replaceByStored(this.#cache, this.#reply, entry, lookup.request, {
      status: { hit: false, forward, forwardStatus: 304, stored: fresh !== undefined, ttlMs },
      xCache: 'REVALIDATED',
    })
  }

  #mayStandIn(stored: CacheEntry, status: number): boolean {
    const { facts } = stored.response
    return (
      isServerFailure(status) &&
      mayServeOnError(this.#fetch.lookup.request, facts, this.#route.rules.policy, this.#now)
    )
  }

  /** The stored answer in place of the origin's failure (RFC 5861 §4). */
  #standIn(stored: CacheEntry, status: number): Buffer | null {
    const { lookup, forward, flight } = this.#fetch
    this.#cache.counters.stale += 1
    this.#cache.flights.land(flight, 'failed')
    const ttlMs = stored.response.facts.freshUntilMs - this.#now
    return replaceByStored(this.#cache, this.#reply, stored, lookup.request, {
      status: { hit: false, forward, forwardStatus: status, ttlMs, detail: 'stale-if-error' },
      xCache: 'STALE',
    })
  }

  /** What an answer to HEAD says of the stored one to GET (RFC 9111 §4.3.5). */
  #updateByHead(stored: CacheEntry, answer: OriginResponse): void {
    const { policy } = this.#route.rules
    const updated = updateByHead(
      this.#fetch.lookup.request,
      stored.response,
      stored.body.length,
      answer,
      policy,
    )
    if (updated === undefined) this.#drop(stored)
    else if (updated !== stored.response) this.#store(this.#entry(updated, stored.body, stored.tags))
  }

  /** An answer that is not kept, or not all there is to it. */
  #passOn(status: number, payload: unknown, body: Body, done: Done): void {
    const { flight, forward } = this.#fetch
    const failed = isServerFailure(status)
    if (!failed) this.#cache.pass(flight)
    this.#cache.flights.land(flight, failed ? 'failed' : 'uncacheable')
    tell(this.#cache, this.#reply, { status: { hit: false, forward }, xCache: 'MISS' })
    done(null, payload === undefined || payload === null ? payload : (body ?? payload))
  }

  #keepAndSend(judgement: Kept, body: Buffer | Readable, payload: unknown, done: Done): void {
    const { forward, flight } = this.#fetch
    this.#cache.unpass(flight)
    const ttlMs = judgement.response.facts.freshUntilMs - this.#now
    tell(this.#cache, this.#reply, { status: { hit: false, forward, stored: true, ttlMs }, xCache: 'MISS' })
    if (Buffer.isBuffer(body)) {
      this.#captured(judgement, body)
      done(
        null,
        this.#clientHasIt(judgement) ? writeNotModified(this.#reply, judgement.response) : payload && body,
      )
      return
    }
    const length = this.#contentLength()
    if (length !== undefined && length <= GATHER_BYTES) this.#gather(judgement, body, done)
    else this.#tee(judgement, body, done)
  }

  #gather(judgement: Kept, source: Readable, done: Done): void {
    gather(source, (error, bytes) => {
      this.#captured(judgement, error === null ? bytes : 'broken-off')
      if (error !== null) done(error)
      else
        done(null, this.#clientHasIt(judgement) ? writeNotModified(this.#reply, judgement.response) : bytes)
    })
  }

  #tee(judgement: Kept, source: Readable, done: Done): void {
    const tee = new Tee(source, this.#cache.options.memory.maxEntryBytes, (captured) =>
      this.#captured(judgement, captured),
    )
    if (!this.#clientHasIt(judgement)) {
      done(null, tee)
      return
    }
    tee.on('error', () => {}).resume()
    done(null, writeNotModified(this.#reply, judgement.response))
  }

  /** The whole body is there, or will never be. */
  #captured({ response, tags }: Kept, captured: Captured): void {
    const { flight } = this.#fetch
    if (captured === 'too-large') {
      this.#cache.pass(flight)
      this.#cache.flights.land(flight, 'uncacheable')
    } else if (captured === 'broken-off' || this.#isShort(response, captured)) {
      this.#cache.counters.errors += 1
      this.#cache.flights.land(flight, 'abandoned')
    } else this.#store(this.#entry(response, captured, tags))
  }

  #entry(response: StoredResponse, body: Buffer, tags: readonly string[]): CacheEntry {
    const { present, stamp, startedAtMs } = this.#fetch
    const head = keptHead(response, present, this.#route.rules)
    return {
      response: head,
      body,
      tags,
      stamp,
      keepUntilMs: keepUntilMs(response.facts, this.#route.rules.keepStaleMs),
      fetchMs: Math.max(0, this.#now - startedAtMs),
    }
  }

  #store(entry: CacheEntry): void {
    const { lookup, flight } = this.#fetch
    this.#cache.keep(lookup, slotFor(lookup, entry.response.facts.partition), entry, flight)
  }

  #drop(stored: CacheEntry): void {
    const { lookup, flight } = this.#fetch
    void this.#cache.delete(
      this.#cache.memory.keyOf(lookup, slotFor(lookup, stored.response.facts.partition)),
    )
    this.#cache.flights.land(flight, 'uncacheable')
  }

  /** Whether the client's own conditions, which the origin did not see, are met by this answer. */
  #clientHasIt({ response }: Kept): boolean {
    const { conditions, lookup } = this.#fetch
    return conditions.size > 0 && isNotModified(lookup.request, response)
  }

  #isTooLarge(body: Buffer | Readable): boolean {
    const length = Buffer.isBuffer(body) ? body.length : (this.#contentLength() ?? 0)
    return length > this.#cache.options.memory.maxEntryBytes
  }

  #contentLength(): number | undefined {
    const length = this.#reply.getHeader('content-length')
    return length === undefined ? undefined : Number(length)
  }

  /** A body that ends before the length it announced has broken off, whatever its stream says. */
  #isShort({ headers }: StoredResponse, body: Buffer): boolean {
    const announced = headers['content-length']
    return announced !== undefined && Number(announced) !== body.length
  }
}
