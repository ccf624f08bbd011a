/** First in, first out, in constant time whatever its length. */
export class WaitingLine<T> {
  #first: Place<T> | undefined
  #last: Place<T> | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: T): void {
    const place: Place<T> = { value, next: undefined }
    if (this.#last === undefined) this.#first = place
    else this.#last.next = place
    this.#last = place
    this.#length++
  }

  shift(): T | undefined {
    const place = this.#first
    if (place === undefined) return undefined
    this.#first = place.next
    if (place.next === undefined) this.#last = undefined
    this.#length--
    return place.value
  }
}

interface Place<T> {
  readonly value: T
  next: Place<T> | undefined
}
