import { randomInt } from 'node:crypto'
import { type CodeKind, codeKinds, type Destination } from '@postern/contract'
import { type Generated, sql } from 'kysely'
import type { By } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { toId, uuid7 } from '../../platform/ids.ts'
import { currentEpoch, type Keys, newToken } from '../../platform/keys.ts'
import { anOwner } from '../users/index.ts'
import { requestChannel } from './approval-table.ts'
import { type AuthenticatingKind, enrolmentKinds } from './codes-life.ts'

export { type By, byOf } from '../../platform/actor.ts'

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
      deliver: Generated<'none' | 'letter'>
      activationHash: Buffer | null
      activationTries: Generated<number>
      label: Generated<string>
      notBefore: Generated<Date>
      expiresAt: Date
      scanLimit: number | null
      scans: Generated<number>
      claimedAt: Date | null
      claimedBy: Buffer | null
      revokedAt: Date | null
      replacedBy: string | null
      destination: Destination | null
      brandId: string | null
      signInId: Generated<string | null>
      forSession: Generated<string | null>
      noticedAt: Date | null
      epoch: number
      version: Generated<number>
      createdAt: Generated<Date>
    }
    codeVersion: {
      codeId: string
      version: number
      changed: string[]
      fields: VersionFields
      byId: string | null
      byName: string | null
      at: Generated<Date>
    }
  }
}

/** All that an edit can change, as it stood at a version. Instants are RFC 3339; null: none. */
export type VersionFields = {
  label: string
  destination: Destination | null
  expiresAt: string | null
  notBefore: string | null
  scanLimit: number | null
  brandId: string | null
  ownerId: string | null
}
/** The version row of codes that a statement has just changed: `from` is a CTE with their columns. */
const versionOf = (from: string) =>
  sql.raw(`jsonb_build_object('label', ${from}.label, 'destination', ${from}.destination, 'expiresAt', nullif(${from}.expires_at, 'infinity'),
    'notBefore', nullif(${from}.not_before, '-infinity'), 'scanLimit', ${from}.scan_limit, 'brandId', ${from}.brand_id, 'ownerId', ${from}.owner_id)`)
/** Writes the version that a code now has; in the transaction, and under the row lock, of what raised it. */
export const writeVersion = async (tx: Tx, codeId: string, changed: readonly string[], { byId, byName }: By): Promise<void> => {
  await sql`insert into code_version (code_id, version, changed, fields, by_id, by_name)
    select c.id, c.version, ${changed}::text[], ${versionOf('c')}, ${byId}::uuid, ${byName} from code c where c.id = ${codeId}`.execute(
    tx,
  )
}

export type NewCode = {
  kind: CodeKind
  userId: string | null
  ownerId: string | null
  issuedBy: string | null
  bootstrap?: 'owner' | 'operator'
  suggestedUsername?: string
  resetPassword?: boolean
  /** The session that shows it, where it is for another phone of its own person. */
  forSession?: string
  label: string
  notBefore?: Date
  /** `letter`: the claim also asks for an activation number, which the answer holds once. */
  deliver?: 'letter'
}
/** Wrong activation numbers that end a code: a letter that somebody opened is one in 20 million to them. */
export const activationTries = 5
/** Eight digits, as a person hears or reads them; blanks and hyphens are dropped. */
const newActivation = (): string => String(randomInt(100_000_000)).padStart(8, '0')
export const activationHashOf = (keys: Keys, codeId: string, typed: string): Buffer =>
  keys.hash('activation', `${codeId}\n${typed.replace(/[\s-]/g, '')}`)
