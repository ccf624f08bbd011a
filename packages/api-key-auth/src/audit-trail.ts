import { channel, type Channel } from 'node:diagnostics_channel'
import type { RefusalReason } from './verify/judge.ts'

export interface KeyUse {
  readonly id: string
  readonly consumer: string
  readonly address: string
  readonly method: string
  /** The route's pattern, never the URL: that may hold a key. */
  readonly route: string
  readonly requestId: string
}

export interface KeyRefusal extends Omit<KeyUse, 'id' | 'consumer'> {
  readonly reason: RefusalReason | 'missing' | 'scope' | 'throttled' | 'unavailable'
  /** The key's id and consumer, where the key is one of ours. */
  readonly id?: string
  readonly consumer?: string
}

export interface KeyChange {
  readonly id: string
  readonly consumer: string
  /** Who did it, where the caller said so. */
  readonly actor?: string
}

/** What can be listened to, here by `on` and in the process by the diagnostics channel `sluice:api-key:<event>`. */
export interface AuditEvents {
  accepted: KeyUse
  refused: KeyRefusal
  created: KeyChange
  imported: KeyChange
  updated: KeyChange
  rotated: KeyChange & { readonly previousUntil?: number }
  revoked: KeyChange
  removed: KeyChange
  storeDegraded: { readonly error: Error }
  storeRecovered: Record<string, never>
}

export type AuditEvent = keyof AuditEvents
type Listener<E extends AuditEvent> = (payload: AuditEvents[E]) => void

const eventNames: readonly AuditEvent[] = [
  'accepted',
  'refused',
  'created',
  'imported',
  'updated',
  'rotated',
  'revoked',
  'removed',
  'storeDegraded',
  'storeRecovered',
]

interface Subject {
  readonly listeners: Set<(payload: never) => void>
  readonly channel: Channel
}

/** Tells who listens. Nobody listening costs one look. */
export class AuditTrail {
  private readonly subjects = new Map<AuditEvent, Subject>(
    eventNames.map((name) => [name, { listeners: new Set(), channel: channel(`sluice:api-key:${name}`) }]),
  )

  /** Calls `listener` with each `event`, until the function returned is called. Listeners must not throw. */
  on<E extends AuditEvent>(event: E, listener: Listener<E>): () => void {
    const { listeners } = this.subject(event)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  /** Whether anybody would hear of `event`: ask before building a payload for each request. */
  hears(event: AuditEvent): boolean {
    const subject = this.subject(event)
    return subject.listeners.size > 0 || subject.channel.hasSubscribers
  }

  tell<E extends AuditEvent>(event: E, payload: AuditEvents[E]): void {
    const subject = this.subject(event)
    for (const listener of subject.listeners) (listener as Listener<E>)(payload)
    if (subject.channel.hasSubscribers) subject.channel.publish(payload)
  }

  private subject(event: AuditEvent): Subject {
    const subject = this.subjects.get(event)
    if (subject === undefined) throw new TypeError(`There is no event ${event}`)
    return subject
  }
}
