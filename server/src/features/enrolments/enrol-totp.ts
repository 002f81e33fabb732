import type * as contract from '@postern/contract'
import type { Out } from '@postern/contract'
import type { Tx } from '../../platform/db.ts'
import { type findRepeatable, insertClaim } from '../codes/index.ts'
import type { ActDeps } from '../events/index.ts'
import { requireEnrolment } from '../policies/index.ts'
import { symbolSvg } from '../symbols/index.ts'
import { base32, findPending, insertPending, otpauthUrl, pendingMinutes } from '../totp/index.ts'
import { confirmNeeds } from './confirm-needs.ts'

type Answer = Extract<Out<typeof contract.claimCode>, { kind: 'enrol-totp' }>
export type EnrolClaim = {
  codeId: string
  userId: string
  username: string
  displayName: string
  resetPassword: boolean
  key: Buffer
}

/** In the burn's transaction: a pending key, whose one display goes to the claimer. */
export const claimKey = async (deps: ActDeps, tx: Tx, claim: EnrolClaim): Promise<{ answer: Answer; claimToken: string }> => {
  const settings = await requireEnrolment(tx)
  const label = claim.username
  const totp = await insertPending(
    tx,
    deps.keys,
    { userId: claim.userId, label, issuer: settings.issuer },
    parametersOf(settings),
  )
  const { confirm, claimToken } = await insertClaim(tx, deps.keys, {
    codeId: claim.codeId,
    userId: claim.userId,
    totpId: totp.id,
    key: claim.key,
    seconds: pendingMinutes * 60,
  })
  return {
    claimToken,
    answer: {
      kind: 'enrol-totp',
      confirm,
      needs: await confirmNeeds(tx, claim),
      secret: totp.secret,
      otpauthUrl: totp.otpauthUrl,
      symbolSvg: symbolSvg(totp.otpauthUrl),
      settings: { issuer: settings.issuer, label, ...settings.totp },
      expiresAt: totp.expiresAt.toISOString(),
    },
  }
}

/** The same answer, made of the pending row: the secret stands nowhere else. Undefined: it is pending no more. */
export const repeatedKey = async (
  deps: ActDeps,
  tx: Tx,
  codeId: string,
  { userId, totpId, confirm }: NonNullable<Awaited<ReturnType<typeof findRepeatable>>>,
): Promise<Answer | undefined> => {
  if (!userId || !totpId) return undefined
  const pending = await findPending(tx, userId, totpId)
  if (!pending) return undefined
  const { issuer } = await requireEnrolment(tx)
  const { username } = await tx.selectFrom('users').select('username').where('id', '=', userId).executeTakeFirstOrThrow()
  const { resetPassword } = await tx.selectFrom('code').select('resetPassword').where('id', '=', codeId).executeTakeFirstOrThrow()
  const secret = base32(deps.keys.unseal({ table: 'totp', row: pending.id, user: userId }, pending.sealed))
  const url = otpauthUrl(secret, issuer, username, pending)
  return {
    kind: 'enrol-totp',
    confirm,
    needs: await confirmNeeds(tx, { userId, resetPassword }),
    secret,
    otpauthUrl: url,
    symbolSvg: symbolSvg(url),
    settings: { issuer, label: username, algorithm: pending.algorithm, digits: pending.digits, periodSeconds: pending.period },
    expiresAt: pending.expiresAt.toISOString(),
  }
}

export const parametersOf = (settings: {
  totp: { algorithm: 'SHA1' | 'SHA256' | 'SHA512'; digits: number; periodSeconds: number }
}) => ({
  algorithm: settings.totp.algorithm,
  digits: settings.totp.digits,
  period: settings.totp.periodSeconds,
})
