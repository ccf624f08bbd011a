import type { FastifyInstance } from 'fastify'
import { cacheFallback, type LastGoodAnswers } from './cache-fallback.ts'
import type { FallbackSource, RouteFallback, RouteFallbackHandler } from './fallback.ts'
import { staticFallback } from './static-fallback.ts'
import { upstreamFallback } from './upstream-fallback.ts'

/** Makes a fallback ready for requests; undefined when it needs a cache plugin that is not there. */
export async function prepareFallback(
  fallback: RouteFallback,
  app: FastifyInstance,
): Promise<FallbackSource | undefined> {
  if (typeof fallback === 'function') return handlerFallback(fallback)
  switch (fallback.type) {
    case 'static':
      return staticFallback(fallback)
    case 'upstream':
      return upstreamFallback(fallback)
    case 'cache': {
      const { responseCache } = app as { responseCache?: LastGoodAnswers }
      return responseCache === undefined ? undefined : cacheFallback(responseCache)
    }
  }
}

/** The user's own: it returns what to send, and writes status and headers to the reply. */
function handlerFallback(handler: RouteFallbackHandler): FallbackSource {
  return async (error, call) => {
    const payload = await handler(error, call)
    return payload === undefined ? undefined : { status: call.reply.statusCode, payload }
  }
}
