import autocannon from 'autocannon'
import type { LoadOptions, LoadResult } from './load.ts'

/** It counts whole milliseconds: 0 is somewhere below one. */
const RESOLUTION_MS = 1

let distinct = Date.now() * 1000

export async function loadByAutocannon(options: LoadOptions): Promise<LoadResult> {
  const { url, seconds, connections, headers = {} } = options
  const { pathname } = new URL(url)
  const requests =
    options.distinct === true
      ? [
          {
            setupRequest: (request: autocannon.Request) => ({
              ...request,
              path: `${pathname}?n=${++distinct}`,
            }),
          },
        ]
      : undefined
  const result = await autocannon({
    url,
    connections,
    headers,
    duration: seconds,
    // It looks at the clock as often as this, and no oftener.
    sampleInt: Math.min(1000, seconds * 500),
    ...(requests && { requests }),
  })
  return {
    requests: result.requests.total,
    seconds: result.duration,
    p50Ms: Math.max(result.latency.p50, RESOLUTION_MS),
    p99Ms: Math.max(result.latency.p99, RESOLUTION_MS),
    errors: result.errors + result.non2xx - (result['3xx'] ?? 0),
  }
}
