export { createUpstream, type Upstream, type UpstreamOptions } from './upstream.ts'
export { kUpstreamContext, type UpstreamContext } from './context.ts'
export {
  UpstreamError,
  UpstreamTimeoutError,
  type UpstreamErrorCode,
  type UpstreamTimeoutCode,
} from './errors.ts'
export { passThrough } from './proxy/pass-through.ts'
export type { ProxyOptions, ProxyOverrides } from './proxy/proxy-options.ts'
