import type { FastifyBaseLogger, FastifyInstance } from 'fastify'

const methods = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent', 'child'] as const

/**
 * Makes `request.log` when it is first used. Most requests log nothing, and a child of pino's, with all that is
 * redacted in it, costs as much as a rate limit.
 */
export function makeRequestLogsLate(app: FastifyInstance): void {
  app.setChildLoggerFactory(
    (parent, bindings, options) => new LateLog(() => parent.child(bindings, options)) as never,
  )
}

/** A `FastifyBaseLogger`. */
class LateLog {
  readonly #make: () => FastifyBaseLogger
  #logger: FastifyBaseLogger | undefined

  constructor(make: () => FastifyBaseLogger) {
    this.#make = make
  }

  get logger(): FastifyBaseLogger {
    this.#logger ??= this.#make()
    return this.#logger
  }

  get level(): string {
    return this.logger.level
  }

  set level(level: string) {
    this.logger.level = level
  }

  static {
    for (const method of methods) {
      Object.defineProperty(this.prototype, method, {
        value(this: LateLog, ...args: never[]): unknown {
          return (this.logger[method] as (...args: never[]) => unknown).apply(this.logger, args)
        },
      })
    }
  }
}
