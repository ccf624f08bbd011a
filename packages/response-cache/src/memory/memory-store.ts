import { Cells } from '../cells.ts'
import { sizeOfHead, type CacheEntry } from '../entry.ts'
import { parseKey, placeOf, selectionOf } from '../key/cache-key.ts'
import type { Invalidations } from '../invalidations.ts'
import { LinkedList, type Linked } from '../linked-list.ts'
import { expire } from '../rules/facts.ts'
import type { CacheStore, Lookup, PurgeMode } from '../store.ts'
import { Slabs, type Slab } from './slabs.ts'

/** What the answers of one resource have named in `Vary`, and where they are. */
interface Resource {
  readonly name: string
  readonly vary: readonly string[]
  readonly cells: Cells<Cell>
}

/** Where an entry is kept. */
interface Cell extends Linked<Cell> {
  readonly resource: Resource
  readonly place: string
  entry: CacheEntry
  /** What it takes, but for what lies in a slab. */
  bytes: number
  slab: Slab | undefined
}

const NO_NAMES: readonly string[] = []

export interface MemoryStoreOptions {
  /** All entries together, bytes. */
  readonly maxBytes: number
  /** One entry, bytes; a larger one is not kept. */
  readonly maxEntryBytes: number
  readonly invalidations: Invalidations
  readonly now: () => number
}

/** The tier in this process: the least recently used entry goes first. */
export class MemoryStore implements CacheStore {
  readonly #resources = new Map<string, Resource>()
  readonly #cells = new LinkedList<Cell>()
  readonly #slabs = new Slabs()
  readonly #maxBytes: number
  readonly #maxEntryBytes: number
  readonly #invalidations: Invalidations
  readonly #now: () => number
  #bytes = 0
  #size = 0
  #evictions = 0

  constructor({ maxBytes, maxEntryBytes, invalidations, now }: MemoryStoreOptions) {
    this.#maxBytes = maxBytes
    this.#maxEntryBytes = Math.min(maxEntryBytes, maxBytes)
    this.#invalidations = invalidations
    this.#now = now
  }

  get bytes(): number {
    return this.#bytes + this.#slabs.bytes
  }

  get size(): number {
    return this.#size
  }

  get evictions(): number {
    return this.#evictions
  }

  /** Whether anything of the resource is kept. */
  knows(resource: string): boolean {
    return this.#resources.has(resource)
  }

  /** The key under which an answer to this request would lie in that slot, as far as is known by now. */
  keyOf(lookup: Lookup, slot: string): string {
    const names = this.#resources.get(lookup.resource)?.vary ?? NO_NAMES
    return slot + selectionOf(names, lookup.request) + lookup.resource
  }

  /** The same without the resource, which is the first part of any look-up. */
  placeOf(lookup: Lookup, slot: string): string {
    const names = this.#resources.get(lookup.resource)?.vary ?? NO_NAMES
    return placeOf(slot, selectionOf(names, lookup.request))
  }

  /** Whether an entry would push out another. */
  isFullFor(entry: CacheEntry, keyLength: number): boolean {
    return this.bytes + sizeOfHead(entry, keyLength) + entry.body.length > this.#maxBytes
  }

  find(lookup: Lookup): CacheEntry | undefined {
    const resource = this.#resources.get(lookup.resource)
    if (resource === undefined) return undefined
    const selection = selectionOf(resource.vary, lookup.request)
    for (const slot of lookup.slots) {
      const entry = this.#read(resource.cells.get(placeOf(slot, selection)))
      if (entry !== undefined) return entry
    }
    return undefined
  }

  put(lookup: Lookup, slot: string, entry: CacheEntry): void {
    const resource = this.#select(lookup.resource, entry.response.facts.vary)
    this.#write(resource, placeOf(slot, selectionOf(resource.vary, lookup.request)), entry)
  }

  set(key: string, entry: CacheEntry): void {
    const parts = parseKey(key)
    if (parts === undefined) return
    this.#write(this.#select(parts.resource, NO_NAMES), placeOf(parts.slot, parts.selection), entry)
  }

  get(key: string): CacheEntry | undefined {
    return this.#read(this.#cellOf(key))
  }

  delete(key: string): boolean {
    const cell = this.#cellOf(key)
    if (cell !== undefined) this.#remove(cell)
    return cell !== undefined
  }

