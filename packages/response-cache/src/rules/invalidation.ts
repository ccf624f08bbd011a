import { fieldValue } from './message.ts'
import type { CacheRequest, OriginResponse } from './message.ts'

/** Methods that change nothing (RFC 9110 §9.2.1, RFC 10008 for QUERY); any other, unknown ones too, may. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'])

/**
 * The absolute URIs whose stored responses are invalid after this exchange (RFC 9111 §4.4): of a successful unsafe request
 * its target, and what Location and Content-Location name at the same origin.
 */
export function invalidatedUris(
  request: CacheRequest,
  targetUri: string,
  response: Pick<OriginResponse, 'status' | 'headers'>,
): readonly string[] {
  const succeeded = response.status >= 200 && response.status < 400
  if (!succeeded || SAFE_METHODS.has(request.method)) return []
  const target = resolve(targetUri)
  if (target === undefined) return []
  const uris = new Set([target.href])
  for (const name of ['location', 'content-location']) {
    const reference = fieldValue(response.headers, name)
    const uri = reference === undefined ? undefined : resolve(reference, target)
    if (uri?.origin === target.origin) uris.add(uri.href)
  }
  return [...uris]
}

function resolve(reference: string, base?: URL): URL | undefined {
  if (!URL.canParse(reference, base?.href)) return undefined
  const uri = new URL(reference, base)
  uri.hash = ''
  return uri
}
