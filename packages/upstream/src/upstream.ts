import { Agent, type Dispatcher } from 'undici'
import { proxyOptions, type ProxyOptions, type ProxyOverrides } from './proxy/proxy-options.ts'

/** Options of {@link createUpstream}. */
export interface UpstreamOptions {
  /** Names the upstream in errors. */
  name: string
  /** `http://host:port`. */
  origins: readonly [string]
}

/** One protected upstream. */
export interface Upstream {
  readonly name: string
  readonly dispatcher: Dispatcher
  proxyOptions(overrides?: ProxyOverrides): ProxyOptions
  close(): Promise<void>
}

/** Creates an upstream of one origin. */
export function createUpstream({ name, origins }: UpstreamOptions): Upstream {
  const dispatcher = new Agent()
  const [base] = origins
  return {
    name,
    dispatcher,
    proxyOptions: (overrides) => proxyOptions({ name, dispatcher, base }, overrides),
    close: () => dispatcher.close(),
  }
}
