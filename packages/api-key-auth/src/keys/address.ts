import { BlockList, isIP } from 'node:net'
import type { ApiKeyRecord } from './key-record.ts'

const blocks = new WeakMap<ApiKeyRecord, BlockList>()

/** Whether `text` is an address or a CIDR block of IPv4 or IPv6. */
export function isCidr(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
}

/** Who presents a key. */
export interface Caller {
  /** Read only where a record asks for it: finding it out costs a request something. */
  readonly address?: string | undefined
}

/** Whether the record may be used from the caller's address. A record without blocks may be used from anywhere. */
export function allowsCaller(record: ApiKeyRecord, caller: Caller): boolean {
  if (record.cidrs === undefined) return true
  const { address } = caller
  const family = isIP(address ?? '')
  if (family === 0) return false
  return blockListOf(record, record.cidrs).check(address as string, family === 4 ? 'ipv4' : 'ipv6')
}

/** Compiled once a record: records are frozen, and replaced when they change. */
function blockListOf(record: ApiKeyRecord, cidrs: readonly string[]): BlockList {
  const known = blocks.get(record)
  if (known !== undefined) return known
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/')
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  blocks.set(record, list)
  return list
}

/**
 * One name for everybody who can pick their own address: an IPv6 host owns a /64, so its first 64 bits count.
 * An IPv4 address in IPv6 clothes is the IPv4 address.
 */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1] as string
  const [head = '', tail] = address.toLowerCase().split('%', 1)[0]?.split('::') ?? []
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length)
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
