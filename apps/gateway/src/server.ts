import { readFileSync } from 'node:fs'
import fastify, { LogController, type FastifyInstance } from 'fastify'
import { pino, type Logger, type LoggerOptions } from 'pino'
import { logAccess } from './access-log.ts'
import type { GatewayConfig, ServerConfig } from './config/types.ts'
import { refuseUnparsable, renderProblems } from './problem-details.ts'
import { requestId, returnRequestId } from './request-id.ts'

/** What never stands in a log line, whoever writes it. */
const redact = [
  'req.headers["x-api-key"]',
  'req.headers.authorization',
  'req.headers.cookie',
  'headers["x-api-key"]',
  'headers.authorization',
  'headers.cookie',
]

/** The logger of the configured level; the key's header is kept out of it. */
export function createLogger({ logging, auth }: GatewayConfig): Logger {
  const keyHeader = auth?.header.toLowerCase() ?? 'x-api-key'
  const paths = [...redact, `req.headers["${keyHeader}"]`, `headers["${keyHeader}"]`]
  const options: LoggerOptions = {
    level: logging.level,
    redact: { paths: [...new Set(paths)], censor: '[redacted]' },
  }
  return pino(options)
}

/** A Fastify instance as a gateway needs it, without a route yet. */
export function createServer({ server, logging }: GatewayConfig, logger: Logger): FastifyInstance {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: server.trustProxy,
    bodyLimit: server.bodyLimit,
    requestTimeout: server.requestTimeout,
    genReqId: requestId,
    requestIdHeader: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseUnparsable,
    routerOptions: { ignoreTrailingSlash: false, caseSensitive: true },
    ...listenerOptions(server),
  }) as unknown as FastifyInstance
  renderProblems(app)
  returnRequestId(app)
  logAccess(app, logging.access)
  return app
}

/** A second instance for the operators' endpoints alone. */
export function createAdminServer(logger: Logger): FastifyInstance {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    requestIdHeader: false,
    forceCloseConnections: true,
    clientErrorHandler: refuseUnparsable,
  }) as unknown as FastifyInstance
  renderProblems(app)
  returnRequestId(app)
  return app
}

function listenerOptions({ tls, http2 }: ServerConfig): object {
  if (tls === undefined) return {}
  const https = { cert: readFileSync(tls.cert), key: readFileSync(tls.key), allowHTTP1: true }
  return http2 ? { http2: true, https } : { https }
}
