/** What a linked list holds: its neighbours are its own. */
export interface Linked<Node> {
  newer: Node | undefined
  older: Node | undefined
}

/** Nodes in the order in which they were added, or last used; each step takes the same few writes, whatever their number. */
export class LinkedList<Node extends Linked<Node>> {
  #newest: Node | undefined
  #oldest: Node | undefined

  get oldest(): Node | undefined {
    return this.#oldest
  }

  /** From the newest on. */
  *[Symbol.iterator](): Generator<Node> {
    for (let node = this.#newest; node !== undefined; node = node.older) yield node
  }

  /** A node that is not in the list becomes its newest. */
  add(node: Node): void {
    node.older = this.#newest
    node.newer = undefined
    if (this.#newest === undefined) this.#oldest = node
    else this.#newest.newer = node
    this.#newest = node
  }

  remove(node: Node): void {
    const { newer, older } = node
    if (newer === undefined) this.#newest = older
    else newer.older = older
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    node.newer = undefined
    node.older = undefined
  }

  /** A node of the list has been used. */
  touch(node: Node): void {
    if (node === this.#newest) return
    this.remove(node)
    this.add(node)
  }

  clear(): void {
    this.#newest = undefined
    this.#oldest = undefined
  }
}
