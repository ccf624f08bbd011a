import type { FastifyInstance } from 'fastify'
import type { RouteGuard } from '../access/guard.ts'
import { allowOnly } from '../api/method-not-allowed.ts'
import { sendProblem } from '../problem.ts'
import { contentTypes } from './exposition.ts'
import type { MetricsRegistry } from './registry.ts'
import type { Scrape } from './scrape.ts'

const openMetrics = 'application/openmetrics-text'

/** `GET <path>`: in OpenMetrics if asked for, in the format of the user's registry where there is one. */
export function registerMetricsRoute(
  app: FastifyInstance,
  path: string,
  guard: RouteGuard,
  scrape: Scrape,
  registry: MetricsRegistry | undefined,
): void {
  app.get(path, {
    ...guard,
    errorHandler: sendProblem,
    handler: async (request, reply) => {
      void reply.header('cache-control', 'no-store').header('vary', 'accept')
      if (registry !== undefined) {
        const type = registry.contentType ?? contentTypes.text
        return reply.type(type).send(join(await registry.metrics(), scrape, type))
      }
      const format = request.headers.accept?.includes(openMetrics) === true ? 'openmetrics' : 'text'
      // As bytes: of a text this long Fastify would count them first, and Node then write them.
      return reply.type(contentTypes[format]).send(Buffer.from(scrape.text(format)))
    },
  })
  allowOnly(app, 'GET', path)
}

/** Ours after theirs. OpenMetrics ends with a line that may stand there once. */
function join(theirs: string, scrape: Scrape, type: string): string {
  const isOpenMetrics = type.startsWith(openMetrics)
  const text = isOpenMetrics ? theirs.replace(/# EOF\s*$/, '') : theirs
  const newline = text === '' || text.endsWith('\n') ? '' : '\n'
  return `${text}${newline}${scrape.text(isOpenMetrics ? 'openmetrics' : 'text')}`
}
