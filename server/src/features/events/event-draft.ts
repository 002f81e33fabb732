import type { EventOutcome, EventType, Notice } from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'

export type Subject = { kind: 'user' | 'token' | 'brand' | 'settings' | 'deployment' | 'job'; id: string | null; name: string }
export type EventFacts = {
  /** Whom or what it is about, where that is not the actor. `id` is the internal UUID. */
  subject?: Subject
  codeId?: string
  sessionId?: string
  /** The registered device that proved it. */
  deviceId?: string
  factor?: string
  biometric?: 'verified' | 'present' | 'none'
  policy?: string
  /** The person who acts, where the actor has become one only in this very act (a sign-in). */
  person?: { id: string; name: string }
  /** A name as a stranger typed it: kept in the sealed part only. */
  typedName?: string
  /** Why, as somebody typed it: free text says things about people, so it lies in the sealed part, where erasure reaches it (R50). */
  reason?: string
  /** Strings, whole numbers and lists of strings; never a secret, a passcode or a token. */
  detail?: Record<string, string | number | string[]>
}

/** An event in the making: the action adds what it learns, the outcome comes last. */
export class EventDraft {
  readonly type: EventType
  readonly actor: Actor
  facts: EventFacts = {}
  readonly also: EventDraft[] = []
  /** Whom this event is shown to until they dismiss it. */
  readonly notices: { kind: Notice['kind']; userId: string | null }[] = []
  outcome: EventOutcome = 'success'
  /** All was as it was asked to be: the act answers so, and leaves no event. A refusal leaves one all the same. */
  changesNothing = false
  constructor(actor: Actor, type: EventType, facts: EventFacts = {}) {
    this.actor = actor
    this.type = type
    this.facts = facts
  }
  about(facts: EventFacts): this {
    this.facts = { ...this.facts, ...facts, detail: { ...this.facts.detail, ...facts.detail } }
    return this
  }
  /** A second event of the same deed, committed with it. */
  and(type: EventType, facts: EventFacts = {}): EventDraft {
    const second = new EventDraft(this.actor, type, facts)
    this.also.push(second)
    return second
  }
}
