import type * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import type { Keys } from '../../platform/keys.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type ActDeps, EventDraft, type EventFacts, limitTag } from '../events/index.ts'
import { policyName } from '../policies/index.ts'
import { limitedAddress } from './limits.ts'

export const sourceTag = (keys: Keys, actor: Actor): Buffer | null =>
  actor.source.address ? limitTag(keys, actor.source.address) : null
export const thumbprintOf = (actor: Actor): Buffer => {
  if (!actor.source.thumbprint) throw new Refusal('session-binding', 'no proof')
  return actor.source.thumbprint
}

type Refused = [deps: ActDeps, actor: Actor, type: contract.EventType, facts: EventFacts, refusal: Refusal]
/** Records a wrong proof; over the address's limit no verdict leaves, but 429. */
export const wrong = (...refused: Refused): Promise<never> => recorded('failure', ...refused)
/** Records an attempt that is refused before its proof is looked at; bounded as wrong ones are, for anybody can repeat it. */
export const turnedAway = (...refused: Refused): Promise<never> => recorded('denied', ...refused)
const recorded = async (outcome: 'failure' | 'denied', ...[deps, actor, type, facts, refusal]: Refused): Promise<never> => {
  const event = new EventDraft(actor, type, { ...facts, detail: { ...facts.detail, code: refusal.code, why: refusal.why } })
  event.outcome = outcome
  if (!(await deps.events.recordFailure(event))) throw limitedAddress()
  throw refusal
}
/** What every event of a sign-in says: the policy that was applied, and, of a step-up, the code that opened its session. */
export const ofSignIn = (policyVersion: number, codeId: string | null): EventFacts => ({
  policy: policyName(policyVersion),
  ...(codeId ? { codeId } : {}),
})
/** A guess beyond its limit gets no verdict: one event a source and minute. */
export const refuseLimited = async (deps: ActDeps, actor: Actor, refusal: unknown): Promise<never> => {
  if (refusal instanceof Refusal && refusal.code === 'rate-limited')
    await deps.events.tally.add(actor, 'request.limited', refusal.why)
  throw refusal
}
