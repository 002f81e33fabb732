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
 * one of scope recovery, is replaced by a full one with a new cookie. One that had proved two factors stays what it was: a new
 * factor is no new proof of who is here, and takes nothing from the proof that there was. No session lives longer by it, but for
 * one of scope recovery, which was for this alone.
 */
export const continueAs = async (
  deps: Pick<ActDeps, 'keys'>,
  tx: Tx,
  actor: Actor,
  signIn: SignInRow | undefined,
  proved: { acr: 'aal2'; amr: string[]; deviceId?: string },
): Promise<{ id: string; token: string; deviceId: string | null }> => {
  const deviceId = proved.deviceId ?? null
  if (signIn) return { ...(await openSession(deps, tx, actor, { row: signIn, scope: 'full', ...proved })), deviceId }
  const user = asUser(actor)
  const { session } = user
  const goesOn = session.scope === 'full' && session.acr !== 'aal1'
  const assurance = goesOn ? { acr: session.acr, amr: session.amr, deviceId: session.deviceId } : { ...proved, deviceId }
  const opened = await insertSession(tx, deps.keys, {
    userId: user.id,
    scope: 'full',
    acr: assurance.acr,
    amr: assurance.amr,
    deviceId: assurance.deviceId ?? undefined,
    thumbprint: actor.source.thumbprint as Buffer,
    codeId: session.codeId,
    replaces: session.scope === 'full' ? session : undefined,
    source: actor.source,
  })
  return { ...opened, deviceId: assurance.deviceId }
}
