import { BoundedCall } from './bounded-call.ts'
import { type CallContext, UnboundedCall } from './call-context.ts'
import { classify } from './classify.ts'
import { deadlinesOf } from './deadlines.ts'
import type { Engine } from './engine.ts'
import { BreakerTimeoutError } from './errors.ts'
import type { Attempt } from './options.ts'
import type { Permit } from './permit.ts'

export interface ExecuteOptions {
  /** The caller's signal: when it aborts, the call is given up and counts as ignored. */
  readonly signal?: AbortSignal
}

/** Runs `fn` if the breaker admits it, within `timeoutMs`, and counts how it went. */
export async function execute<T>(
  engine: Engine,
  fn: (context: CallContext) => T | PromiseLike<T>,
  options: ExecuteOptions | undefined,
): Promise<T> {
  const signal = options?.signal
  signal?.throwIfAborted()
  const permit = engine.queues ? await engine.acquireQueued(signal) : engine.acquire()
  if (!permit.admitted) return fallBack(engine, permit.toError())
  let result: T
  const { timeoutMs } = permit
  try {
    result =
      signal === undefined && timeoutMs === undefined
        ? await fn(new UnboundedCall())
        : await runBounded(engine, fn, signal, timeoutMs)
  } catch (error) {
    if (signal?.aborted === true) permit.ignore()
    else if (judge(engine, permit, { error }) !== 'ignored') return fallBack(engine, error)
    throw error
  }
  if (engine.options.isFailure === undefined) permit.success()
  else judge(engine, permit, { result })
  return result
}

async function runBounded<T>(
  engine: Engine,
  fn: (context: CallContext) => T | PromiseLike<T>,
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
async function fallBack<T>(engine: Engine, error: unknown): Promise<T> {
  const { fallback } = engine.options
  if (typeof fallback !== 'function') throw error
  const cause = error instanceof Error ? error : new Error(String(error))
  try {
    const result = await fallback(cause, { breaker: engine.name })
    engine.reporter.fellBack(error)
    return result as T
  } catch (fallbackError) {
    engine.reporter.fellBack(error, { fallbackError })
    throw error
  }
}
