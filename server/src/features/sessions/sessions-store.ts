import { type Generated, sql } from 'kysely'
import type pg from 'pg'
import type { Actor, LiveSession, Source } from '../../platform/actor.ts'
import { byteas, int4s } from '../../platform/columns.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { Group } from '../../platform/group.ts'
import { uuid7 } from '../../platform/ids.ts'
import { currentEpoch, type Keys, newToken } from '../../platform/keys.ts'
import { hasSecondFactor, renewalDue } from '../users/index.ts'
import { earlierMinutes, hashesFrom, nextCookie, recoveryMinutes, rotatedAfterHours, sessionHours } from './sessions-rules.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    session: {
      hash: Buffer
      /** Null: the browser has not shown this cookie yet. */
      hashSince: Generated<Date | null>
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
const facts = `s.id, s.user_id as "userId", u.username, u.display_name as "displayName", s.key_thumbprint as "keyThumbprint", s.scope, s.acr, s.amr,
  s.proved_at as "provedAt", s.expires_at as "expiresAt", s.code_id as "codeId", s.device_id as "deviceId", (select d.name from device d where d.id = s.device_id) as "deviceName", ${idleExpiresAt}, s.proved_at > now() - interval '5 min' as fresh, s.seen_at < now() - interval '30 s' as touch,
  array(select r.role from user_role r where r.user_id = u.id) as roles,
  ((s.acr = 'aal1' or not ${hasSecondFactor('u.id')})
    and exists (select from user_role r, authentication_settings p where r.user_id = u.id and r.role = any (p.second_factor_roles)
      and coalesce(p.second_factor_from, '-infinity') <= now())) as "mustStepUp",
  exists (select from totp t, authentication_settings p where t.user_id = u.id and t.state = 'active' and ${renewalDue('t', 'p')}) as renewal,
  (select count(*)::int from recovery_code rc where rc.user_id = u.id and rc.used_at is null) as "recoveryCodesLeft",
  case when s.hash_since is null then 'unshown' when s.hash_since > now() - interval '${earlierMinutes} min' then 'new'
    when s.hash_since < now() - interval '${rotatedAfterHours} h' then 'due' else 'kept' end as cookie`
/** While a step-up is under way no cookie is changed: a late answer would write it over that of the session which replaces this one. */
const steppingUp = `exists (select from sign_in si where si.user_id = s.user_id and si.from_session = s.id and si.state = 'open' and si.expires_at > now())`
const unboundWhy = 'its cookie came without its key'

/** A cookie that was given out once, and what became of it. */
export type Shown = {
  /** The newest of a live session, the one before while that is good, an older one, or one of a session that is over. */
  is: 'newest' | 'earlier' | 'dead' | 'over'
  session: LiveSession
  /** The newest one may not have arrived: it is given again. */
  again: boolean
  /** The browser that it was given to has a live session, so what it holds now is another cookie. */
  hasAnother: boolean
  /** The session ended because somebody else sent its cookie. */
  endedUnbound: boolean
}

/**
 * Reads sessions at the point of use, all of one turn of the event loop in one statement. Exact: it starts after the
 * request came, so after any acknowledged revocation; nothing is cached (R20).
 */
