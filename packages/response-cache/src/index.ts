export { responseCache, responseCache as default } from './plugin/plugin.ts'
export type { ResponseCacheOptions } from './options/plugin-options.ts'
export type { KeyOptions, RouteCacheOptions } from './options/route-options.ts'
export { ResponseCacheOptionsError, type OptionProblem } from './options/problems.ts'
