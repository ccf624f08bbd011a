import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RouteRules } from '../options/route-options.ts'
import {
  emptyHeaders,
  type CacheRequest,
  type OriginResponse,
  type StoredHeaders,
  type StoredResponse,
} from '../rules/message.ts'
import { storability, type NotStoredReason } from '../rules/storing.ts'
import { parseTags } from '../rules/tags.ts'

/** What is kept of an answer's head, or why nothing is. */
export type Judgement =
  | { readonly keep: true; readonly response: StoredResponse; readonly tags: readonly string[] }
  | { readonly keep: false; readonly reason: NotStoredReason | 'tags' }

/** Whether an answer is kept: what RFC 9111 asks, and what this cache asks beyond it. */
export function judge(
  rules: RouteRules,
  asked: CacheRequest,
  answer: OriginResponse,
  request: FastifyRequest,
  reply: FastifyReply,
): Judgement {
  const verdict = storability(asked, answer, rules.policy)
  if (!verdict.storable) return { keep: false, reason: verdict.reason }
  const { response } = verdict
  const { tags } = rules
  const known = parseTags(answer.headers, typeof tags === 'function' ? tags(request, reply) : tags)
  return known === undefined ? { keep: false, reason: 'tags' } : { keep: true, response, tags: known }
}

/**
 * The head as it is kept. Fields that plugins had set before the origin was asked belong to that request, and are set
 * again on each hit.
 */
export function keptHead(
  response: StoredResponse,
  present: Readonly<Record<string, unknown>>,
  { dropHeaders }: RouteRules,
): StoredResponse {
  const { status, headers, facts } = response
  const dropped = new Set<string>()
  for (const name in present) if (present[name] === headers[name]) dropped.add(name)
  for (const name of dropHeaders) if (headers[name] !== undefined) dropped.add(name)
  if (dropped.size === 0) return response
  const kept = emptyHeaders<StoredHeaders[string]>()
  for (const [name, value] of Object.entries(headers)) if (!dropped.has(name)) kept[name] = value
  return { status, headers: kept, facts }
}
