import type { FastifyBaseLogger } from 'fastify'

const methods = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/**
 * The logger, with children that are made when they are first used. Most requests log nothing, and a child of pino's, with
 * all that is redacted in it, costs as much as a rate limit.
 */
export function lateLog(logger: FastifyBaseLogger): FastifyBaseLogger {
  return new LateLog(() => logger) as unknown as FastifyBaseLogger
}

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

  child(...args: Parameters<FastifyBaseLogger['child']>): LateLog {
    return new LateLog(() => this.logger.child(...args))
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
