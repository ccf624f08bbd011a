import type { Dispatcher } from 'undici'
import { contextOf } from '../context.ts'
import type { ResolvedBalance } from '../options/options.ts'

/** What a request is hashed by; undefined where it does not carry it. */
export function hashKeyOf(
  options: Dispatcher.DispatchOptions,
  by: ResolvedBalance['by'],
): string | undefined {
  const context = contextOf(options)
  if (context.hashKey !== undefined) return context.hashKey
  if (by.from === 'consumer') return context.consumer
  if (by.from === 'header') return headerOf(options.headers, by.name)
  return cookieOf(headerOf(options.headers, 'cookie'), by.name)
}

/** The first value of a header, in whichever of undici's forms the headers are: flat array, pairs, record. */
function headerOf(headers: Dispatcher.DispatchOptions['headers'], name: string): string | undefined {
  if (headers === null || headers === undefined) return undefined
  if (Array.isArray(headers)) {
    for (let i = 0; i + 1 < headers.length; i += 2) {
      if (String(headers[i]).toLowerCase() === name) return text(headers[i + 1])
    }
    return undefined
  }
  const pairs = Symbol.iterator in headers ? headers : Object.entries(headers)
  for (const [key, value] of pairs as Iterable<[string, string | string[] | undefined]>) {
    if (key.toLowerCase() === name) return text(value)
  }
  return undefined
}

function text(value: string | readonly string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : (value as string | undefined)
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}
