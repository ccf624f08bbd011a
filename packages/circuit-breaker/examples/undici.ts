/**
 * One breaker for each origin, below retries: an attempt counts, not a request.
 *
 *   node examples/undici.ts http://127.0.0.1:4001/menu
 */
import { BreakerRegistry } from '@sluice/circuit-breaker'
import { circuitBreakerInterceptor } from '@sluice/circuit-breaker/undici'
import { Agent, type Dispatcher, interceptors, request } from 'undici'

export const breakers = new BreakerRegistry({
  defaults: { consecutiveFailures: 3, open: { durationMs: 10_000 } },
})

export const dispatcher: Dispatcher = new Agent().compose(
  circuitBreakerInterceptor(({ origin }) => breakers.ensure(String(origin)), { timeoutMs: 2_000 }),
  // The last one is the outermost.
  interceptors.retry({ maxRetries: 2, minTimeout: 50, throwOnError: false }),
)

/** The text at a URL. Throws `BreakerOpenError` while its origin is taken for dead. */
export async function read(url: string): Promise<string> {
  const { body } = await request(url, { dispatcher })
  return body.text()
}

if (process.argv[2] !== undefined) console.log(await read(process.argv[2]))
