// Stands in until the engine lands.
export type Outcome = 'success' | 'failure' | 'ignored'
export interface FailureCause {
  kind: 'timeout' | 'status' | 'network' | 'error'
  detail?: string
}
export interface Permit {
  readonly admitted: true
  readonly timeoutMs: number | undefined
  success(): void
  failure(cause?: FailureCause): void
  ignore(): void
}
export interface Rejection {
  readonly admitted: false
  toError(): Error
}
export interface ResolvedBreakerOptions {
  readonly isFailure: ((attempt: { error?: unknown; statusCode?: number }) => boolean | 'ignored') | undefined
  readonly failOn: { readonly status: readonly number[] | undefined; readonly network: boolean }
}
export type BreakerOptions = object
export interface CircuitBreaker {
  readonly name: string
  readonly state: string
  readonly options: ResolvedBreakerOptions
  acquire(): Permit | Rejection
  pause(forMs: number, reason: string): void
  on(event: 'transition', listener: () => void): () => void
}
export interface BreakerRegistry {
  ensure(name: string, options?: BreakerOptions): CircuitBreaker
}
