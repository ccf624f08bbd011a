import { lookup, Resolver } from 'node:dns/promises'
import type { DnsResolve } from '../options/options.ts'

/** How long an answer without a TTL holds: those of `/etc/hosts` and of whatever else `lookup` asks. */
const LOOKUP_TTL_MS = 10_000

/**
 * A records, else AAAA records, with the shortest of their TTLs; where DNS knows the name under neither, what the
 * system says. (Short names as in Kubernetes are known to the system alone: it applies the search list.)
 */
export function systemResolve(): DnsResolve {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  return async (hostname) => {
    const records = await resolver
      .resolve4(hostname, { ttl: true })
      .catch(() => resolver.resolve6(hostname, { ttl: true }))
      .catch(() => [])
    if (records.length > 0) {
      return {
        addresses: records.map(({ address }) => address),
        ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1_000,
      }
    }
    const found = await lookup(hostname, { all: true })
    return { addresses: found.map(({ address }) => address), ttlMs: LOOKUP_TTL_MS }
  }
}
