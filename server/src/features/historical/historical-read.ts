import type * as contract from '@postern/contract'
import type { CodeKind, HistoricalItem, In, KeyOrigin, Out } from '@postern/contract'
import { sql } from 'kysely'
import type { Db } from '../../platform/db.ts'
import { cursorId, fromId, toId } from '../../platform/ids.ts'
import { stateOf } from '../codes/index.ts'
import { renewalDue, renewBy } from '../users/index.ts'

/** Kinds of codes that enrol a factor. */
const enrolmentKinds: readonly CodeKind[] = ['enrol-totp', 'enrol-device']
const ofEnrolment = sql`c.kind = any (${enrolmentKinds}::text[])`
const codeIsOver = sql`(c.expires_at <= now() or c.epoch <> (select epoch from deployment))`
/** An enrolment code that can still be claimed, now or later. */
export const codeIsOpen = sql<boolean>`(${ofEnrolment} and c.claimed_at is null and c.revoked_at is null and not ${codeIsOver})`
export const keyIsPending = sql<boolean>`(t.state = 'pending' and t.expires_at > now())`
/** Nobody has signed in with it: its only passcode was the one that confirmed it. */
const keyIsUnused = sql<boolean>`coalesce(t.last_used_at <= t.confirmed_at, true)`
const due = sql<boolean>`${sql.raw(renewalDue('t', 'p'))}`

type Filter = Omit<In<typeof contract.listHistorical>, 'limit' | 'cursor'>
const both = (wanted: 'true' | 'false' | undefined, condition: ReturnType<typeof sql<boolean>>) =>
  wanted === undefined ? [] : [wanted === 'true' ? condition : sql<boolean>`not ${condition}`]
const olderThan = (minutes: number | undefined, column: string) =>
  minutes === undefined ? [] : [sql<boolean>`${sql.ref(column)} < now() - ${minutes} * interval '1 min'`]
const all = (conditions: ReturnType<typeof sql<boolean>>[]) => sql.join([sql`true`, ...conditions], sql` and `)

const codesFitting = (filter: Filter) =>
  all([
    ofEnrolment as ReturnType<typeof sql<boolean>>,
    // a code is always ours, and has nothing to renew
    ...(filter.kind === 'key' || filter.origin === 'imported' || filter.due === 'true' ? [sql<boolean>`false`] : []),
    ...olderThan(filter.olderThanMinutes, 'c.created_at'),
    ...both(filter.pending, codeIsOpen),
    ...both(filter.neverUsed, sql<boolean>`(c.claimed_at is null)`),
    ...(filter.userId ? [sql<boolean>`c.user_id = ${fromId(filter.userId)}::uuid`] : []),
  ])
const keysFitting = (filter: Filter) =>
  all([
    sql<boolean>`t.state <> 'retired'`,
    ...(filter.kind === 'code' ? [sql<boolean>`false`] : []),
    ...(filter.origin ? [sql<boolean>`t.origin = ${filter.origin}`] : []),
    ...olderThan(filter.olderThanMinutes, 't.created_at'),
    ...both(filter.pending, keyIsPending),
    ...both(filter.neverUsed, keyIsUnused),
    ...both(filter.due, sql<boolean>`(t.state = 'active' and ${due})`),
    ...(filter.userId ? [sql<boolean>`t.user_id = ${fromId(filter.userId)}::uuid`] : []),
  ])

type Row = {
  id: string
  kind: 'code' | 'key'
  origin: KeyOrigin
  keyState: 'pending' | 'active' | null
  userId: string | null
  username: string | null
  codeId: string | null
  createdAt: Date
  confirmedAt: Date | null
  lastUsedAt: Date | null
  expiresAt: Date | null
  renewBy: Date | null
  renewalDue: boolean
  claimedAt: Date | null
  revokedAt: Date | null
  expired: boolean
  notYet: boolean
}
const toItem = (row: Row): HistoricalItem => ({
  id: toId(row.kind === 'code' ? 'cod' : 'tot', row.id),
  kind: row.kind,
  origin: row.origin,
  state: row.keyState ?? stateOf({ ...row, usedUp: false }),
  user: row.userId && row.username ? { id: toId('usr', row.userId), username: row.username } : null,
  codeId: row.codeId && toId('cod', row.codeId),
  createdAt: row.createdAt.toISOString(),
  confirmedAt: row.confirmedAt?.toISOString() ?? null,
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  expiresAt: row.expiresAt?.toISOString() ?? null,
  renewBy: row.renewBy?.toISOString() ?? null,
  renewalDue: row.renewalDue,
})

/** Codes and keys in one list, oldest first: ids of both sort by time. Secrets are not read. */
export const readHistorical = async (
  db: Db,
  { limit, cursor, ...filter }: In<typeof contract.listHistorical>,
): Promise<Out<typeof contract.listHistorical>> => {
  const after = cursor ? cursorId(cursor.startsWith('tot_') ? 'tot' : 'cod', cursor) : null
  const { rows } = await sql<Row>`
    select x.*, u.username from (
      (select c.id, 'code' as kind, 'postern' as origin, null as key_state, c.user_id, c.id as code_id, c.created_at, null::timestamptz as confirmed_at,
        c.claimed_at as last_used_at, nullif(c.expires_at, 'infinity') as expires_at, null::timestamptz as renew_by, false as renewal_due,
        c.claimed_at, c.revoked_at, ${codeIsOver} as expired, c.not_before > now() as not_yet
        from code c where ${codesFitting(filter)} and (${after}::uuid is null or c.id > ${after}::uuid) order by c.id limit ${limit + 1})
      union all
      (select t.id, 'key', t.origin, t.state, t.user_id, l.code_id, t.created_at, t.confirmed_at,
        case when t.last_used_at > t.confirmed_at then t.last_used_at end, t.expires_at,
        case when t.state = 'active' then ${sql.raw(renewBy('t', 'p'))} end, t.state = 'active' and ${due}, null, null, false, false
        from authentication_settings p, totp t left join claim l on l.user_id = t.user_id and l.totp_id = t.id
        where ${keysFitting(filter)} and (${after}::uuid is null or t.id > ${after}::uuid) order by t.id limit ${limit + 1})
    ) x left join users u on u.id = x.user_id order by x.id limit ${limit + 1}`.execute(db)
  const items = rows.slice(0, limit).map(toItem)
  return { items, nextCursor: rows.length > limit ? (items.at(-1) as HistoricalItem).id : null }
}

export const countHistorical = async (
  db: Db,
  { olderThanMinutes }: In<typeof contract.countHistorical>,
): Promise<Out<typeof contract.countHistorical>> => {
  const codes = all([codeIsOpen, ...olderThan(olderThanMinutes, 'c.created_at')])
  const keys = all([sql<boolean>`t.state <> 'retired'`, ...olderThan(olderThanMinutes, 't.created_at')])
  const { rows } = await sql<Out<typeof contract.countHistorical>>`
    select (select count(*)::int from code c where ${codes}) as open_codes,
      count(*) filter (where ${keyIsPending})::int as pending_keys, count(*) filter (where t.state = 'active')::int as active_keys,
      count(*) filter (where t.state = 'active' and t.origin = 'imported')::int as imported_keys,
      count(*) filter (where t.state = 'active' and ${keyIsUnused})::int as never_used_keys,
      count(*) filter (where t.state = 'active' and ${due})::int as due_keys
    from authentication_settings p left join totp t on ${keys}`.execute(db)
  return rows[0] as Out<typeof contract.countHistorical>
}
