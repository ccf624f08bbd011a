/** A block of memory that small bodies share. */
export interface Slab {
  readonly block: Buffer
  /** How far it is filled, bytes. */
  filled: number
  /** The bodies that were ever put there, and those that are still kept. */
  placed: number
  kept: number
}

/** A body where it stays. */
interface Placed {
  readonly slab: Slab | undefined
  readonly body: Buffer
}

const SLAB_BYTES = 32 * 1024
const MAX_BODY_BYTES = SLAB_BYTES / 8

/**
 * Blocks for small bodies, filled one after the other: to make and to collect a block for each of them would cost as much
 * as all else that storing it takes. A slab counts whole as long as anything in it is kept.
 */
export class Slabs {
  #open: Slab = newSlab()
  #count = 0

  /** What they take, bytes. */
  get bytes(): number {
    return this.#count * SLAB_BYTES
  }

  /** Copies a small body into a slab; a larger one has, or gets, a block of its own. */
  place(body: Buffer): Placed {
    const { length } = body
    if (length > MAX_BODY_BYTES) return { slab: undefined, body: ownBytes(body) }
    if (this.#open.filled + length > SLAB_BYTES) this.#open = newSlab()
    const slab = this.#open
    const { block, filled } = slab
    block.set(body, filled)
    if (slab.kept === 0) this.#count += 1
    slab.filled += length
    slab.placed += 1
    slab.kept += 1
    return { slab, body: block.subarray(filled, slab.filled) }
  }

  /** A body of this slab is not kept any longer. */
  release(slab: Slab): void {
    slab.kept -= 1
    if (slab.kept === 0) this.#count -= 1
  }

  /** Whether so little is left in it that what is still asked for is better moved. */
  isSparse(slab: Slab): boolean {
    return slab !== this.#open && slab.kept * 2 < slab.placed
  }

  clear(): void {
    this.#open = newSlab()
    this.#count = 0
  }
}

function newSlab(): Slab {
  return { block: Buffer.allocUnsafeSlow(SLAB_BYTES), filled: 0, placed: 0, kept: 0 }
}

/** A block so much larger than the body in it costs less to keep than a copy to make. */
const SLACK_BYTES = 512

/**
 * The bytes in memory of their own. What a socket or `Buffer.concat` hands out may be a slice of a block many times as
 * large, which would live as long as the entry.
 */
function ownBytes(body: Buffer): Buffer {
  if (body.buffer.byteLength - body.length <= SLACK_BYTES) return body
  const own = Buffer.allocUnsafeSlow(body.length)
  body.copy(own)
  return own
}
