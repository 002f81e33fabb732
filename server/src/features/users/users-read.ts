import type { In, KeyOrigin, listUsers, Role, User } from '@postern/contract'
import { sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { toId } from '../../platform/ids.ts'
import { invalid } from '../../platform/refusal.ts'
import { renewalDue, renewBy } from './renewal.ts'
import { hasSecondFactor, lostFactor, recoveryCodesLeft } from './second-factor.ts'
import { anyCase } from './users-rules.ts'
import type { UserState } from './users-store.ts'

type Row = {
  id: string
  username: string
  displayName: string
  email: string | null
  state: Exclude<UserState, 'pending'>
  version: number
  createdAt: Date
  roles: Role[]
  password: boolean
  totp: boolean
  devices: number
  recoveryCodesLeft: number
  locked: User['locked']
  lockedForKnown: User['lockedForKnown']
  openSessions: number
  lastSignInAt: Date | null
  due: boolean
  wayBack: User['wayBack'] | null
  totpKey: {
    id: string
    origin: KeyOrigin
    confirmedAt: string
    lastUsedAt: string | null
    renewBy: string | null
    renewalDue: boolean
  } | null
}
const due = sql`(u.state = 'active' and not ${sql.raw(hasSecondFactor('u.id'))}
  and exists (select from user_role r, authentication_settings p where r.user_id = u.id and r.role = any (p.second_factor_roles) and coalesce(p.second_factor_from, '-infinity') <= now()))`
/** What a sign-in asks of who has lost the second factor that policy demands, as `nextStep` decides it; without a password none begins. */
const wayBack = sql`(case when ${due} then
    case when exists (select from password where user_id = u.id) and ${sql.raw(recoveryCodesLeft('u.id'))} > 0 then 'recovery-code'
      when ${sql.raw(lostFactor('u.id'))} then 'operator' end end)`
/** Factors that are closed in a lane: 0 is that of unknown browsers. */
const locked = (lane: '= 0' | '> 0') =>
  sql.raw(`array(select factor from attempt where account_key = u.id and lane ${lane} and failures >= 100 order by factor)`)
const select = sql`select u.id, u.username, u.display_name as "displayName", u.email, u.state, u.version, u.created_at as "createdAt",
  array(select role from user_role where user_id = u.id order by array_position(array['user','auditor','operator','owner'], role)) as roles,
  exists (select from password where user_id = u.id) as password, exists (select from totp where user_id = u.id and state = 'active') as totp,
  (select count(*)::int from device where user_id = u.id and state = 'active') as devices,
  ${sql.raw(recoveryCodesLeft('u.id'))} as "recoveryCodesLeft",
  ${locked('= 0')} as locked, ${locked('> 0')} as "lockedForKnown",
  (select count(*)::int from session s where s.user_id = u.id and s.ended_at is null and s.expires_at > now() and s.seen_at > now() - s.idle) as "openSessions",
  greatest(u.forgotten_sign_in_at, (select max(last_at) from known_browser where user_id = u.id)) as "lastSignInAt", ${due} as due, ${wayBack} as "wayBack",
  (select jsonb_build_object('id', t.id, 'origin', t.origin, 'confirmedAt', t.confirmed_at, 'lastUsedAt', t.last_used_at,
    'renewBy', ${sql.raw(renewBy('t', 'p'))}, 'renewalDue', ${sql.raw(renewalDue('t', 'p'))})
    from totp t, authentication_settings p where t.user_id = u.id and t.state = 'active') as "totpKey" from users u`

/** What JSON of the database says of an instant, as the contract says it. */
const instant = (text: string | null): string | null => text && new Date(text).toISOString()
const toUser = (row: Row): User => ({
  id: toId('usr', row.id),
  username: row.username,
  displayName: row.displayName,
  email: row.email,
  roles: row.roles,
  state: row.state,
  factors: { password: row.password, totp: row.totp, devices: row.devices, recoveryCodesLeft: row.recoveryCodesLeft },
  totpKey: row.totpKey && {
    ...row.totpKey,
    id: toId('tot', row.totpKey.id),
    confirmedAt: instant(row.totpKey.confirmedAt) as string,
    lastUsedAt: instant(row.totpKey.lastUsedAt),
    renewBy: instant(row.totpKey.renewBy),
  },
  enrolmentDue: row.due,
  ...(row.wayBack ? { wayBack: row.wayBack } : {}),
  locked: row.locked,
  lockedForKnown: row.lockedForKnown,
  openSessions: row.openSessions,
  lastSignInAt: row.lastSignInAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  version: row.version,
})

type UserFilter = Pick<In<typeof listUsers>, 'q' | 'state' | 'role' | 'due'>
export const readUser = async (db: Db | Tx, id: string): Promise<User | undefined> => {
  const { rows } = await sql<Row>`${select} where u.id = ${id} and u.state <> 'pending'`.execute(db)
  return rows[0] && toUser(rows[0])
}
/** Who a filter finds: their rows, and `usernameKey` to go by. */
export const matchingUsers = ({ q, state, role, due }: UserFilter) => {
  const pattern = q ? anyCase(q.trim()) : null
  return sql<Row & { usernameKey: string }>`select * from (${select}) x
    join (select id as key_id, username_key as "usernameKey" from users) k on k.key_id = x.id
    where x.state <> 'pending' and (${state ?? null}::text is null or x.state = ${state ?? null})
      and (${role ?? null}::text is null or ${role ?? null} = any (x.roles))
      and (${due ?? null}::boolean is null or (x.due or coalesce((x."totpKey"->>'renewalDue')::boolean, false)) = ${due ?? null}::boolean)
      and (${pattern}::text is null or x.username ~ ${pattern} or x.email ~ ${pattern} or x."displayName" ~ ${pattern})`
}
/** By user name; the cursor is the last one's key. */
export const readUsers = async (db: Db, filter: In<typeof listUsers>): Promise<{ items: User[]; nextCursor: string | null }> => {
  const after = filter.cursor ? Buffer.from(filter.cursor, 'base64url').toString() : ''
  if (/[\0\ufffd]/.test(after)) throw invalid('cursor', 'is not a nextCursor of this list')
  const { rows } = await sql<Row & { usernameKey: string }>`${matchingUsers(filter)} and k."usernameKey" > ${after}
    order by k."usernameKey" limit ${filter.limit + 1}`.execute(db)
  const shown = rows.slice(0, filter.limit)
  return {
    items: shown.map(toUser),
    nextCursor:
      rows.length > filter.limit
        ? Buffer.from((shown.at(-1) as { usernameKey: string }).usernameKey).toString('base64url')
        : null,
  }
}