const nothing = {
  bootstrap: null,
  suggestedUsername: null,
  scanLimit: null,
  claimedAt: null,
  claimedBy: null,
  revokedAt: null,
  replacedBy: null,
  destination: null,
  brandId: null,
  noticedAt: null,
  activationHash: null,
  epoch: currentEpoch,
}
/** Inserts a code that authenticates; its secret is in this answer alone, the row keeps a keyed hash. */
export const insertCode = async (
  tx: Tx,
  keys: Keys,
  { expiresInMinutes, ...code }: NewCode & { expiresInMinutes: number },
  { id = uuid7(), secret = newToken() }: { id?: string; secret?: string | undefined } = {},
): Promise<{ id: string; secret: string; activation: string | undefined; expiresAt: Date }> => {
  const activation = code.deliver === 'letter' ? newActivation() : undefined
  const { expiresAt } = await tx
    .insertInto('code')
    .values({
      ...nothing,
      ...code,
      id,
      secretHash: keys.hash('code', `${id}\n${secret}`),
      activationHash: activation === undefined ? null : activationHashOf(keys, id, activation),
      expiresAt: sql<Date>`greatest(now(), ${code.notBefore ?? null}::timestamptz) + ${expiresInMinutes} * interval '1 min'`,
    })
    .returning('expiresAt')
    .executeTakeFirstOrThrow()
  await writeVersion(tx, id, ['issued'], { byId: code.ownerId, byName: code.issuedBy })
  return { id, secret, activation, expiresAt }
}
/** Inserts a link or static code; null in a limit: none. */
export const insertOpenCode = async (
  tx: Tx,
  code: Pick<NewCode, 'kind' | 'ownerId' | 'issuedBy' | 'label'> & {
    id?: string | undefined
    destination: Destination
    expiresAt: Date | null
    notBefore: Date | null
    scanLimit: number | null
    brandId: string | null
  },
  by: By,
): Promise<string> => {
  const id = code.id ?? uuid7()
  await tx
    .insertInto('code')
    .values({
      ...nothing,
      ...code,
      id,
      secretHash: null,
      userId: null,
      destination: JSON.stringify(code.destination) as never,
      expiresAt: code.expiresAt ?? sql<Date>`'infinity'`,
      notBefore: code.notBefore ?? sql<Date>`'-infinity'`,
    })
    .execute()
  await writeVersion(tx, id, ['issued'], by)
  return id
}

export const secretHashOf = (keys: Keys, id: string, secret: string): Buffer => keys.hash('code', `${id}\n${secret}`)

/** A link for the first operator dies by this alone as soon as there is one, by whatever way they came. */
const outlived = sql.raw(`(code.bootstrap is not distinct from 'owner' and code.claimed_at is null and ${anOwner})`)
/**
 * The one burn: kind, single use, revocation, validity and epoch, decided by one statement on database time. `seconds`: since a
 * moving code was made, until which the frames that were shown count as live.
 */
export const burn = (
  tx: Tx,
  id: string,
  secretHash: Buffer,
  claimKey: Buffer,
  activationHash: Buffer | null,
  seconds: number | null,
) =>
  tx
    .updateTable('code')
    .set({ claimedAt: sql<Date>`now()`, claimedBy: claimKey })
    .where('id', '=', id)
    .where('secretHash', '=', secretHash)
    .where((e) => e.or([e('activationHash', 'is', null), e('activationHash', '=', activationHash)]))
    .where('claimedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('notBefore', '<=', sql<Date>`now()`)
    .where('expiresAt', '>', sql<Date>`now()`)
    .where('epoch', '=', currentEpoch)
    .where(sql<boolean>`not ${outlived}`)
    .where(sql<boolean>`(${seconds}::float8 is null or now() <= created_at + ${seconds}::float8 * interval '1 s')`)
    .where((e) =>
      e.or([
        e('userId', 'is', null),
        e.exists(
          e.selectFrom('users').select('users.id').whereRef('users.id', '=', 'code.userId').where('users.state', '=', 'active'),
        ),
      ]),
    )
    .returning(['id', 'kind', 'userId', 'bootstrap', 'resetPassword'])
    .$narrowType<{ kind: AuthenticatingKind }>()
    .executeTakeFirst()

export type FoundCode = {
  id: string
  kind: AuthenticatingKind
  userId: string | null
  username: string | null
  bootstrap: 'owner' | 'operator' | null
  suggestedUsername: string | null
  resetPassword: boolean
  activationHash: Buffer | null
  revokedAt: Date | null
  claimedAt: Date | null
  claimedBy: Buffer | null
  notBefore: Date
  expiresAt: Date
  expired: boolean
  notYet: boolean
  usedUp: boolean
  /** Seconds since it was made, by the database’s clock. */
  age: number
}
const facts = [
  sql<boolean>`code.expires_at <= now() or code.epoch <> (select epoch from deployment) or coalesce(users.state in ('offboarded'), false)`.as(
    'expired',
  ),
  sql<boolean>`code.not_before > now()`.as('notYet'),
  sql<boolean>`coalesce(code.scans >= code.scan_limit, false)`.as('usedUp'),
  sql<number>`extract(epoch from now() - code.created_at)::float8`.as('age'),
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
      'activationHash',
      sql<Date | null>`case when ${outlived} then now() else code.revoked_at end`.as('revokedAt'),
      'claimedAt',
      'claimedBy',
      'notBefore',
      'expiresAt',
      ...facts,
    ])
    .where('code.id', '=', id)
    .where('secretHash', '=', secretHash)
    .$narrowType<{ kind: AuthenticatingKind }>()
    .executeTakeFirst()

