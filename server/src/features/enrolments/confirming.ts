import { sql } from 'kysely'
import type { Tx } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { ActDeps, EventDraft } from '../events/index.ts'
import { recoveryCodesLeft, replaceRecoveryCodes } from '../recovery-codes/index.ts'
import { endSessions } from '../sessions/index.ts'
import { requireClock } from '../sign-in/index.ts'
import { acceptedStep, activate, hasActive, offsetOf, type PendingTotp, secondsToUnspent, totpKey } from '../totp/index.ts'

/** The step that a passcode proves of a pending key; undefined: wrong. Throws where the clocks disagree. */
export const provenStep = (
  deps: Pick<ActDeps, 'keys'>,
  userId: string,
  pending: PendingTotp,
  code: string,
): { step: number | undefined; offset: number | undefined } => {
  requireClock(pending.now)
  const key = totpKey(deps.keys, userId, pending.id, pending.sealed)
  const now = pending.now.getTime()
  const step = acceptedStep(key, code, now, pending)
  return { step, offset: step === undefined ? offsetOf(key, code, now, pending) : undefined }
}

/**
 * The confirmed key becomes the person's, in one transaction with all that follows: the old key is gone, other sessions
 * end, the failure count of passcodes starts anew, recovery codes are made where none is left.
 */
export const activateFactor = async (
  deps: ActDeps,
  tx: Tx,
  event: EventDraft,
  confirmed: { userId: string; totpId: string; step: number; codeId?: string },
): Promise<{ recoveryCodes?: string[]; replaced: boolean }> => {
  const replaced = await hasActive(tx, confirmed.userId)
  if (!(await activate(tx, confirmed.userId, confirmed.totpId, confirmed.step)))
    throw new Refusal('totp-replayed', 'this step was taken, by this key or another of theirs', {
      retryAfter: await secondsToUnspent(tx, confirmed.userId, confirmed.totpId),
    })
  await sql`delete from attempt where account_key = ${confirmed.userId} and factor = 'totp'`.execute(tx)
  const ended = await endSessions(tx, { userId: confirmed.userId }, 'a factor was changed')
  if (replaced) event.notices.push({ kind: 'factor-changed', userId: confirmed.userId })
  event.about({
    factor: 'totp',
    ...(confirmed.codeId ? { codeId: confirmed.codeId } : {}),
    detail: { replaced: replaced ? 'yes' : 'no', sessionsEnded: ended },
  })
  const { left } = await recoveryCodesLeft(tx, confirmed.userId)
  if (left > 0) return { replaced }
  event.and('recovery-codes.made', event.facts)
  return { recoveryCodes: await replaceRecoveryCodes(tx, deps.keys, confirmed.userId), replaced }
}
