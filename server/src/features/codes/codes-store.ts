import type { CodeKind } from '@postern/contract'
import { type Generated, sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { uuid7 } from '../../platform/ids.ts'
import { currentEpoch, type Keys, newToken } from '../../platform/keys.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    code: {
      id: string
      kind: CodeKind
      secretHash: Buffer | null
      userId: string | null
      ownerId: string | null
      issuedBy: string | null
      bootstrap: 'owner' | 'operator' | null
      suggestedUsername: string | null
      resetPassword: Generated<boolean>
      label: Generated<string>
      notBefore: Generated<Date>
      expiresAt: Date
      scanLimit: number | null
      scans: Generated<number>
      claimedAt: Date | null
      claimedBy: Buffer | null
      revokedAt: Date | null
      noticedAt: Date | null
      epoch: number
      version: Generated<number>
      createdAt: Generated<Date>
    }
    scan: {
      id: string
      codeId: string
      outcome: string
      deviceType: string
      platform: string
      browser: string
      country: string
      bot: boolean
      addressTag: Buffer | null
    }
  }
}

export type NewCode = {
  kind: CodeKind
  userId: string | null
  ownerId: string | null
  issuedBy: string | null
  bootstrap?: 'owner' | 'operator'
  suggestedUsername?: string
  resetPassword?: boolean
  label: string
  notBefore?: Date
  expiresInMinutes: number
}
/** Inserts a code; its secret is in this answer alone, the row keeps a keyed hash. */
export const insertCode = async (tx: Tx, keys: Keys, code: NewCode): Promise<{ id: string; secret: string; expiresAt: Date }> => {
  const id = uuid7()
  const secret = newToken()
  const { expiresAt } = await tx
    .insertInto('code')
    .values({
      id,
      kind: code.kind,
      secretHash: keys.hash('code', `${id}\n${secret}`),
      userId: code.userId,
      ownerId: code.ownerId,
      issuedBy: code.issuedBy,
      bootstrap: code.bootstrap ?? null,
      suggestedUsername: code.suggestedUsername ?? null,
      resetPassword: code.resetPassword ?? false,
      label: code.label,
      ...(code.notBefore ? { notBefore: code.notBefore } : {}),
      expiresAt: sql<Date>`greatest(now(), ${code.notBefore ?? null}::timestamptz) + ${code.expiresInMinutes} * interval '1 min'`,
      scanLimit: null,
      claimedAt: null,
      claimedBy: null,
      revokedAt: null,
      noticedAt: null,
      epoch: currentEpoch,
    })
    .returning('expiresAt')
    .executeTakeFirstOrThrow()
  return { id, secret, expiresAt }
}

export const secretHashOf = (keys: Keys, id: string, secret: string): Buffer => keys.hash('code', `${id}\n${secret}`)

/** The one burn: kind, single use, revocation, validity and epoch, decided by one statement on database time. */
export const burn = (tx: Tx, id: string, secretHash: Buffer, claimKey: Buffer) =>
  tx
    .updateTable('code')
    .set({ claimedAt: sql<Date>`now()`, claimedBy: claimKey })
    .where('id', '=', id)
    .where('secretHash', '=', secretHash)
    .where('claimedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('notBefore', '<=', sql<Date>`now()`)
    .where('expiresAt', '>', sql<Date>`now()`)
    .where('epoch', '=', currentEpoch)
    .where((e) =>
      e.or([
        e('userId', 'is', null),
        e.exists(
          e.selectFrom('users').select('users.id').whereRef('users.id', '=', 'code.userId').where('users.state', '=', 'active'),
        ),
      ]),
    )
    .returning(['id', 'kind', 'userId', 'bootstrap', 'resetPassword'])
    .executeTakeFirst()

export type FoundCode = {
  id: string
  kind: CodeKind
  userId: string | null
  username: string | null
  bootstrap: 'owner' | 'operator' | null
  suggestedUsername: string | null
  resetPassword: boolean
  revokedAt: Date | null
  claimedAt: Date | null
  claimedBy: Buffer | null
  notBefore: Date
  expiresAt: Date
  expired: boolean
  notYet: boolean
  usedUp: boolean
}
const facts = [
  sql<boolean>`code.expires_at <= now() or code.epoch <> (select epoch from deployment) or coalesce(users.state in ('offboarded'), false)`.as(
    'expired',
  ),
  sql<boolean>`code.not_before > now()`.as('notYet'),
  sql<boolean>`coalesce(code.scans >= code.scan_limit, false)`.as('usedUp'),
] as const
/** For who holds the full secret; to anyone else the code is unknown. */
export const findBySecret = (db: Db | Tx, id: string, secretHash: Buffer): Promise<FoundCode | undefined> =>
  db
    .selectFrom('code')
    .leftJoin('users', 'users.id', 'code.userId')
    .select([
      'code.id',
      'kind',
      'userId',
      'users.username',
      'bootstrap',
      'suggestedUsername',
      'resetPassword',
      'revokedAt',
      'claimedAt',
      'claimedBy',
      'notBefore',
      'expiresAt',
      ...facts,
    ])
    .where('code.id', '=', id)
    .where('secretHash', '=', secretHash)
    .executeTakeFirst()

/** True once an hour a code: the notice of a late claim is due. */
export const noticeDue = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx
    .updateTable('code')
    .set({ noticedAt: sql<Date>`now()` })
    .where('id', '=', id)
    .where((e) => e.or([e('noticedAt', 'is', null), e('noticedAt', '<', sql<Date>`now() - interval '1 h'`)]))
    .returning('id')
    .executeTakeFirst()) !== undefined

/** Ends open codes: by id, of a person, or bootstrap codes. The sessions that they opened end with them. */
export const revokeCodes = async (
  tx: Tx,
  which: { id: string } | { ofUser: string } | { bootstrap: 'owner' },
): Promise<{ id: string; revokedAt: Date }[]> => {
  let query = tx
    .updateTable('code')
    .set({ revokedAt: sql<Date>`now()`, version: sql<number>`version + 1` })
    .where('revokedAt', 'is', null)
    .returning(['id', 'revokedAt'])
  if ('id' in which) query = query.where('id', '=', which.id)
  else if ('ofUser' in which) query = query.where('userId', '=', which.ofUser).where('claimedAt', 'is', null)
  else query = query.where('bootstrap', '=', which.bootstrap).where('claimedAt', 'is', null)
  const revoked = (await query.execute()) as { id: string; revokedAt: Date }[]
  if (revoked.length > 0)
    await sql`update session set ended_at = now(), ended_why = 'its code was revoked' where code_id = any (${revoked.map((row) => row.id)}::uuid[]) and ended_at is null`.execute(
      tx,
    )
  return revoked
}

/** A scan of a known code is one row; whoever opens, however often, changes nothing else. */
export const insertScan = (
  tx: Tx,
  scan: {
    codeId: string
    outcome: string
    deviceType: string
    platform: string
    browser: string
    country: string
    bot: boolean
    addressTag: Buffer | null
  },
) =>
  tx
    .insertInto('scan')
    .values({ id: uuid7(), ...scan })
    .execute()
