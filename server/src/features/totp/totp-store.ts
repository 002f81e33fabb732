import { createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Generated, sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { uuid7 } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import { type Algorithm, base32, otpauthUrl, type TotpParameters } from './totp-rules.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    totp: {
      userId: string
      id: string
      state: 'pending' | 'active' | 'retired'
      sealed: Buffer | null
      algorithm: Algorithm
      digits: 6 | 8
      period: 15 | 30 | 60
      lastStep: Generated<number>
      failures: Generated<number>
      origin: Generated<'postern' | 'imported'>
      confirmedAt: Date | null
      lastUsedAt: Date | null
      expiresAt: Date | null
      createdAt: Generated<Date>
      renewFrom: Generated<Date | null>
      revokedAt: Generated<Date | null>
    }
  }
}

/** Minutes that a key may wait for its confirmation (threat 9: at most 10). */
export const pendingMinutes = 10
/** Wrong passcodes that end a pending key. */
export const pendingTries = 5
const rowOf = (userId: string, id: string) => ({ table: 'totp', row: id, user: userId })

/** The shared secret of a row, as a key that cannot be printed. Throws where the row was tampered with. */
export const totpKey = (keys: Keys, userId: string, id: string, sealed: Buffer): KeyObject =>
  createSecretKey(totpSecret(keys, userId, id, sealed))
/** Its bytes, for who makes a fingerprint of them. */
export const totpSecret = (keys: Keys, userId: string, id: string, sealed: Buffer): Buffer =>
  keys.unseal(rowOf(userId, id), sealed)

export type NewTotp = { id: string; secret: string; otpauthUrl: string; expiresAt: Date }
/** A fresh 160-bit secret (RFC 4226 §4 R6), pending; the pending one before is gone, an active one stays good. */
export const insertPending = async (
  tx: Tx,
  keys: Keys,
  owner: { userId: string; label: string; issuer: string },
  parameters: TotpParameters,
): Promise<NewTotp> => {
  const secret = randomBytes(20)
  const id = uuid7()
  await tx.deleteFrom('totp').where('userId', '=', owner.userId).where('state', '=', 'pending').execute()
  const { expiresAt } = await tx
    .insertInto('totp')
    .values({
      userId: owner.userId,
      id,
      state: 'pending',
      sealed: keys.seal('totp', rowOf(owner.userId, id), secret),
      algorithm: parameters.algorithm,
      digits: parameters.digits as 6 | 8,
      period: parameters.period as 15 | 30 | 60,
      confirmedAt: null,
      lastUsedAt: null,
      expiresAt: sql<Date>`now() + ${pendingMinutes} * interval '1 min'`,
    })
    .returning(sql<Date>`expires_at`.as('expiresAt'))
    .executeTakeFirstOrThrow()
  const text = base32(secret)
  return { id, secret: text, otpauthUrl: otpauthUrl(text, owner.issuer, owner.label, parameters), expiresAt }
}

export type PendingTotp = {
  id: string
  sealed: Buffer
  algorithm: Algorithm
  digits: 6 | 8
  period: 15 | 30 | 60
  failures: number
  expiresAt: Date
  now: Date
}
/** The pending key of a person, with the database's time beside it. */
export const findPending = async (db: Db | Tx, userId: string, id: string): Promise<PendingTotp | undefined> =>
  (await db
    .selectFrom('totp')
    .select(['id', 'sealed', 'algorithm', 'digits', 'period', 'failures', 'expiresAt', sql<Date>`now()`.as('now')])
    .where('userId', '=', userId)
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .where('expiresAt', '>', sql<Date>`now()`)
    .executeTakeFirst()) as PendingTotp | undefined

/** Until when, in seconds since 1970, steps of a person are spent, by any key that they have or had: their periods may differ. */
const spentUntil = (userId: string) =>
  sql<number>`coalesce((select max((o.last_step + 1) * o.period) from totp o where o.user_id = ${userId}), 0)`
/**
 * Pending → active, after the old one was retired, in the transaction of the confirmation. The step is spent with it, and
 * must begin after each that another key of the person took: one acceptance a step and person, whatever the key. The old
 * one's row is locked by its retirement, so no sign-in comes between.
 */
