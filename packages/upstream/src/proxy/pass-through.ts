import { METHODS } from 'node:http'
import type { FastifyInstance } from 'fastify'

/**
 * Makes a scope pass on whatever HTTP allows. By itself Fastify routes seven methods, and reads bodies of some content
 * types into memory; after this call it knows each method that Node parses, and no body is touched.
 *
 * ```ts
 * app.register(async (scope) => {
 *   scope.register(httpProxy, { prefix: '/files', ...files.proxyOptions(), ...passThrough(scope) })
 * })
 * ```
 *
 * The scope's own routes lose their content type parsers, so give the proxy a scope of its own. CONNECT never gets
 * here: Node hands it to another listener.
 */
export function passThrough(scope: FastifyInstance): { httpMethods: string[] } {
  scope.removeAllContentTypeParsers()
  const httpMethods = METHODS.filter((method) => method !== 'CONNECT')
  const known = new Set<string>(scope.supportedMethods)
  for (const method of httpMethods) {
    if (!known.has(method)) scope.addHttpMethod(method)
  }
  return { httpMethods }
}
