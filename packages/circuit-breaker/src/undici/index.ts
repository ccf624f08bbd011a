export { type AttemptBreaker, circuitBreakerInterceptor, type InterceptorOptions } from './interceptor.ts'
