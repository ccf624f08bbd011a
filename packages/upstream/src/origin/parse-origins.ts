import type { Checker } from '../options/checker.ts'
import type { OriginInput, OriginOptions, UpstreamOptions } from '../options/options.ts'
import { EXPECTED_ORIGIN, parseAddress, type OriginAddress } from './address.ts'

/** An origin as it was configured. */
export interface WeightedAddress {
  readonly address: OriginAddress
  readonly weight: number
}

/** The list as it came, or the reasons why not, told to `check`. */
export function parseOrigins(
  check: Checker,
  input: UpstreamOptions['origins'] | undefined,
): readonly WeightedAddress[] {
  const list = Array.isArray(input) ? (input as readonly OriginInput[]) : [input as OriginInput]
  if (list.length === 0) check.reject('origins', input, 'at least one origin')
  const seen = new Set<string>()
  return list.flatMap((item, index) => {
    const path = `origins[${index}]`
    const given = isOptions(item)
      ? check.object<OriginOptions>(path, item, ['origin', 'weight'])
      : { origin: item }
    const weight = check.number(`${path}.weight`, given.weight, 1, { min: 0.001, max: 1_000 })
    const address = parse(given.origin)
    if (address === undefined) {
      check.reject(path, given.origin, EXPECTED_ORIGIN)
      return []
    }
    if (seen.has(address.id)) check.reject(path, given.origin, 'each origin once')
    seen.add(address.id)
    return [{ address, weight }]
  })
}

function parse(origin: string | URL | undefined): OriginAddress | undefined {
  return typeof origin === 'string' || origin instanceof URL ? parseAddress(String(origin)) : undefined
}

function isOptions(item: OriginInput): item is OriginOptions {
  return typeof item === 'object' && item !== null && !(item instanceof URL)
}
