/** What a proxy is started with. */
export interface ProxySettings {
  /** Origin of the upstream. */
  readonly upstream: string
}
