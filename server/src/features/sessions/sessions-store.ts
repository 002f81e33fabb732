import { type Generated, sql } from 'kysely'
import type pg from 'pg'
import type { LiveSession, Source } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { Group } from '../../platform/group.ts'
import { uuid7 } from '../../platform/ids.ts'
import { currentEpoch, type Keys, newToken } from '../../platform/keys.ts'
import { hasSecondFactor, renewalDue } from '../users/index.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    session: {
      hash: Buffer
      id: string
      userId: string
      scope: Generated<'full' | 'recovery'>
      keyThumbprint: Buffer
      codeId: string | null
      deviceId: string | null
      acr: 'aal1' | 'aal2' | 'phr' | 'phrh'
      amr: string[]
      provedAt: Generated<Date>
      seenAt: Generated<Date>
      idle: Generated<string>
      expiresAt: Date
      endedAt: Date | null
      endedWhy: string | null
      deviceType: string
      platform: string
      browser: string
      country: string
      epoch: number
      createdAt: Generated<Date>
    }
    knownBrowser: { userId: string; thumbprint: Buffer; lastAt: Generated<Date> }
  }
}

/** A session is live by this condition alone, wherever it decides: also the person, the epoch, the code and the device that opened it. */
const live = `s.ended_at is null and s.expires_at > now() and s.seen_at > now() - s.idle and s.epoch = (select epoch from deployment) and u.state = 'active'
  and not exists (select from code c where c.id = s.code_id and c.revoked_at is not null)
  and not exists (select from device d where d.id = s.device_id and d.state <> 'active')`
const idleExpiresAt = `least(s.seen_at + s.idle, s.expires_at) as "idleExpiresAt"`
const facts = `s.hash, s.id, s.user_id as "userId", u.username, u.display_name as "displayName", s.key_thumbprint as "keyThumbprint", s.scope, s.acr, s.amr,
  s.proved_at as "provedAt", s.expires_at as "expiresAt", s.code_id as "codeId", s.device_id as "deviceId", (select d.name from device d where d.id = s.device_id) as "deviceName", ${idleExpiresAt}, s.proved_at > now() - interval '5 min' as fresh, s.seen_at < now() - interval '30 s' as touch,
  array(select r.role from user_role r where r.user_id = u.id) as roles,
  ((s.acr = 'aal1' or not ${hasSecondFactor('u.id')})
    and exists (select from user_role r, authentication_settings p where r.user_id = u.id and r.role = any (p.second_factor_roles)
      and coalesce(p.second_factor_from, '-infinity') <= now())) as "mustStepUp",
  exists (select from totp t, authentication_settings p where t.user_id = u.id and t.state = 'active' and ${renewalDue('t', 'p')}) as renewal,
  (select count(*)::int from recovery_code rc where rc.user_id = u.id and rc.used_at is null) as "recoveryCodesLeft"`

/**
 * Reads sessions at the point of use, all of one turn of the event loop in one statement. Exact: it starts after the
 * request came, so after any acknowledged revocation; nothing is cached (R20).
 */