export const activate = async (tx: Tx, userId: string, id: string, step: number): Promise<boolean> => {
  await sql`update totp set state = 'retired', sealed = null where user_id = ${userId} and state = 'active'`.execute(tx)
  const activated = await tx
    .updateTable('totp')
    .set({ state: 'active', expiresAt: null, lastStep: step, confirmedAt: sql<Date>`now()`, lastUsedAt: sql<Date>`now()` })
    .where('userId', '=', userId)
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .where('expiresAt', '>', sql<Date>`now()`)
    .where('failures', '<', pendingTries)
    .where(sql<boolean>`${step}::bigint * period >= ${spentUntil(userId)}`)
    .returning('id')
    .executeTakeFirst()
  return activated !== undefined
}
/** Seconds until a key shows the first passcode that no key of the person has spent. */
export const secondsToUnspent = async (tx: Tx, userId: string, id: string): Promise<number> => {
  const { seconds } = await tx
    .selectFrom('totp')
    .select(
      sql<number>`ceil(greatest(floor(extract(epoch from now()) / period) + 1, ceil(${spentUntil(userId)}::numeric / period)) * period - extract(epoch from now()))::int`.as(
        'seconds',
      ),
    )
    .where('userId', '=', userId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return seconds
}
/** Counts a wrong passcode for a pending key inside its five; undefined: there was none left, so no verdict may leave. */
export const countPendingFailure = async (tx: Tx, userId: string, id: string): Promise<number | undefined> => {
  const { rows } = await sql<{
    failures: number
  }>`update totp set failures = failures + 1, expires_at = case when failures + 1 >= ${pendingTries} then now() else expires_at end
    where user_id = ${userId} and id = ${id} and state = 'pending' and expires_at > now() and failures < ${pendingTries} returning failures`.execute(
    tx,
  )
  return rows[0]?.failures
}
/** Ends a person's keys, secrets and all. True where one was active. */
export const retire = async (tx: Tx, userId: string): Promise<boolean> => {
  await tx.deleteFrom('totp').where('userId', '=', userId).where('state', '=', 'pending').execute()
  const { rows } =
    await sql`update totp set state = 'retired', sealed = null where user_id = ${userId} and state = 'active' returning id`.execute(
      tx,
    )
  return rows.length > 0
}
/** Takes a key away from its person. Answers since when it was theirs; undefined: it is no more, or was never confirmed. */
export const revokeKey = async (tx: Tx, userId: string, id: string): Promise<Date | undefined> => {
  await tx.deleteFrom('totp').where('userId', '=', userId).where('id', '=', id).where('state', '=', 'pending').execute()
  const { rows } = await sql<{ confirmedAt: Date }>`update totp set state = 'retired', sealed = null, revoked_at = now()
    where user_id = ${userId} and id = ${id} and state = 'active' returning confirmed_at as "confirmedAt"`.execute(tx)
  return rows[0]?.confirmedAt
}
export const hasActive = async (db: Db | Tx, userId: string): Promise<boolean> =>
  (await db.selectFrom('totp').select('id').where('userId', '=', userId).where('state', '=', 'active').executeTakeFirst()) !==
  undefined

/** Active keys of these people are due for renewal from an instant on, whatever their age; null: no longer by this. */
export const demandRenewal = async (tx: Tx, userIds: readonly string[], from: string | null): Promise<void> => {
  await sql`with l as materialized (select user_id, id from totp where user_id = any (${userIds}::uuid[]) and state = 'active' order by user_id for no key update)
    update totp t set renew_from = ${from}::timestamptz from l where t.user_id = l.user_id and t.id = l.id and t.state = 'active'`.execute(
    tx,
  )
}

/**
 * A key from elsewhere becomes the person's active one; the one before is gone. The present step counts as taken, so that
 * no passcode that was shown before is good here, and so do those that a key before took. In the transaction of the import, under the person's lock.
 */
export const insertImported = async (
  tx: Tx,
  keys: Keys,
  userId: string,
  { secret, algorithm, digits, period }: TotpParameters & { secret: Uint8Array },
): Promise<string> => {
  const id = uuid7()
  await sql`update totp set state = 'retired', sealed = null where user_id = ${userId} and state = 'active'`.execute(tx)
  await tx
    .insertInto('totp')
    .values({
      userId,
      id,
      state: 'active',
      sealed: keys.seal('totp', rowOf(userId, id), Buffer.from(secret)),
      algorithm,
      digits: digits as 6 | 8,
      period: period as 15 | 30 | 60,
      lastStep: sql<number>`greatest(floor(extract(epoch from now()) / ${period}), ceil(${spentUntil(userId)}::numeric / ${period}) - 1)::bigint`,
      origin: 'imported',
      confirmedAt: sql<Date>`now()`,
      lastUsedAt: null,
      expiresAt: null,
    })
    .execute()
  return id
}
/** Whether a secret is the one of a sealed key; takes as long either way. */
export const isSameKey = (keys: Keys, userId: string, id: string, sealed: Buffer, secret: Uint8Array): boolean => {
  const held = totpSecret(keys, userId, id, sealed)
  return held.length === secret.length && timingSafeEqual(held, secret)
}
