import { type Generated, sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { currentEpoch, type Keys, newToken } from '../../platform/keys.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    claim: {
      codeId: string
      userId: string | null
      totpId: string | null
      claimKey: Buffer
      confirmHash: Buffer
      answer: Buffer
      browserHash: Buffer
      failures: Generated<number>
      expiresAt: Date
      endedAt: Date | null
      epoch: number
    }
  }
}
/** Wrong passcodes or passwords that end an enrolment. */
export const confirmTries = 5
const rowOf = (codeId: string, userId: string | null) => ({ table: 'claim', row: codeId, user: userId ?? '' })
/** What a repeat needs: the confirm token, and the answer where it is not made of rows again. */
type Kept = { confirm: string; answer?: unknown }

/** The cookie that knows the claiming browser again: made of the confirm token, so that a repeated answer carries it too. */
const claimTokenOf = (keys: Keys, confirm: string): string =>
  keys.hash('claim-browser', `token\n${confirm}`).toString('base64url')

/**
 * What a claim opened, for the claiming key alone: a pending key, or a registration or decision (no `totpId`), whose answer is
 * kept sealed for the repeat. `seconds`: of its life. Answers the confirm token and the cookie that knows the browser again.
 */
export const insertClaim = async (
  tx: Tx,
  keys: Keys,
  claim: { codeId: string; userId: string | null; totpId: string | null; key: Buffer; seconds: number; answer?: unknown },
): Promise<{ confirm: string; claimToken: string }> => {
  const confirm = newToken()
  const claimToken = claimTokenOf(keys, confirm)
  await tx
    .insertInto('claim')
    .values({
      codeId: claim.codeId,
      userId: claim.userId,
      totpId: claim.totpId,
      claimKey: claim.key,
      confirmHash: keys.hash('confirm', confirm),
      answer: keys.seal(
        'answers',
        rowOf(claim.codeId, claim.userId),
        Buffer.from(JSON.stringify({ confirm, answer: claim.answer } satisfies Kept)),
      ),
      browserHash: keys.hash('claim-browser', claimToken),
      expiresAt: sql<Date>`now() + ${claim.seconds} * interval '1 s'`,
      endedAt: null,
      epoch: currentEpoch,
    })
    .execute()
  return { confirm, claimToken }
}

const minutesToRepeat = 2
/** The claim of a code, for its own key, within 2 minutes: a lost answer burns nothing. */
export const findRepeatable = async (
  tx: Tx,
  keys: Keys,
  codeId: string,
  key: Buffer,
): Promise<
  { userId: string | null; totpId: string | null; confirm: string; answer: unknown; claimToken: string } | undefined
> => {
  const row = await tx
    .selectFrom('claim')
    .innerJoin('code', 'code.id', 'claim.codeId')
    .leftJoin('users', 'users.id', 'claim.userId')
    .select(['claim.userId', 'totpId', 'answer'])
    .where('codeId', '=', codeId)
    .where('claimKey', '=', key)
    .where('endedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where((e) => e.or([e('claim.userId', 'is', null), e('users.state', 'in', ['active', 'pending'])]))
    .where('claimedAt', '>', sql<Date>`now() - ${minutesToRepeat} * interval '1 min'`)
    .where('claim.expiresAt', '>', sql<Date>`now()`)
    .where('claim.epoch', '=', currentEpoch)
    .executeTakeFirst()
  if (!row) return undefined
  const { confirm, answer } = JSON.parse(keys.unseal(rowOf(codeId, row.userId), row.answer).toString()) as Kept
  return { userId: row.userId, totpId: row.totpId, confirm, answer, claimToken: claimTokenOf(keys, confirm) }
}
export const isClaimer = async (tx: Tx, keys: Keys, codeId: string, claimToken: string): Promise<boolean> =>
  (await tx
    .selectFrom('claim')
    .select('codeId')
    .where('codeId', '=', codeId)
    .where('browserHash', '=', keys.hash('claim-browser', claimToken))
    .executeTakeFirst()) !== undefined

/** A claim that enrols somebody. */
export type OpenClaim = {
  codeId: string
  userId: string
  /** null: the claim waits for a passkey. */
  totpId: string | null
  claimKey: Buffer
  bootstrap: 'owner' | 'operator' | null
  resetPassword: boolean
  forSession: string | null
  username: string
  displayName: string
  userState: string
  failures: number
  ended: boolean
  expired: boolean
  revoked: boolean
}
export const findClaim = (db: Db | Tx, confirmHash: Buffer): Promise<OpenClaim | undefined> =>
  db
    .selectFrom('claim')
    .innerJoin('code', 'code.id', 'claim.codeId')
    .innerJoin('users', 'users.id', 'claim.userId')
    .select([
      'codeId',
      'users.id as userId',
      'totpId',
      'claimKey',
      'bootstrap',
      'resetPassword',
      'forSession',
      'username',
      'displayName',
      'users.state as userState',
      'failures',
      sql<boolean>`claim.ended_at is not null`.as('ended'),
      sql<boolean>`claim.expires_at <= now() or claim.epoch <> (select epoch from deployment)`.as('expired'),
      sql<boolean>`code.revoked_at is not null`.as('revoked'),
    ])
    .where('confirmHash', '=', confirmHash)
    .executeTakeFirst()

/** Counts a wrong passcode or password inside the five; the fifth ends the claim. Undefined: there was none left. */
export const countClaimFailure = async (tx: Tx, codeId: string): Promise<number | undefined> => {
  const { rows } = await sql<{
    failures: number
  }>`update claim set failures = failures + 1, ended_at = case when failures + 1 >= ${confirmTries} then now() end
    where code_id = ${codeId} and ended_at is null and expires_at > now() and failures < ${confirmTries} returning failures`.execute(
    tx,
  )
  if (rows[0] && rows[0].failures >= confirmTries)
    await sql`delete from totp t using claim c where c.code_id = ${codeId} and t.user_id = c.user_id and t.id = c.totp_id and t.state = 'pending'`.execute(
      tx,
    )
  return rows[0]?.failures
}
/** Closes a claim for its confirmation; false: it is over, another key's, or its code was revoked meanwhile. */
export const endClaim = async (tx: Tx, codeId: string, key: Buffer): Promise<boolean> => {
  const { rows } =
    await sql`update claim c set ended_at = now() from code k, users u where c.code_id = ${codeId} and c.claim_key = ${key} and c.ended_at is null and c.expires_at > now()
    and c.failures < ${confirmTries} and c.epoch = (select epoch from deployment) and k.id = c.code_id and k.revoked_at is null and u.id = c.user_id and u.state in ('active', 'pending') returning c.code_id`.execute(
      tx,
    )
  return rows.length > 0
}
