import fastify, { type FastifyInstance, type RouteShorthandOptions } from 'fastify'
import responseCache, { type ResponseCacheOptions, type RouteCacheOptions } from '../src/index.ts'

/** A clock that stands still until it is moved. */
export class ManualClock {
  ms: number = Date.UTC(2026, 0, 1)
  readonly now = (): number => this.ms
  advance(ms: number): void {
    this.ms += ms
  }
}

/** An app with the cache, and whatever `routes` adds. */
export async function appWith(
  options: ResponseCacheOptions,
  routes: (app: FastifyInstance) => void | Promise<void>,
): Promise<FastifyInstance> {
  const app = fastify()
  await app.register(responseCache, options)
  await routes(app)
  await app.ready()
  return app
}

/** Route options that opt in. */
export function cached(options: RouteCacheOptions | true = true): RouteShorthandOptions {
  return { config: { responseCache: options } }
}

/** A promise and what settles it. */
export function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** Asks again until it is so; a test that waits here for ten seconds has failed. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('It did not come to pass within ten seconds')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
