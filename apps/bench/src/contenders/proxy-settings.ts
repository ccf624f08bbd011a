/** What a proxy is started with. */
export interface ProxySettings {
  /** Origin of the upstream. */
  readonly upstream: string
}

export interface CachingProxySettings extends ProxySettings {
  /** Whether it keeps answers. Default false. */
  readonly cache?: boolean
}
