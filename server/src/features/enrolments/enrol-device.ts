import type * as contract from '@postern/contract'
import type { CreationOptions, Out } from '@postern/contract'
import type { Tx } from '../../platform/db.ts'
import { insertClaim } from '../codes/index.ts'
import { challengeSeconds, creationOptions, type PasskeyDeps } from '../devices/index.ts'
import { requireEnrolment } from '../policies/index.ts'
import { confirmNeeds } from './confirm-needs.ts'
import type { EnrolClaim } from './enrol-totp.ts'

type Answer = Extract<Out<typeof contract.claimCode>, { kind: 'enrol-device' }>

/** In the burn's transaction: options for a passkey of this phone, bound to the code, the person and the claiming key. */
export const claimRegistration = async (
  deps: PasskeyDeps,
  tx: Tx,
  claim: EnrolClaim,
): Promise<{ answer: Answer; claimToken: string }> => {
  const open = {
    kind: 'enrol-device' as const,
    options: await registrationOptions(deps, tx, claim),
    needs: await confirmNeeds(tx, claim),
    expiresAt: new Date(Date.now() + challengeSeconds * 1_000).toISOString(),
  }
  const { confirm, claimToken } = await insertClaim(tx, deps.keys, {
    codeId: claim.codeId,
    userId: claim.userId,
    totpId: null,
    key: claim.key,
    seconds: challengeSeconds,
    answer: open,
  })
  return { answer: { ...open, confirm }, claimToken }
}

/** Options for a passkey of the phone that claimed. */
export const registrationOptions = async (
  deps: PasskeyDeps,
  tx: Tx,
  claim: Pick<EnrolClaim, 'codeId' | 'userId' | 'username' | 'displayName' | 'key'>,
): Promise<CreationOptions> => {
  const { issuer } = await requireEnrolment(tx)
  return creationOptions(
    tx,
    deps,
    { purpose: 'enrol', requestId: claim.codeId, thumbprint: claim.key },
    { id: claim.userId, username: claim.username, displayName: claim.displayName, issuer },
  )
}
