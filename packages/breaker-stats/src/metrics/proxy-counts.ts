import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestAbortHookHandler,
  onResponseHookHandler,
  RouteOptions,
} from 'fastify'
import { labelText, type Exposition } from './exposition.ts'
import { HistogramLines } from './sample-lines.ts'

const durationFamily = 'gateway_proxy_request_duration_seconds'
/** Upper bounds in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const statuses = ['success', 'client_error', 'error', 'circuit_open', 'aborted'] as const
type Status = (typeof statuses)[number]

class MethodCounts {
  readonly #duration: HistogramLines
  readonly statusLabels: Readonly<Record<Status, string>>
  readonly requests: Record<Status, number> = {
    success: 0,
    client_error: 0,
    error: 0,
    circuit_open: 0,
    aborted: 0,
  }
  readonly #durations: number[] = Array.from({ length: bounds.length + 1 }, () => 0)
  #seconds = 0

  constructor(service: string, method: string) {
    this.#duration = new HistogramLines(durationFamily, labelText({ service, method }), bounds)
    this.statusLabels = Object.fromEntries(
      statuses.map((status) => [status, labelText({ service, method, status })]),
    ) as Record<Status, string>
  }

  observe(seconds: number): void {
    this.#seconds += seconds
    let bucket = 0
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++
    this.#durations[bucket]! += 1
  }

  /** The histogram of how long answered requests took. */
  durationLines(): string {
    let sum = 0
    return this.#duration.render(
      this.#durations.map((count) => (sum += count)),
      this.#seconds,
    )
  }
}

/**
 * Counts the requests of routes that have a breaker, by service (the breaker's name), method and status: as many series
 * as there are services, times 8 methods, times 5 statuses.
 */
export class ProxyCounts {
  readonly #services = new Map<string, Map<string, MethodCounts>>()

  /** Watches every route registered from now on. */
  watch(app: FastifyInstance): void {
    app.addHook('onRoute', (route) => {
      const service = serviceOf(route)
      if (service !== undefined) this.#watchRoute(route, service)
    })
  }

  #watchRoute(route: RouteOptions, service: string): void {
    const byMethod = this.#services.get(service) ?? new Map<string, MethodCounts>()
    this.#services.set(service, byMethod)
    const count = (request: FastifyRequest, status: Status, elapsedMs?: number): void => {
      const method = methods.has(request.method) ? request.method : 'OTHER'
      let counts = byMethod.get(method)
      if (counts === undefined) byMethod.set(method, (counts = new MethodCounts(service, method)))
      counts.requests[status]++
      if (elapsedMs !== undefined) counts.observe(elapsedMs / 1000)
    }
    append(route, 'onResponse', ((request, reply, done) => {
      count(request, statusOf(reply), reply.elapsedTime)
      done()
    }) satisfies onResponseHookHandler)
    append(route, 'onRequestAbort', ((request, done) => {
      count(request, 'aborted')
      done()
    }) satisfies onRequestAbortHookHandler)
  }

  /** `gateway_proxy_requests_total` and `gateway_proxy_request_duration_seconds`. */
  write(exposition: Exposition): void {
    const all = [...this.#services.values()].flatMap((byMethod) => Array.from(byMethod.values()))
    if (all.length === 0) return
    exposition.family('gateway_proxy_requests_total', 'counter', 'Requests of routes with a circuit breaker.')
    for (const counts of all) {
      for (const status of statuses) {
        exposition.sample(counts.requests[status], counts.statusLabels[status])
      }
    }
    exposition.family(durationFamily, 'histogram', 'How long those requests took.')
    for (const counts of all) exposition.lines(counts.durationLines())
  }
}

type RouteHook = 'onResponse' | 'onRequestAbort'

/** Route-level, so that routes without a breaker pay nothing. */
function append(route: RouteOptions, hook: RouteHook, handler: unknown): void {
  const before = route[hook]
  const handlers = before === undefined ? [] : Array.isArray(before) ? before : [before]
  Object.assign(route, { [hook]: [...handlers, handler] })
}

/** The breaker's name: what the route says, or what circuit-breaker calls the breaker of a route that says none. */
function serviceOf({ config, method, url }: RouteOptions): string | undefined {
  const given = config?.circuitBreaker
  if (given === undefined || given === false) return undefined
  if (typeof given === 'string') return given
  const methods = [method].flat().map((one) => (one === 'HEAD' ? 'GET' : one))
  return given.name ?? `${[...new Set(methods)].join(',')} ${url}`
}

function statusOf(reply: FastifyReply): Status {
  if (reply.circuitBreakerRefusal) return 'circuit_open'
  const { statusCode } = reply
  return statusCode >= 500 ? 'error' : statusCode >= 400 ? 'client_error' : 'success'
}