  invalidate(resource: string, mode: PurgeMode): void {
    for (const cell of this.#resources.get(resource)?.cells.values() ?? []) {
      if (mode === 'hard') this.#remove(cell)
      else cell.entry = expired(cell.entry, this.#now())
    }
  }

  clear(): void {
    this.#resources.clear()
    this.#cells.clear()
    this.#slabs.clear()
    this.#bytes = 0
    this.#size = 0
  }

  /** How many entries these would be. */
  count(holds: (entry: CacheEntry, resource: string) => boolean): number {
    let count = 0
    for (const [name, { cells }] of this.#resources) {
      for (const { entry } of cells.values()) if (holds(entry, name)) count += 1
    }
    return count
  }

  #cellOf(key: string): Cell | undefined {
    const parts = parseKey(key)
    if (parts === undefined) return undefined
    return this.#resources.get(parts.resource)?.cells.get(placeOf(parts.slot, parts.selection))
  }

  /** The entry, if the invalidations left it; what they changed is written back. */
  #read(cell: Cell | undefined): CacheEntry | undefined {
    if (cell === undefined) return undefined
    const { entry, resource } = cell
    const isKept = this.#now() < entry.keepUntilMs
    const valid = isKept ? this.#invalidations.apply(entry, resource.name) : undefined
    if (valid === undefined) {
      this.#remove(cell)
      return undefined
    }
    cell.entry = valid
    this.#cells.touch(cell)
    if (cell.slab !== undefined && this.#slabs.isSparse(cell.slab)) this.#move(cell, cell.slab)
    return cell.entry
  }

  #write(resource: Resource, place: string, entry: CacheEntry): void {
    const before = resource.cells.get(place)
    if (before !== undefined) this.#remove(before)
    const headBytes = sizeOfHead(entry, place.length + resource.name.length)
    if (headBytes + entry.body.length > this.#maxEntryBytes) return
    const { slab, body } = this.#slabs.place(entry.body)
    const cell: Cell = {
      resource,
      place,
      entry: body === entry.body ? entry : { ...entry, body },
      bytes: slab === undefined ? headBytes + body.buffer.byteLength : headBytes,
      slab,
      newer: undefined,
      older: undefined,
    }
    if (resource.cells.isEmpty) this.#resources.set(resource.name, resource)
    resource.cells.set(cell)
    this.#cells.add(cell)
    this.#size += 1
    this.#bytes += cell.bytes
    this.#evict()
  }

  /** Brings what is still asked for out of a slab that it nearly alone would keep. */
  #move(cell: Cell, from: Slab): void {
    const { slab, body } = this.#slabs.place(cell.entry.body)
    cell.entry = { ...cell.entry, body }
    cell.slab = slab
    this.#slabs.release(from)
    this.#evict()
  }

  #evict(): void {
    while (this.bytes > this.#maxBytes && this.#cells.oldest !== undefined) {
      this.#remove(this.#cells.oldest)
      this.#evictions += 1
    }
  }

  /** A resource is known while anything of it is kept. */
  #remove(cell: Cell): void {
    const { resource, place, bytes, slab } = cell
    resource.cells.delete(place)
    if (resource.cells.isEmpty) this.#resources.delete(resource.name)
    this.#cells.remove(cell)
    this.#size -= 1
    this.#bytes -= bytes
    if (slab !== undefined) this.#slabs.release(slab)
  }

  /**
   * The resource's record, selecting by these names too. Every answer is then kept by all the names that any answer gave:
   * finer than each asks for, never coarser. What was kept by fewer cannot be found any more, and goes.
   */
  #select(name: string, vary: readonly string[]): Resource {
    const resource = this.#resources.get(name)
    if (resource === undefined) return { name, vary, cells: new Cells() }
    const known = resource.vary
    if (vary.every((field) => known.includes(field))) return resource
    for (const cell of resource.cells.values()) this.#remove(cell)
    return { name, vary: [...new Set([...known, ...vary])].sort(), cells: new Cells() }
  }
}

function expired(entry: CacheEntry, now: number): CacheEntry {
  const { response } = entry
  return { ...entry, response: { ...response, facts: expire(response.facts, now) } }
}
