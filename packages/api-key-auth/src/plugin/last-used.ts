import type { ApiKeyStore } from '../stores/api-key-store.ts'

/** Notes when keys were used, and tells the store now and then: one write for any number of requests. */
export class LastUsed {
  private readonly store: ApiKeyStore
  private uses = new Map<string, number>()

  constructor(store: ApiKeyStore) {
    this.store = store
  }

  note(id: string, at: number): void {
    this.uses.set(id, at)
  }

  /** Hands over what was noted. It is a hint: if the store can't take it, it is dropped. */
  async flush(): Promise<void> {
    if (this.uses.size === 0) return
    const { uses } = this
    this.uses = new Map()
    try {
      await this.store.touch(uses)
    } catch {
      // The next uses bring later times.
    }
  }
}
