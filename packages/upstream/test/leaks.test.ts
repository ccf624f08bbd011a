import { createCircuitBreaker, type BreakerOptions } from '@sluice/circuit-breaker'
import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'tap'
import { errors, type Dispatcher } from 'undici'
import { createUpstream, type UpstreamOptions, type UpstreamStats } from '../src/index.ts'
import { hang, ok, startOrigin, status, until, type OriginServer } from './origin-server.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const BATCH = 100
const ABORTS_A_PHASE = 10_000

/** What can be seen of a batch of requests, and of the upstream they have gone to. */
interface Progress extends UpstreamStats {
  readonly active: number
  /** Requests that have come to the origin, of this batch. */
  readonly arrived: number
  /** Requests of this batch that have had some of a body. */
  readonly reading: number
}

/** A moment in the life of a request at which it is aborted. */
interface Phase {
  readonly options?: Partial<UpstreamOptions>
  readonly breaker?: BreakerOptions
  readonly origin: OriginServer['listener']
  readonly body?: () => Readable
  /** Whether the whole batch has come to it. */
  readonly reached: (progress: Progress) => boolean
}

const LARGE = Buffer.alloc(256 * 1024)
const PLENTY = { ratio: 1, minPerSecond: 1_000 }

/** A body of which the beginning alone comes. */
function unfinished(): Readable {
  const body = new Readable({ read() {} })
  body.push('abc')
  return body
}

const phases: Record<string, Phase> = {
  'before a connection is made': { origin: hang, reached: () => true },
  'queued for the one connection': {
    options: { pool: { connections: 1 } },
    origin: hang,
    reached: ({ arrived }) => arrived > 0,
  },
  'most of them refused by the bulkhead': {
    breaker: { bulkhead: { max: 10 } },
    origin: hang,
    reached: ({ arrived }) => arrived === 10,
  },
  'while the body is sent': {
    origin: (request) => request.resume(),
    body: unfinished,
    reached: ({ arrived }) => arrived === BATCH,
  },
  'while the body is not read': {
    // Nor would Node see a connection close that it does not read.
    origin: (request) => void setTimeout(() => request.resume(), 100),
    body: () => Readable.from([LARGE, LARGE]),
    reached: ({ arrived }) => arrived === BATCH,
  },
  'waiting for the head': { origin: hang, reached: ({ arrived }) => arrived === BATCH },
  'within a short body': {
    origin: (_request, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('abc')
    },
    reached: ({ reading }) => reading === BATCH,
  },
  'within a long body': {
    origin: (_request, response) => void response.write(LARGE),
    reached: ({ reading }) => reading === BATCH,
  },
  'between two attempts': {
    options: { retry: { backoff: { baseMs: 60_000, maxMs: 60_000, jitter: 'none' }, budget: PLENTY } },
    breaker: { mode: 'observe' },
    origin: status(503),
    reached: ({ arrived, active }) => arrived === BATCH && active === 0,
  },
  'with two attempts under way': {
    options: { retry: { attempts: 0, budget: PLENTY }, hedge: { minDelayMs: 1 } },
    origin: hang,
    reached: ({ arrived }) => arrived >= 2 * BATCH,
  },
}

/** Aborts requests in one phase, by the batch, and waits each time until nothing of them is left. */
async function abortAll(origin: OriginServer, phase: Phase, times: number): Promise<void> {
  const breaker = createCircuitBreaker({ name: 'leaks', ...phase.breaker })
  const upstream = createUpstream({ name: 'leaks', origins: origin.url, breaker, ...phase.options })
  origin.listener = ok
  if (phase.options?.hedge) await learnLatency(upstream.dispatcher)
  origin.listener = phase.origin
  for (let aborted = 0; aborted < times; aborted += BATCH) {
    const before = origin.hits
    const batch = Array.from({ length: BATCH }, () => new Caller(upstream.dispatcher, phase.body?.()))
    const reached = (): boolean => {
      const stats = upstream.stats()
      const active = stats.origins[0]?.active ?? 0
      const reading = batch.filter((caller) => caller.reading).length
      return phase.reached({ ...stats, active, reading, arrived: origin.hits - before })
    }
    await until(reached, 'the phase')
    for (const caller of batch) caller.leave()
    await until(() => upstream.stats().origins[0]?.active === 0, 'no attempt is under way')
    await until(() => breaker.snapshot().inFlight === 0, 'each permit is back')
    await until(() => batch.every(({ over, body }) => over && body?.destroyed !== false), 'all have ended')
  }
  await upstream.close()
}

class Caller implements Dispatcher.DispatchHandler {
  readonly body: Readable | undefined
  reading = false
  over = false
  #controller: Dispatcher.DispatchController | undefined

  constructor(dispatcher: Dispatcher, body: Readable | undefined) {
    this.body = body?.on('error', () => {})
    const method = body === undefined ? 'GET' : 'POST'
    dispatcher.dispatch({ origin: 'http://any', path: '/', method, body: body ?? null }, this)
  }

  leave(): void {
    this.#controller?.abort(new errors.RequestAbortedError())
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(): void {}

  onResponseData(): void {
    this.reading = true
  }

  onResponseEnd(): void {
    this.over = true
  }

  onResponseError(): void {
    this.over = true
  }
}

async function learnLatency(dispatcher: Dispatcher): Promise<void> {
  for (let i = 0; i < 60; i++) {
    const { body } = await dispatcher.request({ origin: 'http://any', path: '/', method: 'GET' })
    await body.dump()
  }
}

/** Sockets and timers of the whole process. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = { TCPSocketWrap: 0, Timeout: 0 }
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

test('10,000 aborts in every phase leave sockets, permits, timers and memory where they were', async (t) => {
  const origin = await startOrigin(t)
  for (const phase of Object.values(phases)) await abortAll(origin, phase, BATCH)
  await until(() => resources().TCPSocketWrap === 0, 'the first sockets are closed')
  collect()
  const heap = process.memoryUsage().heapUsed
  const timers = resources().Timeout ?? 0

  for (const [name, phase] of Object.entries(phases)) {
    await abortAll(origin, phase, ABORTS_A_PHASE)
    await until(() => resources().TCPSocketWrap === 0, `the sockets are closed: ${name}`)
    t.pass(name)
  }
  await until(() => (resources().Timeout ?? 0) <= timers, 'the timers are stopped')
  collect()
  const growth = process.memoryUsage().heapUsed - heap
  t.ok(growth < 3_000_000, `${growth} bytes more on the heap`)
})
