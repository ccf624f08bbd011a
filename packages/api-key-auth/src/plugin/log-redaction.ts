import type { FastifyRequest } from 'fastify'
import type { ApiKeyAuthOptions } from './options.ts'
import { withoutParameter } from './credential.ts'

/** Options for Fastify's logger. */
export interface LogRedaction {
  readonly redact: { readonly paths: string[]; readonly censor: string }
  readonly serializers: { readonly req: (request: FastifyRequest) => Record<string, unknown> }
}

/**
 * Keeps keys out of the log: `fastify({ logger: { ...logRedaction({ header: 'x-api-key' }) } })`.
 *
 * Headers are censored wherever a request or its headers are logged; the parameter, if keys may come in one, is taken out
 * of the URL that Fastify logs with each request. That line is written before any hook runs, so no plugin could do this.
 */
export function logRedaction({
  header = 'x-api-key',
  query = false,
}: Pick<ApiKeyAuthOptions, 'header' | 'query'> = {}): LogRedaction {
  const names = ['authorization', 'cookie', ...(header === false ? [] : [header.toLowerCase()])]
  const places = ['headers', 'req.headers', 'request.headers', '*.req.headers']
  return {
    redact: {
      paths: places.flatMap((place) => names.map((name) => `${place}["${name}"]`)),
      censor: '[redacted]',
    },
    serializers: {
      req: ({ method, url, host, ip, socket }) => ({
        method,
        url: query === false ? url : withoutParameter(url, query),
        host,
        remoteAddress: ip,
        remotePort: socket?.remotePort,
      }),
    },
  }
}
