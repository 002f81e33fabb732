import { type Generated, sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import type { Keys } from '../../platform/keys.ts'
import { invalid } from '../../platform/refusal.ts'
import { weaknessInWords, weaknessOf } from './password-rules.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    password: { userId: string; sealedHash: Buffer; changedAt: Generated<Date>; codeId: string | null }
  }
}
const rowOf = (userId: string) => ({ table: 'password', row: userId, user: userId })

/** Throws 422 with what is wrong, at the field that carried it. */
export const requireStrong = (password: string, names: readonly string[], path: string): void => {
  const weakness = weaknessOf(password, ['postern', ...names])
  if (weakness) throw invalid(path, `this password ${weaknessInWords[weakness]}; several unrelated words work well`, weakness)
}
/**
 * `codeId`: of the code in whose confirmation it is chosen. Without one it takes the place of a password that was proved, and
 * keeps where that came from: who had it from a code that was never for them does not shake that off by changing it.
 */
export const setPassword = async (tx: Tx, keys: Keys, userId: string, phc: string, codeId?: string): Promise<void> => {
  const sealedHash = keys.seal('password', rowOf(userId), Buffer.from(phc))
  await tx
    .insertInto('password')
    .values({ userId, sealedHash, codeId: codeId ?? null })
    .onConflict((on) =>
      on.column('userId').doUpdateSet({ sealedHash, changedAt: sql<Date>`now()`, ...(codeId ? { codeId } : {}) }),
    )
    .execute()
  await sql`delete from attempt where account_key = ${userId} and factor = 'password'`.execute(tx)
}
/** The PHC string; undefined where the person has no password. */
export const findPasswordHash = async (db: Db | Tx, keys: Keys, userId: string): Promise<string | undefined> => {
  const row = await db.selectFrom('password').select('sealedHash').where('userId', '=', userId).executeTakeFirst()
  return row && keys.unseal(rowOf(userId), row.sealedHash).toString()
}
/** Ends the password that came of a code; false: it came of another. */
export const endPasswordOfCode = async (tx: Tx, userId: string, codeId: string): Promise<boolean> =>
  (await tx
    .deleteFrom('password')
    .where('userId', '=', userId)
    .where('codeId', '=', codeId)
    .returning('userId')
    .executeTakeFirst()) !== undefined
export const hasPassword = async (db: Db | Tx, userId: string): Promise<boolean> =>
  (await db.selectFrom('password').select('userId').where('userId', '=', userId).executeTakeFirst()) !== undefined
