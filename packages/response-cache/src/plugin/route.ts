import type { FastifyRequest } from 'fastify'
import type { RouteRules } from '../options/route-options.ts'

/** A route that opted in. */
export interface CachedRoute {
  readonly rules: RouteRules
  /** What tells routes with one URL apart (version constraints and the like); `''` for most. */
  readonly scope: string
  /** What its answers named in `Vary` when last seen. */
  readonly hint: { vary: readonly string[] }
  /** The slots of requests of nobody in particular, by host. */
  readonly anonymousSlots: Map<string, readonly string[]>
}

export function newRoute(rules: RouteRules, scope: string): CachedRoute {
  return { rules, scope, hint: { vary: [] }, anonymousSlots: new Map() }
}

/** Where a route's config keeps it. */
export const kRoute: unique symbol = Symbol('sluice.response-cache.route')

/** The route of a request, if it opted in. */
export function cachedRouteOf(request: FastifyRequest): CachedRoute | undefined {
  return (request.routeOptions.config as { [kRoute]?: CachedRoute })[kRoute]
}
