import { channels } from './channels.ts'
import type { BreakerEventName, BreakerEvents } from './events.ts'

export type BreakerListener<E extends BreakerEventName> = (event: BreakerEvents[E]) => void

type Listeners = { [E in BreakerEventName]?: readonly BreakerListener<E>[] }

/**
 * Typed events. They go on to the parent (a registry's emitter hears all of its breakers), and from the last one to
 * diagnostics_channel. A listener that throws is reported as a process warning and stops nobody else.
 */
export class Emitter {
  readonly #parent: Emitter | undefined
  #listeners: Listeners | undefined

  constructor(parent?: Emitter) {
    this.#parent = parent
  }

  /** Returns the function that takes the listener off. */
  on<E extends BreakerEventName>(event: E, listener: BreakerListener<E>): () => void {
    const listeners: Listeners = (this.#listeners ??= {})
    // Wrapped, so that the same function may listen twice and be taken off once. Arrays are never changed in place:
    // a listener may come or go while they are told.
    const own: BreakerListener<E> = (payload) => listener(payload)
    const before: readonly BreakerListener<E>[] = listeners[event] ?? []
    set(listeners, event, [...before, own])
    return () => {
      const now: readonly BreakerListener<E>[] = listeners[event] ?? []
      set(
        listeners,
        event,
        now.filter((other) => other !== own),
      )
    }
  }

  /** Whether anybody listens: a payload need not be made otherwise. */
  wants(event: BreakerEventName): boolean {
    const listeners = this.#listeners?.[event]
    if (listeners !== undefined && listeners.length > 0) return true
    return this.#parent === undefined ? channels[event].hasSubscribers : this.#parent.wants(event)
  }

  emit<E extends BreakerEventName>(event: E, payload: BreakerEvents[E]): void {
    const listeners: readonly BreakerListener<E>[] = this.#listeners?.[event] ?? []
    for (const listener of listeners) {
      try {
        listener(payload)
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : new Error(String(error)))
      }
    }
    if (this.#parent !== undefined) this.#parent.emit(event, payload)
    else if (channels[event].hasSubscribers) channels[event].publish(payload)
  }
}

function set<E extends BreakerEventName>(
  listeners: Listeners,
  event: E,
  list: readonly BreakerListener<E>[],
): void {
  ;(listeners as Record<BreakerEventName, unknown>)[event] = list
}
