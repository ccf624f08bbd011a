import { readFileSync } from 'node:fs'
import { logRedaction } from '@sluice/api-key-auth'
import fastify, { LogController, type FastifyInstance } from 'fastify'
import { pino, type Logger } from 'pino'
import { AccessLog } from './access-log.ts'
import type { GatewayConfig, ServerConfig } from './config/types.ts'
import { refuseUnparsable, renderProblems } from './problem-details.ts'
import { requestId, returnRequestId } from './request-id.ts'
import { lateLog } from './late-log.ts'

/** The logger of the configured level; credentials are kept out of it. */
export function createLogger({ logging, auth }: GatewayConfig): Logger {
  return pino({ level: logging.level, ...logRedaction({ header: auth?.header ?? 'x-api-key' }) })
}

/** A Fastify instance as a gateway needs it, without a route yet. */
export function createServer({ server, logging }: GatewayConfig, logger: Logger): FastifyInstance {
  const app = fastify({
    loggerInstance: lateLog(logger),
    logController: new AccessLog(logging.access),
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
