/** What is needed of a registry of prom-client 15 or of @prometheus-io/client; anything of that shape will do. */
export interface MetricsRegistry {
  /** Everything it holds, in its format. */
  metrics(): string | Promise<string>
  /** Its format; the Prometheus text format where left out. */
  readonly contentType?: string
}
