import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { unguarded } from '../access/guard.ts'
import { allowOnly } from '../api/method-not-allowed.ts'
import { sendProblem } from '../problem.ts'
import { loadAssets, type Asset } from './assets.ts'
import { renderPage, type PageAddresses } from './page.ts'

/** Nothing from other hosts, nothing inline, nothing that could be framed. */
const headers: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** `GET <path>`, the page, and `GET <path>/assets/:version/:file`. Neither holds any data, so both are open. */
export function registerPageRoutes(
  app: FastifyInstance,
  path: string,
  addresses: Omit<PageAddresses, 'assets'>,
): void {
  const assets = loadAssets()
  const template = assets.get('index.html') as Asset
  const page = renderPage(template.body.toString(), {
    ...addresses,
    assets: `${app.prefix}${path}/assets/${assets.version}`,
  })
  app.get(path, {
    config: unguarded.config,
    errorHandler: sendProblem,
    handler: async (_request, reply) =>
      reply.headers(headers).header('cache-control', 'no-cache').type(template.type).send(page),
  })
  allowOnly(app, 'GET', path)

  const file = `${path}/assets/:version/:file`
  app.get<{ Params: { version: string; file: string } }>(file, {
    config: unguarded.config,
    errorHandler: sendProblem,
    handler: (request, reply) => {
      const asset = assets.get(request.params.file)
      if (asset === undefined) return reply.callNotFound()
      // During a rolling deployment another version may be asked for: this one is then not for keeps.
      const isCurrent = request.params.version === assets.version
      void reply
        .headers(headers)
        .header('cache-control', isCurrent ? 'public, max-age=31536000, immutable' : 'no-store')
      return sendAsset(asset, request, reply)
    },
  })
  allowOnly(app, 'GET', file)
}

function sendAsset(asset: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  void reply.type(asset.type).header('vary', 'accept-encoding')
  return /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
    ? reply.header('content-encoding', 'gzip').send(asset.gzipped)
    : reply.send(asset.body)
}
