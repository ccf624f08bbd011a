/** What a resource has at its places. Nearly all have one: only from the second on is there a table. */
export class Cells<Cell extends { readonly place: string }> {
  #only: Cell | undefined
  #several: Map<string, Cell> | undefined

  get isEmpty(): boolean {
    return this.#only === undefined && (this.#several === undefined || this.#several.size === 0)
  }

  get(place: string): Cell | undefined {
    if (this.#several !== undefined) return this.#several.get(place)
    return this.#only?.place === place ? this.#only : undefined
  }

  set(cell: Cell): void {
    if (this.#several !== undefined) this.#several.set(cell.place, cell)
    else if (this.#only === undefined || this.#only.place === cell.place) this.#only = cell
    else {
      this.#several = new Map([
        [this.#only.place, this.#only],
        [cell.place, cell],
      ])
      this.#only = undefined
    }
  }

  delete(place: string): void {
    if (this.#several !== undefined) this.#several.delete(place)
    else if (this.#only?.place === place) this.#only = undefined
  }

  /** May be changed while it is gone through. */
  values(): readonly Cell[] {
    if (this.#only !== undefined) return [this.#only]
    return this.#several === undefined ? [] : [...this.#several.values()]
  }
}
