import { BoundedCall } from './bounded-call.ts'
import { type CallContext, UnboundedCall } from './call-context.ts'
import { classify } from '../classify.ts'
import { deadlinesOf } from './deadlines.ts'
import type { Engine } from '../engine.ts'
import { BreakerTimeoutError } from '../errors.ts'
import type { FallbackHandler } from '../fallback.ts'
import type { Attempt } from '../options/options.ts'
import type { Permit } from '../permit.ts'

export interface ExecuteOptions {
  /** The caller's signal: when it aborts, the call is given up and counts as ignored. */
  readonly signal?: AbortSignal
}

type Protected<T> = (context: CallContext) => T | PromiseLike<T>

/** Runs `fn` if the breaker admits it, within `timeoutMs`, and counts how it went. */
export function execute<T>(engine: Engine, fn: Protected<T>, signal: AbortSignal | undefined): Promise<T> {
  if (engine.queues) return executeQueued(engine, fn, signal)
  if (signal?.aborted === true) return Promise.reject(signal.reason)
  const permit = engine.acquire()
  return permit.admitted ? run(engine, permit, fn, signal) : fallBack(engine, permit.toError())
}

/** Waits for a place first. */
async function executeQueued<T>(
  engine: Engine,
  fn: Protected<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const permit = await engine.acquireQueued(signal)
  return permit.admitted ? run(engine, permit, fn, signal) : fallBack(engine, permit.toError())
}

function run<T>(
  engine: Engine,
  permit: Permit,
  fn: Protected<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const timeoutMs = engine.timeoutMs(permit.probe)
  const running =
    signal === undefined && timeoutMs === undefined
      ? runUnbounded(fn)
      : runBounded(engine, fn, signal, timeoutMs)
  // Not async functions that await: this path is what every call pays for.
  return running.then(
    (result) => {
      if (engine.options.isFailure === undefined) permit.success()
      else judge(engine, permit, { result })
      return result
    },
    (error: unknown) => {
      if (signal?.aborted === true) permit.ignore()
      else if (judge(engine, permit, { error }) !== 'ignored') return fallBack<T>(engine, error)
      throw error
    },
  )
}

function runUnbounded<T>(fn: Protected<T>): Promise<T> {
  try {
    const running = fn(new UnboundedCall())
    return running instanceof Promise ? running : Promise.resolve(running)
  } catch (error) {
    return Promise.reject(error)
  }
}

async function runBounded<T>(
  engine: Engine,
  fn: Protected<T>,
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
): Promise<T> {
  const call = new BoundedCall({
    signal,
    timeoutMs,
    deadlines: deadlinesOf(engine.clock),
    timeoutError: () => new BreakerTimeoutError(engine.name, timeoutMs!),
  })
  try {
    return await call.run(fn)
  } finally {
    call.release()
  }
}

function judge(engine: Engine, permit: Permit, attempt: Attempt): 'success' | 'failure' | 'ignored' {
  try {
    const { outcome, cause } = classify(attempt, engine.options)
    if (outcome === 'success') permit.success()
    else if (outcome === 'failure') permit.failure(cause)
    else permit.ignore()
    return outcome
  } finally {
    // If `isFailure` itself threw; a settled permit does not mind.
    permit.ignore()
  }
}

/** What stands in for the call, or the error itself. A fallback that fails does not hide what it stood in for. */
function fallBack<T>(engine: Engine, error: unknown): Promise<T> {
  const { fallback } = engine.options
  return typeof fallback === 'function' ? standIn(engine, fallback, error) : rejectSoon(error)
}

const settled = Promise.resolve()

/**
 * Rejects a microtask later, when the caller has had time to listen: Node takes more than a µs to keep account of a
 * rejection that nobody listens to yet.
 */
function rejectSoon<T>(reason: unknown): Promise<T> {
  return new Promise((_, reject) => void settled.then(() => reject(reason)))
}

async function standIn<T>(engine: Engine, fallback: FallbackHandler, error: unknown): Promise<T> {
  try {
    const result = await fallback(asError(error), { breaker: engine.name })
    engine.reporter.fellBack(error)
    return result as T
  } catch (fallbackError) {
    engine.reporter.fellBack(error, { fallbackError })
    throw error
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
