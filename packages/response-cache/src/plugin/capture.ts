import type { onSendHookHandler } from 'fastify'
import type { Cache } from '../cache.ts'
import { Arrival } from './arrival.ts'
import { takeExchange } from './exchange.ts'
import { invalidateTarget } from './invalidate.ts'
import type { CachedRoute } from './route.ts'
import { tell } from './serve.ts'

/** The hook that takes answers on their way to the client, and says in their head what the cache did. */
export function captureHook(cache: Cache, route: CachedRoute): onSendHookHandler {
  return (request, reply, payload, done) => {
    const exchange = takeExchange(request)
    switch (exchange?.kind) {
      case undefined:
        break
      case 'untyped':
        reply.removeHeader('content-type')
        break
      case 'lent':
        tell(cache, reply, {
          status: { hit: false, forward: exchange.forward, detail: 'stale-if-error' },
          xCache: 'STALE',
        })
        break
      case 'bypass':
        tell(cache, reply, { status: { hit: false, forward: exchange.forward }, xCache: 'BYPASS' })
        break
      case 'unsafe':
        invalidateTarget(cache, route, request, reply)
        tell(cache, reply, { status: { hit: false, forward: 'method' }, xCache: 'BYPASS' })
        break
      case 'fetch':
        new Arrival(cache, route, request, reply, exchange).take(payload, done)
        return
    }
    done(null, payload)
  }
}
