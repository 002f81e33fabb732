import type * as contract from '@postern/contract'
import type { In, SignIn } from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { EventDraft, type EventFacts } from '../events/index.ts'
import { hashRecoveryCode, useRecoveryCode } from '../recovery-codes/index.ts'
import { clearGuesses, requireAddressWithin, reserveGuess } from './limits.ts'
import { ofSignIn, refuseLimited, sourceTag, thumbprintOf, turnedAway, wrong } from './proof-refusals.ts'
import { aboutSignIn, openSession, requireAsked, requireSignIn, type SignInDeps, shown, toSignIn } from './sign-in.ts'
import { restart } from './sign-in-store.ts'

/** R4: the second factor of last resort; the session that it opens can only enrol a new one. */
export const proveRecoveryCode = async (
  deps: SignInDeps,
  actor: Actor,
  input: In<typeof contract.proveRecoveryCode>,
  token: string | undefined,
): Promise<Answer<{ signIn: SignIn }>> => {
  const { row, browserHash } = await requireSignIn(deps, actor, token)
  if (toSignIn(row).next.includes('totp') && row.recoveryCodesLeft === 0 && row.purpose === 'sign-in') {
    const refusal = new Refusal('conflict', 'no recovery code is left', {
      detail: 'No recovery code is left. Ask an operator for a new enrolment code.',
    })
    return turnedAway(deps, actor, 'sign-in.recovery-code', aboutSignIn(row, 'recovery-code'), refusal)
  }
  await requireAsked(deps, actor, row, 'recovery-code')
  const userId = row.userId as string
  const person = { id: userId, name: row.person as string }
  const { lane } = await reserveGuess(deps.db, {
    accountKey: userId,
    factor: 'recovery-code',
    thumbprint: thumbprintOf(actor),
  }).catch(async (refusal: unknown) => {
    if (refusal instanceof Refusal && refusal.code === 'rate-limited') await restart(deps.db, row.id)
    return refuseLimited(deps, actor, refusal)
  })
  const applied = { ...ofSignIn(row.policyVersion, row.codeId), factor: 'recovery-code' }
  const about: EventFacts = { ...applied, subject: { kind: 'user', ...person } }
  const session = await deps.db
    .transaction()
    .execute(async (tx) => {
      await requireAddressWithin(tx, sourceTag(deps.keys, actor))
      if (!(await useRecoveryCode(tx, userId, hashRecoveryCode(deps.keys, userId, input.code)))) return undefined
      await clearGuesses(tx, userId, 'recovery-code', lane)
      const opened = await openSession(deps, tx, actor, { row, scope: 'recovery', acr: 'aal1', amr: ['pwd'] })
      const used = { ...applied, person, sessionId: opened.id, detail: { left: row.recoveryCodesLeft - 1 } }
      await deps.events.append(tx, new EventDraft(actor, 'sign-in.recovery-code', used))
      return opened.token
    })
    .catch((refusal: unknown) =>
      refusal instanceof Refusal && refusal.code === 'conflict'
        ? wrong(deps, actor, 'sign-in.recovery-code', about, refusal)
        : refuseLimited(deps, actor, refusal),
    )
  deps.events.onAppended()
  if (!session)
    return wrong(deps, actor, 'sign-in.recovery-code', about, new Refusal('factor-wrong', 'wrong or used recovery code'))
  return { value: await shown(deps, browserHash), session }
}
