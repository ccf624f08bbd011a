import type { Fallback } from '../fallback.ts'
import type { OptionChecker } from './option-checker.ts'

export function readFallback(
  check: OptionChecker,
  path: string,
  given: Fallback | undefined,
  base: Fallback | undefined,
): Fallback | undefined {
  if (given === undefined) return base
  if (typeof given === 'function') return given
  switch (given?.type) {
    case 'cache':
      check.object(path, given, ['type'])
      break
    case 'static':
      check.object(path, given, ['type', 'status', 'headers', 'body'])
      check.number(`${path}.status`, given.status, 200, { from: 200, to: 599, integer: true })
      check.object(`${path}.headers`, given.headers, Object.keys(given.headers ?? {}))
      break
    case 'upstream':
      check.object(path, given, ['type', 'origin', 'prefix', 'timeoutMs'])
      if (!isOrigin(given.origin)) check.problem(`${path}.origin`, given.origin, 'an http or https origin')
      if (!isPrefix(given.prefix)) check.problem(`${path}.prefix`, given.prefix, 'a path such as /orders')
      check.number(`${path}.timeoutMs`, given.timeoutMs, 10_000, { above: 0 })
      break
    default:
      check.problem(path, given, 'a function, or an object of type cache, static or upstream')
  }
  return given
}

function isOrigin(origin: unknown): boolean {
  if (typeof origin !== 'string' || !URL.canParse(origin)) return false
  return ['http:', 'https:'].includes(new URL(origin).protocol)
}

function isPrefix(prefix: unknown): boolean {
  return prefix === undefined || (typeof prefix === 'string' && /^(\/.*[^/])?$/.test(prefix))
}
