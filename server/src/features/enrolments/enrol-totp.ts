import type * as contract from '@postern/contract'
import type { ClaimNeed, Out } from '@postern/contract'
import { sql } from 'kysely'
import type { Tx } from '../../platform/db.ts'
import { uuid7 } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import type { ClaimHandler } from '../codes/index.ts'
import type { ActDeps } from '../events/index.ts'
import { hasPassword } from '../passwords/index.ts'
import { requireEnrolment } from '../policies/index.ts'
import { symbolSvg } from '../symbols/index.ts'
import { base32, findPending, insertPending, otpauthUrl, retire } from '../totp/index.ts'
import { findUser, insertUser } from '../users/index.ts'
import { findRepeatable, insertClaim, isClaimer } from './claims-store.ts'

type Answer = Out<typeof contract.claimCode>

/** What the confirmation of a claimed code must carry. A new person, or one without a password, chooses one; others prove theirs. */
export const confirmNeeds = async (tx: Tx, code: { userId: string | null; resetPassword: boolean }): Promise<ClaimNeed[]> => {
  if (code.userId === null || code.resetPassword || !(await hasPassword(tx, code.userId))) return ['password']
  return ['current-password']
}

/** What `enrol-totp` means: the claim makes a pending key, its one display goes to the claimer. */
export const enrolTotpHandler = (deps: ActDeps): ClaimHandler => ({
  needs: async (tx, code) => (code.bootstrap ? ['username', 'factor', 'password'] : confirmNeeds(tx, code)),
  require: (input, code) => {
    if (!code.bootstrap) return
    if (!input.username) throw invalid('username', 'choose a user name')
    if (input.factor === 'device') throw invalid('factor', 'phones as passkeys come with a later version; choose totp')
  },
  claimed: async (tx, { code, input, key }, event) => {
    const settings = await requireEnrolment(tx)
    const userId = code.userId ?? uuid7()
    let username = input.username ?? ''
    if (code.bootstrap) {
      if (!(await insertUser(tx, { id: userId, username, displayName: '', email: null, state: 'pending' })))
        throw new Refusal('conflict', 'user name taken', {
          detail: 'This user name is taken.',
          errors: [{ path: 'username', message: 'taken' }],
        })
      await deps.events.people.create(tx, userId)
      await sql`update code set user_id = ${userId} where id = ${code.id}`.execute(tx)
      event.about({ subject: { kind: 'user', id: userId, name: username } })
    } else username = (await findUser(tx, userId))?.username ?? ''
    const totp = await insertPending(tx, deps.keys, { userId, label: username, issuer: settings.issuer }, parametersOf(settings))
    const { confirm, claimToken } = await insertClaim(tx, deps.keys, { codeId: code.id, userId, totpId: totp.id, key })
    event.about({ factor: 'totp' })
    return {
      claimToken,
      answer: {
        kind: 'enrol-totp',
        confirm,
        needs: await confirmNeeds(tx, { userId, resetPassword: code.resetPassword }),
        secret: totp.secret,
        otpauthUrl: totp.otpauthUrl,
        symbolSvg: symbolSvg(totp.otpauthUrl),
        settings: { issuer: settings.issuer, label: username, ...settings.totp },
        expiresAt: totp.expiresAt.toISOString(),
      },
    }
  },
  repeated: async (tx, codeId, key) => {
    const claim = await findRepeatable(tx, deps.keys, codeId, key)
    const pending = claim && (await findPending(tx, claim.userId, claim.totpId))
    if (!claim || !pending) return undefined
    const { issuer } = await requireEnrolment(tx)
    const { username } = await tx.selectFrom('users').select('username').where('id', '=', claim.userId).executeTakeFirstOrThrow()
    const { resetPassword } = await tx
      .selectFrom('code')
      .select('resetPassword')
      .where('id', '=', codeId)
      .executeTakeFirstOrThrow()
    const secret = base32(deps.keys.unseal({ table: 'totp', row: pending.id, user: claim.userId }, pending.sealed))
    const url = otpauthUrl(secret, issuer, username, pending)
    const answer: Answer = {
      kind: 'enrol-totp',
      confirm: claim.confirm,
      needs: await confirmNeeds(tx, { userId: claim.userId, resetPassword }),
      secret,
      otpauthUrl: url,
      symbolSvg: symbolSvg(url),
      settings: { issuer, label: username, algorithm: pending.algorithm, digits: pending.digits, periodSeconds: pending.period },
      expiresAt: pending.expiresAt.toISOString(),
    }
    return { answer, claimToken: claim.claimToken }
  },
  issuable: async (tx, userId) => {
    const user = await findUser(tx, userId)
    if (user?.state !== 'active')
      throw new Refusal('conflict', `the person is ${user?.state ?? 'gone'}`, {
        detail: `This person is ${user?.state ?? 'gone'}. Only an active person can enrol.`,
      })
    await requireEnrolment(tx)
    return { label: user.username }
  },
  isClaimer: async (tx, codeId, claimToken) => claimToken !== undefined && (await isClaimer(tx, deps.keys, codeId, claimToken)),
  endResults: async (tx, codeId) => {
    const claim = await tx.selectFrom('claim').select(['userId', 'totpId']).where('codeId', '=', codeId).executeTakeFirst()
    if (!claim) return
    const current = await tx
      .selectFrom('totp')
      .select('state')
      .where('userId', '=', claim.userId)
      .where('id', '=', claim.totpId)
      .executeTakeFirst()
    if (current?.state === 'pending' || current?.state === 'active') {
      await retire(tx, claim.userId)
      await sql`update session set ended_at = now(), ended_why = 'its factor was revoked' where user_id = ${claim.userId} and ended_at is null`.execute(
        tx,
      )
    }
    await sql`update claim set ended_at = coalesce(ended_at, now()) where code_id = ${codeId}`.execute(tx)
  },
})

export const parametersOf = (settings: {
  totp: { algorithm: 'SHA1' | 'SHA256' | 'SHA512'; digits: number; periodSeconds: number }
}) => ({
  algorithm: settings.totp.algorithm,
  digits: settings.totp.digits,
  period: settings.totp.periodSeconds,
})