export class SessionReader {
  readonly #hot: pg.Pool
  readonly #keys: Keys
  readonly #group: Group<Buffer, LiveSession | undefined>
  readonly #misses: Group<readonly Buffer[], Shown | undefined>
  readonly #touches: Group<string, Date | undefined>
  constructor(hot: pg.Pool, keys: Keys) {
    this.#hot = hot
    this.#keys = keys
    this.#group = new Group({ run: (hashes) => check(hot, hashes), lanes: 2 })
    this.#misses = new Group<readonly Buffer[], Shown | undefined>({ run: (chains) => checkEarlier(hot, chains) })
    this.#touches = new Group<string, Date | undefined>({ run: (ids) => touch(hot, ids) })
  }
  /** The newest cookie of a live session is found by one statement. Only another one is looked for among what came after it. */
  async find(cookie: string): Promise<Shown | undefined> {
    const session = await this.#group.submit(this.#keys.hash('session', cookie))
    if (!session) return this.#misses.submit(hashesFrom(this.#keys, cookie))
    return { is: 'newest', session, again: false, hasAnother: true, endedUnbound: false }
  }
  /**
   * The cookie that the answer to this call has to bring, if any: for a call that has proved the session's key. Of any number
   * of calls and processes one changes the hash; the others go on with the cookie that they have.
   */
  async rotate(cookie: string, { is, session, again }: Shown): Promise<string | undefined> {
    if (again) return nextCookie(this.#keys, cookie)
    if (is !== 'newest' || session.cookie === 'new' || session.cookie === 'kept') return undefined
    const hash = this.#keys.hash('session', cookie)
    if (session.cookie === 'unshown') {
      await noteShown(this.#hot, session.id, hash)
      return undefined
    }
    const next = nextCookie(this.#keys, cookie)
    return (await rotate(this.#hot, session.id, hash, this.#keys.hash('session', next))) ? next : undefined
  }
  /** A call that a person caused keeps the session from idling; written every 30 s at most. Answers when it idles out. */
  async touch(session: LiveSession): Promise<Date> {
    return (session.touch ? await this.#touches.submit(session.id) : undefined) ?? session.idleExpiresAt
  }
  async drain(): Promise<void> {
    await Promise.all([this.#group.drain(), this.#misses.drain(), this.#touches.drain()])
  }
}
const check = async (hot: pg.Pool, hashes: readonly Buffer[]): Promise<(LiveSession | undefined)[]> => {
  const { rows } = await hot.query<LiveSession & { n: number }>({
    name: 'session-check',
    text: `select b.n, ${facts} from unnest($1::int[], $2::bytea[]) b(n, hash) join session s on s.hash = b.hash join users u on u.id = s.user_id where ${live}`,
    values: [int4s(hashes.map((_, at) => at)), byteas(hashes)],
  })
  const found = new Map(rows.map((row) => [row.n, row]))
  return hashes.map((_, at) => found.get(at))
}
/** `back` of a row: how many cookies came after the one that was shown. */
const checkEarlier = async (hot: pg.Pool, chains: readonly (readonly Buffer[])[]): Promise<(Shown | undefined)[]> => {
  const hashes = chains.flatMap((chain, n) => chain.map((hash, back) => ({ n, back, hash })))
  type Row = LiveSession & {
    n: number
    back: number
    live: boolean
    steppingUp: boolean
    hasAnother: boolean
    endedUnbound: boolean
  }
  const { rows } = await hot.query<Row>({
    name: 'session-check-earlier',
    text: `select b.n, b.back, ${facts}, ${live} as live, ${steppingUp} as "steppingUp", s.ended_why is not distinct from '${unboundWhy}' as "endedUnbound",
      exists (select from session o where o.user_id = s.user_id and o.key_thumbprint = s.key_thumbprint and o.ended_at is null and o.expires_at > now()
        and o.seen_at > now() - o.idle) as "hasAnother"
      from unnest($1::int[], $2::int[], $3::bytea[]) b(n, back, hash) join session s on s.hash = b.hash join users u on u.id = s.user_id`,
    values: [int4s(hashes.map(({ n }) => n)), int4s(hashes.map(({ back }) => back)), byteas(hashes.map(({ hash }) => hash))],
  })
  const found = new Map(rows.map((row) => [row.n, row]))
  return chains.map((_, n): Shown | undefined => {
    const row = found.get(n)
    if (!row) return undefined
    const good = row.back === 1 && (row.cookie === 'unshown' || row.cookie === 'new')
    return {
      is: !row.live ? 'over' : row.back === 0 ? 'newest' : good ? 'earlier' : 'dead',
      session: row,
      again: good && row.cookie === 'unshown' && !row.steppingUp,
      hasAnother: row.hasAnother,
      endedUnbound: row.endedUnbound,
    }
  })
}
/** A row that somebody holds is ended or changed by them: it is left alone, and the next call tries again. */
const rotate = async (hot: pg.Pool, id: string, shown: Buffer, next: Buffer): Promise<boolean> => {
  const { rowCount } = await hot.query({
    name: 'session-rotate',
    text: `update session s set hash = $3, hash_since = null from (select id from session where id = $1 and hash = $2 for update skip locked) l, users u
      where s.id = l.id and s.hash = $2 and s.hash_since < now() - interval '${rotatedAfterHours} h' and u.id = s.user_id and ${live} and not ${steppingUp}`,
    values: [id, shown, next],
  })
  return rowCount === 1
}
const noteShown = (hot: pg.Pool, id: string, shown: Buffer): Promise<unknown> =>
  hot.query({
    name: 'session-shown',
    text: `update session s set hash_since = now() from (select id from session where id = $1 and hash = $2 and hash_since is null for no key update skip locked) l where s.id = l.id`,
    values: [id, shown],
  })
/** A row that somebody holds is ended or touched by them: left out, so that a group that holds other rows waits for nobody. */
const touch = async (hot: pg.Pool, ids: readonly string[]): Promise<(Date | undefined)[]> => {
  const { rows } = await hot.query<{ id: string; idleExpiresAt: Date }>({
    name: 'session-touch',
    text: `update session s set seen_at = now() from (select id from session where id = any ($1::uuid[]) and ended_at is null and seen_at < now() - interval '30 s'
      for no key update skip locked) l where s.id = l.id returning s.id, ${idleExpiresAt}`,
    values: [ids],
  })
  const touched = new Map(rows.map((row) => [row.id, row.idleExpiresAt]))
  return ids.map((id) => touched.get(id))
}

/** The same facts in a transaction, for the gate of a change. By the id: a call beside this one may change the cookie meanwhile. */
export const findLiveSession = async (tx: Tx | Db, id: string): Promise<LiveSession | undefined> => {
  const { rows } =
    await sql<LiveSession>`select ${sql.raw(facts)} from session s join users u on u.id = s.user_id where s.id = ${id} and ${sql.raw(live)}`.execute(
      tx,
    )
  return rows[0]
}

/** That a recovery code opened a session, and when: what is enrolled from it takes the place of what was lost. */
export type Recovery = { provedAt: Date }
/**
 * Of a session by its id, whether it lives still or not. Where a factor was confirmed since, it has taken the place of what was
 * lost: the next one is added to it, and takes nothing away.
 */
export const findRecovery = async (tx: Tx, id: string): Promise<Recovery | undefined> => {
  const { rows } = await sql<Recovery>`select s.proved_at as "provedAt" from session s where s.id = ${id} and s.scope = 'recovery'
      and not exists (select from totp f where f.user_id = s.user_id and f.state = 'active' and f.confirmed_at >= s.proved_at)
      and not exists (select from device f where f.user_id = s.user_id and f.state = 'active' and f.created_at >= s.proved_at)`.execute(
    tx,
  )
  return rows[0]
}
/** Of the session that acts. */
export const recoveryOf = (actor: Actor): Recovery | undefined =>
  actor.kind === 'user' && actor.session.scope === 'recovery' ? { provedAt: actor.session.provedAt } : undefined

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
  /** When its person proved themselves and when it ends, of the session whose place it takes without a new proof. */
  replaces?: { provedAt: Date; expiresAt: Date } | undefined
  source: Source
}
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
      ...(session.replaces ? { provedAt: session.replaces.provedAt } : {}),
      expiresAt:
        session.replaces?.expiresAt ??
        (session.scope === 'recovery'
          ? sql<Date>`now() + ${recoveryMinutes} * interval '1 min'`
          : sql<Date>`now() + ${session.minutes ?? sessionHours * 60} * interval '1 min'`),
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

/** Ends sessions of a person: all, one, all but one, or those that a device opened or approved, or that live in its browser. Answers how many. */
export const endSessions = async (
  tx: Tx,
  which: { userId: string; only?: string; except?: string; device?: { id: string; browser: Buffer | null } },
  why: string,
): Promise<number> => {
  let query = tx
    .updateTable('session')
    .set({ endedAt: sql<Date>`now()`, endedWhy: why })
    .where('userId', '=', which.userId)
    .where('endedAt', 'is', null)
  if (which.only) query = query.where('id', '=', which.only)
  const { device } = which
  if (device) query = query.where(sql<boolean>`(device_id = ${device.id} or key_thumbprint = ${device.browser}::bytea)`)
  if (which.except) query = query.where('id', '<>', which.except)
  return Number((await query.executeTakeFirst()).numUpdatedRows)
}
