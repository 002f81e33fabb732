import { randomBytes } from 'node:crypto'
import { type Generated, sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import type { Keys } from '../../platform/keys.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    recoveryCode: { userId: string; hash: Buffer; usedAt: Date | null; createdAt: Generated<Date> }
  }
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const setSize = 10

/** 120 random bits as 24 characters of Crockford Base32, in groups of four. */
const newCode = (): string => {
  const bytes = randomBytes(24)
  return Array.from(bytes, (byte) => alphabet[byte & 31])
    .join('')
    .replace(/(.{4})(?=.)/g, '$1-')
}
/** As typed: any case, blanks and hyphens, and the letters that Crockford's alphabet reads as digits. */
const normalise = (typed: string): string => typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
export const hashRecoveryCode = (keys: Keys, userId: string, typed: string): Buffer =>
  keys.hash('recovery-code', `${userId}\n${normalise(typed)}`)

/** A new set: every old code is void in the same transaction. Answered once, kept as keyed hashes only. */
export const replaceRecoveryCodes = async (tx: Tx, keys: Keys, userId: string): Promise<string[]> => {
  const codes = Array.from({ length: setSize }, newCode)
  await tx.deleteFrom('recoveryCode').where('userId', '=', userId).execute()
  await tx
    .insertInto('recoveryCode')
    .values(codes.map((code) => ({ userId, hash: hashRecoveryCode(keys, userId, code), usedAt: null })))
    .execute()
  return codes
}
/** Ends codes that were made from an instant on; false: there was none. */
export const endRecoveryCodesSince = async (tx: Tx, userId: string, since: Date): Promise<boolean> =>
  (await tx.deleteFrom('recoveryCode').where('userId', '=', userId).where('createdAt', '>=', since).executeTakeFirst())
    .numDeletedRows > 0n
/** The one use of a code: of any number of parallel tries one gets its row. */
export const useRecoveryCode = async (tx: Tx, userId: string, hash: Buffer): Promise<boolean> => {
  const used = await tx
    .updateTable('recoveryCode')
    .set({ usedAt: sql<Date>`now()` })
    .where('userId', '=', userId)
    .where('hash', '=', hash)
    .where('usedAt', 'is', null)
    .returning('hash')
    .executeTakeFirst()
  return used !== undefined
}
export const recoveryCodesLeft = async (
  db: Db | Tx,
  userId: string,
): Promise<{ left: number; total: number; createdAt: Date | null }> => {
  const { rows } = await sql<{
    left: number
    total: number
    at: Date | null
  }>`select count(*) filter (where used_at is null)::int as left, count(*)::int as total, min(created_at) as at
    from recovery_code where user_id = ${userId}`.execute(db)
  const row = rows[0] as { left: number; total: number; at: Date | null }
  return { left: row.left, total: row.total, createdAt: row.at }
}
