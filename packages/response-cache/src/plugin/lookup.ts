import type { onRequestHookHandler } from 'fastify'
import type { Cache } from '../cache.ts'
import { lookupOf } from '../key/lookup.ts'
import { setExchange } from './exchange.ts'
import { takeRefresh } from './refresh.ts'
import type { CachedRoute } from './route.ts'
import { Visit } from './visit.ts'

/** The hook that answers from the cache, waits for a fetch under way, or lets the request go on to the origin. */
export function lookupHook(cache: Cache, route: CachedRoute): onRequestHookHandler {
  return (request, reply, done) => {
    const { method } = request
    if (method !== 'GET' && method !== 'HEAD') {
      cache.counters.bypass += 1
      setExchange(request, { kind: 'unsafe' })
      done()
      return
    }
    const lookup = lookupOf(request, route)
    if (lookup === undefined) {
      cache.counters.bypass += 1
      setExchange(request, { kind: 'bypass', forward: 'bypass' })
      done()
      return
    }
    if (takeRefresh(cache, request, reply, lookup)) {
      done()
      return
    }
    new Visit(cache, route, request, reply, lookup, done).start()
  }
}
