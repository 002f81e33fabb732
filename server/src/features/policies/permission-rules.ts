import { type Endpoint, type Role, type Scope, scopes } from '@postern/contract'
import { type Actor, roleOf } from '../../platform/actor.ts'
import { Refusal } from '../../platform/refusal.ts'
import { atLeast } from '../users/index.ts'

/** Seconds for which a full authentication counts as fresh (ASVS 7.5.1; contract: 5 minutes). */
export const freshSeconds = 300

/** What must be proved and how freshly, whoever asks: a token proves nothing, and its owner reads what a person must. */
export const stepUpRequired = (why: string, acr: string = 'aal2'): Refusal =>
  new Refusal('step-up-required', why, { acr, maxAge: freshSeconds })

/**
 * Whether an actor may call an endpoint, from facts that were read at the point of use. Pure: the gate of the edge
 * (for reads) and of act() (for changes, in their transaction) are this one function. Undefined: yes.
 */
export const mayCall = (actor: Actor, endpoint: Endpoint): Refusal | undefined => {
  const { needs } = endpoint
  if (needs === 'public' || needs === 'browser' || needs === 'sign-in') return undefined
  switch (actor.kind) {
    case 'host':
      return undefined
    case 'stranger':
      return new Refusal('no-session', 'nobody is signed in')
    case 'enrolling':
      return endpoint.enrolling ? undefined : new Refusal('no-session', 'a sign-in that waits for enrolment opens nothing else')
    case 'token':
      return tokenMay(actor.scopes, endpoint)
    case 'user': {
      const { session } = actor
      const stale =
        endpoint.fresh && !session.fresh ? stepUpRequired('authentication is older than 5 minutes', session.acr) : undefined
      // to add a factor is what it is for, and setting up a phone may take its 15 minutes; what takes one away asks as anywhere
      if (session.scope === 'recovery' && endpoint.recovery) return endpoint.method === 'DELETE' ? stale : undefined
      if (session.scope === 'recovery') return stepUpRequired('a recovery session can only enrol')
      if (session.mustStepUp && !endpoint.recovery && !endpoint.enrolling) return stepUpRequired('policy demands a second factor')
      if (needs !== 'person' && !atLeast(roleOf(actor) as Role, needs)) return new Refusal('not-allowed', `needs ${needs}`)
      return stale
    }
  }
}

const tokenMay = (held: readonly Scope[], endpoint: Endpoint): Refusal | undefined => {
  if (endpoint.needs === 'person') return new Refusal('not-allowed', 'a service token is nobody')
  if (endpoint.scopes?.some((scope) => held.includes(scope))) return undefined
  // what asks for fresh authentication asks for a person
  if (endpoint.fresh) return stepUpRequired('asks for a person who has just authenticated')
  const acts = held.includes('operator') ? 'operator' : held.includes('auditor') ? 'auditor' : undefined
  if (acts && atLeast(acts, endpoint.needs as Role)) return undefined
  return new Refusal('not-allowed', `scope ${held.join(' ')} does not reach it`)
}
/** Whether a token of some scope may call an endpoint that is not open to all: what its document says. */
export const takesTokens = (endpoint: Endpoint): boolean => scopes.some((scope) => tokenMay([scope], endpoint) === undefined)

/** For what asks for a fresh proof only sometimes. Asks a person, not a machine: its token was made by somebody who had one. */
export const requireFresh = (actor: Actor, why: string): void => {
  if (actor.kind === 'user' && !actor.session.fresh) throw stepUpRequired(why, actor.session.acr)
}