/** Counts a wrong activation number inside the five. Undefined: none was left, so no verdict may leave. */
export const countActivationTry = async (tx: Tx, id: string): Promise<number | undefined> => {
  const { rows } = await sql<{ tries: number }>`update code set activation_tries = activation_tries + 1
    where id = ${id} and activation_tries < ${activationTries} and revoked_at is null and claimed_at is null returning activation_tries as tries`.execute(
    tx,
  )
  return rows[0]?.tries
}

/** True once an hour a code: the notice of a late claim is due. */
export const noticeDue = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx
    .updateTable('code')
    .set({ noticedAt: sql<Date>`now()` })
    .where('id', '=', id)
    .where((e) => e.or([e('noticedAt', 'is', null), e('noticedAt', '<', sql<Date>`now() - interval '1 h'`)]))
    .returning('id')
    .executeTakeFirst()) !== undefined

/**
 * Revokes codes: by id, those of a person that are open, or bootstrap codes; with `replacedBy` another has taken the place
 * of the one. Open is also what was claimed and not confirmed, whose claim ends with it; of the first operator’s only with
 * `claimed`. One statement, its locks in one order: claims, the codes, their versions, and the end of the sessions they opened.
 * The screen that draws a moving code hears of it.
 */
export const revokeCodes = async (
  tx: Tx,
  which:
    | { ids: readonly string[]; replacedBy?: string; unclaimed?: true }
    | { ofUser: string; kinds?: readonly CodeKind[]; issuedByThem?: true }
    | { bootstrap: 'owner'; claimed: boolean },
  { byId, byName }: By,
): Promise<{ id: string; revokedAt: Date }[]> => {
  const among =
    'ids' in which
      ? sql`id = any (${which.ids}::uuid[])`
      : 'ofUser' in which
        ? sql`user_id = ${which.ofUser} and kind = any (${which.kinds ?? codeKinds}::text[]) and (${which.issuedByThem !== true} or owner_id = user_id)`
        : sql`bootstrap = ${which.bootstrap}`
  const claimsToo = 'ofUser' in which || ('bootstrap' in which && which.claimed)
  const condition =
    'ids' in which && !which.unclaimed ? among : sql`${among} and (claimed_at is null or id in (select code_id from e))`
  const { rows } = await sql<{ id: string; revokedAt: Date }>`
    with e as (update claim m set ended_at = now() from (select id from code where ${claimsToo} and revoked_at is null and claimed_at is not null and ${among}) o
      where m.code_id = o.id and m.ended_at is null and m.user_id is not null returning m.code_id),
    l as materialized (select id from code where revoked_at is null and ${condition} order by id for no key update),
    r as (update code c set revoked_at = now(), version = c.version + 1, replaced_by = coalesce(${'replacedBy' in which ? which.replacedBy : null}::uuid, c.replaced_by)
      from l where c.id = l.id and c.revoked_at is null returning c.*),
    v as (insert into code_version (code_id, version, changed, fields, by_id, by_name)
      select r.id, r.version, '{revoked}', ${versionOf('r')}, ${byId}::uuid, ${byName} from r),
    s as (update session s set ended_at = now(), ended_why = 'its code was revoked' from r where s.code_id = r.id and s.ended_at is null)
    select id, revoked_at as "revokedAt", case when sign_in_id is not null then pg_notify(${requestChannel}, sign_in_id::text) end from r`.execute(
    tx,
  )
  return rows.map(({ id, revokedAt }) => ({ id, revokedAt }))
}
/** One open code a person: whoever issues one ends those by which they could have enrolled before. */
export const endOpenEnrolments = (tx: Tx, userId: string, by: By) =>
  revokeCodes(tx, { ofUser: userId, kinds: enrolmentKinds }, by)
/** Of links that were issued again: the code by which their printed symbol leads on, unless that one is revoked too. */
export const successorsOf = async (tx: Tx, ids: readonly string[]): Promise<Map<string, string>> => {
  const { rows } = await sql<{ id: string; by: string }>`select c.id, s.id as by from code c join code s on s.id = c.replaced_by
    where c.id = any (${ids}::uuid[]) and c.kind = 'link' and s.revoked_at is null`.execute(tx)
  return new Map(rows.map(({ id, by }) => [id, toId('cod', by)]))
}
