import { sql } from 'kysely'
import type { By } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { revokeCodes } from '../codes/index.ts'
import { endDeviceOfCode } from '../devices/index.ts'
import { endPasswordOfCode } from '../passwords/index.ts'
import { endRecoveryCodesSince } from '../recovery-codes/index.ts'
import { endSessions } from '../sessions/index.ts'
import { revokeKey } from '../totp/index.ts'
import { findUser, requireOwnerLeft } from '../users/index.ts'

/**
 * What came of a claimed code ends: the key or device and, for they are as much of a way back in, the recovery codes made since,
 * the password that was chosen with it, and what its person has open. An older password stays, and alone leads to no new factor.
 * Where the key or device is its person’s no more, nothing came of the code that is still theirs. Answers what ended.
 */
export const endResults = async (tx: Tx, codeId: string, by: By): Promise<string[]> => {
  const claim = await tx.selectFrom('claim').select(['userId', 'totpId']).where('codeId', '=', codeId).executeTakeFirst()
  if (!claim?.userId) return []
  const { userId, totpId } = claim
  const since = totpId ? await revokeKey(tx, userId, totpId) : await endDeviceOfCode(tx, codeId, by)
  const recoveryCodes = since !== undefined && (await endRecoveryCodesSince(tx, userId, since))
  await sql`update claim set ended_at = coalesce(ended_at, now()) where code_id = ${codeId}`.execute(tx)
  if (since === undefined) return []
  const password = await endPasswordOfCode(tx, userId, codeId)
  await revokeCodes(tx, { ofUser: userId, issuedByThem: true }, by)
  // of a device alone its own sessions have ended
  if (totpId || recoveryCodes || password) await endSessions(tx, { userId }, 'its factor was revoked')
  const person = await findUser(tx, userId)
  await requireOwnerLeft(tx, person?.roles ?? [])
  return [totpId ? 'totp' : 'passkey', ...(recoveryCodes ? ['recovery-codes'] : []), ...(password ? ['password'] : [])]
}
