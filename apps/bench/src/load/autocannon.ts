import autocannon from 'autocannon'
import { firstQuery } from './first-query.ts'
import type { LoadOptions, LoadResult } from './load.ts'

/** It counts whole milliseconds: 0 is somewhere below one. */
const RESOLUTION_MS = 1

export async function loadByAutocannon(options: LoadOptions): Promise<LoadResult> {
  const { url, seconds, connections, headers = {} } = options
  const requests = options.urls === undefined ? undefined : [{ setupRequest: queries(url, options.urls) }]
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

function queries(url: string, urls: number): (request: autocannon.Request) => autocannon.Request {
  const { pathname } = new URL(url)
  const first = firstQuery(urls)
  let count = 0
  return (request) => ({ ...request, path: `${pathname}?n=${first + (count++ % urls)}` })
}
