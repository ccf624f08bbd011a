import { createSecureContext } from 'node:tls'
import type { Checker } from './checker.ts'
import type { ResolvedTls, TlsOptions } from './options.ts'

const MATERIAL = ['ca', 'cert', 'key', 'passphrase', 'pfx'] as const

/** Reads certificates and keys once for all connections, so that a bad one is found at start-up. */
export function parseTls(check: Checker, value: TlsOptions | undefined): ResolvedTls {
  const given = check.object('tls', value, [...MATERIAL, 'servername', 'rejectUnauthorized'])
  check.boolean('tls.rejectUnauthorized', given.rejectUnauthorized, true)
  if (MATERIAL.every((name) => given[name] === undefined)) return Object.freeze({ ...given })
  try {
    return Object.freeze({ ...given, secureContext: createSecureContext(given) })
  } catch (error) {
    // What was received may be a private key: it is not shown.
    check.reject('tls', given, `certificates and keys that can be read: ${(error as Error).message}`)
    return Object.freeze({ ...given })
  }
}
