import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { MaybePromise, WindowCounter, WindowReading } from './window-counter.ts'

type Settle = (error: Error | null, result?: { current: number; ttl: number }) => void

/**
 * A store class for `@fastify/rate-limit` that asks `counter`.
 *
 * That plugin wants the number of requests so far and compares it with the maximum. A refused request is not counted
 * here, so it is told the one number that means "too many".
 */
export function limitStore(counter: WindowCounter): FastifyRateLimitStoreCtor {
  return class implements FastifyRateLimitStore {
    incr(key: string, settle: Settle, timeWindow: number, max: number): void {
      answer(counter.take(key, max, timeWindow), settle, max)
    }

    read(key: string, settle: Settle, timeWindow: number, max: number): void {
      answer(counter.peek(key, max, timeWindow), settle, max)
    }

    /** Keys name their limit, so one store serves all routes. */
    child(): FastifyRateLimitStore {
      return this
    }
  }
}

function answer(reading: MaybePromise<WindowReading>, settle: Settle, max: number): void {
  const tell = ({ allowed, remaining, resetMs }: WindowReading): void =>
    settle(null, { current: allowed ? max - remaining : max + 1, ttl: resetMs })
  if (reading instanceof Promise) reading.then(tell, (error: Error) => settle(error))
  else tell(reading)
}