export class SessionReader {
  readonly #group: Group<Buffer, LiveSession | undefined>
  readonly #touches: Group<Buffer, Date | undefined>
  constructor(hot: pg.Pool) {
    this.#group = new Group({ run: (hashes) => check(hot, hashes) })
    this.#touches = new Group<Buffer, Date | undefined>({ run: (hashes) => touch(hot, hashes) })
  }
  find(hash: Buffer): Promise<LiveSession | undefined> {
    return this.#group.submit(hash)
  }
  /** A call that a person caused keeps the session from idling; written every 30 s at most. Answers when it idles out. */
  async touch(session: LiveSession): Promise<Date> {
    return (session.touch ? await this.#touches.submit(session.hash) : undefined) ?? session.idleExpiresAt
  }
  async drain(): Promise<void> {
    await Promise.all([this.#group.drain(), this.#touches.drain()])
  }
}
const check = async (hot: pg.Pool, hashes: readonly Buffer[]): Promise<(LiveSession | undefined)[]> => {
  const { rows } = await hot.query<LiveSession & { n: number }>({
    name: 'session-check',
    text: `select b.n, ${facts} from unnest($1::int[], $2::bytea[]) b(n, hash) join session s on s.hash = b.hash join users u on u.id = s.user_id where ${live}`,
    values: [hashes.map((_, at) => at), hashes],
  })
  const found = new Map(rows.map((row) => [row.n, row]))
  return hashes.map((_, at) => found.get(at))
}
/** A row that somebody holds is ended or touched by them: left out, so that a group that holds other rows waits for nobody. */
const touch = async (hot: pg.Pool, hashes: readonly Buffer[]): Promise<(Date | undefined)[]> => {
  const { rows } = await hot.query<{ hash: Buffer; idleExpiresAt: Date }>({
    name: 'session-touch',
    text: `update session s set seen_at = now() from (select hash from session where hash = any ($1::bytea[]) and ended_at is null and seen_at < now() - interval '30 s'
      for no key update skip locked) l where s.hash = l.hash returning s.hash, ${idleExpiresAt}`,
    values: [hashes],
  })
  const touched = new Map(rows.map((row) => [row.hash.toString('hex'), row.idleExpiresAt]))
  return hashes.map((hash) => touched.get(hash.toString('hex')))
}

/** The same facts in a transaction, for the gate of a change. */
export const findLiveSession = async (tx: Tx | Db, hash: Buffer): Promise<LiveSession | undefined> => {
  const { rows } =
    await sql<LiveSession>`select ${sql.raw(facts)} from session s join users u on u.id = s.user_id where s.hash = ${hash} and ${sql.raw(live)}`.execute(
      tx,
    )
  return rows[0]
}

const unboundWhy = 'its cookie came without its key'
/** Whether a session ended because somebody else sent its cookie: its own browser, by its key, is told so once. */
export const endedAsUnbound = async (db: Db, hash: Buffer, thumbprint: Buffer): Promise<boolean> =>
  (await db
    .selectFrom('session')
    .select('id')
    .where('hash', '=', hash)
    .where('keyThumbprint', '=', thumbprint)
    .where('endedWhy', '=', unboundWhy)
    .executeTakeFirst()) !== undefined
export const endUnbound = (tx: Tx, session: LiveSession): Promise<number> =>
  endSessions(tx, { userId: session.userId, only: session.id }, unboundWhy)

export type NewSession = {
  /** Where its id is known before: a sign-in was collected by it. */
  id?: string
  userId: string
  scope: 'full' | 'recovery'
  acr: 'aal1' | 'aal2' | 'phr' | 'phrh'
  amr: string[]
  thumbprint: Buffer
  codeId: string | null
  deviceId?: string | undefined
  /** Of its life, where it is shorter than others’. */
  minutes?: number | undefined
  source: Source
}
export const sessionHours = 12
/** A recovery session is for one thing only, and has this many minutes for it. */
const recoveryMinutes = 15

/** Inserts a session with a new token, and remembers the browser for the limits. Answers the token: it is shown to nobody else. */
export const insertSession = async (tx: Tx, keys: Keys, session: NewSession): Promise<{ id: string; token: string }> => {
  const token = newToken()
  const id = session.id ?? uuid7()
  await tx
    .insertInto('session')
    .values({
      hash: keys.hash('session', token),
      id,
      userId: session.userId,
      scope: session.scope,
      keyThumbprint: session.thumbprint,
      codeId: session.codeId,
      deviceId: session.deviceId ?? null,
      acr: session.acr,
      amr: session.amr,
      expiresAt:
        session.scope === 'recovery'
          ? sql<Date>`now() + ${recoveryMinutes} * interval '1 min'`
          : sql<Date>`now() + ${session.minutes ?? sessionHours * 60} * interval '1 min'`,
      endedAt: null,
      endedWhy: null,
      deviceType: session.source.device.type,
      platform: session.source.device.platform,
      browser: session.source.device.browser,
      country: session.source.place?.country ?? '',
      epoch: currentEpoch,
    })
    .execute()
  await sql`insert into known_browser (user_id, thumbprint) values (${session.userId}, ${session.thumbprint})
    on conflict (user_id, thumbprint) do update set last_at = now()`.execute(tx)
  return { id, token }
}

/** Ends sessions of a person: all, one, all but one, or those that a device opened. Answers how many. */
export const endSessions = async (
  tx: Tx,
  which: { userId: string; only?: string; except?: string; deviceId?: string },
  why: string,
): Promise<number> => {
  let query = tx
    .updateTable('session')
    .set({ endedAt: sql<Date>`now()`, endedWhy: why })
    .where('userId', '=', which.userId)
    .where('endedAt', 'is', null)
  if (which.only) query = query.where('id', '=', which.only)
  if (which.deviceId) query = query.where('deviceId', '=', which.deviceId)
  if (which.except) query = query.where('id', '<>', which.except)
  return Number((await query.executeTakeFirst()).numUpdatedRows)
}
