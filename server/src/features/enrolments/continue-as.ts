import type { Actor, PersonActor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { ActDeps } from '../events/index.ts'
import { asUser, insertSession } from '../sessions/index.ts'
import { openSession, type SignInRow } from '../sign-in/index.ts'

export const asPerson = (actor: Actor): PersonActor => {
  if (actor.kind !== 'user' && actor.kind !== 'enrolling') throw new Refusal('no-session', 'nobody is signed in')
  return actor
}

/**
 * Goes on with what asked for a factor, now that it is confirmed: a sign-in that waited for it is completed; a session, also
 * one of scope recovery, is replaced by a full one with a new cookie.
 */
export const continueAs = (
  deps: Pick<ActDeps, 'keys'>,
  tx: Tx,
  actor: Actor,
  signIn: SignInRow | undefined,
  proved: { acr: 'aal2'; amr: string[]; deviceId?: string },
): Promise<{ id: string; token: string }> => {
  if (signIn) return openSession(deps, tx, actor, { row: signIn, scope: 'full', ...proved })
  const user = asUser(actor)
  return insertSession(tx, deps.keys, {
    userId: user.id,
    scope: 'full',
    ...proved,
    // a session that a passkey or a phone opened alone had no password, and says of none
    amr: proved.amr.filter((method) => method !== 'pwd' || user.session.amr.includes('pwd')),
    thumbprint: actor.source.thumbprint as Buffer,
    codeId: user.session.codeId,
    source: actor.source,
  })
}
