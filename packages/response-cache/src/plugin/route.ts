import type { RouteRules } from '../options/route-options.ts'
import type { RouteScope } from '../key/lookup.ts'

/** A route that opted in. */
export interface CachedRoute {
  readonly rules: RouteRules
  readonly scope: RouteScope
}
