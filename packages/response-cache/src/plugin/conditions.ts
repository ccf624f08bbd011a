import type { IncomingHttpHeaders } from 'node:http'
import { CONDITIONAL_FIELDS } from '../rules/revalidation.ts'

export const NO_CONDITIONS: ReadonlyMap<string, string | string[]> = new Map()

/**
 * Puts the cache's conditions in place of the client's, so that the handler, or the origin behind it, answers the cache's
 * question. Returns the client's, to be put back when the answer is there.
 */
export function replaceConditions(
  headers: IncomingHttpHeaders,
  conditions: Readonly<Record<string, string>>,
): ReadonlyMap<string, string | string[]> {
  let taken: Map<string, string | string[]> | undefined
  for (const name of CONDITIONAL_FIELDS) {
    const value = headers[name]
    if (value === undefined) continue
    taken ??= new Map()
    taken.set(name, value)
    delete headers[name]
  }
  for (const name in conditions) headers[name] = conditions[name]
  return taken ?? NO_CONDITIONS
}

export function restoreConditions(
  headers: IncomingHttpHeaders,
  conditions: ReadonlyMap<string, string | string[]>,
): void {
  for (const name of CONDITIONAL_FIELDS) delete headers[name]
  for (const [name, value] of conditions) headers[name] = value
}
