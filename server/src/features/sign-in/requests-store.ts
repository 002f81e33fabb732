import { randomInt } from 'node:crypto'
import type { RequestContext } from '@postern/contract'
import { requestSeconds } from '@postern/contract'
import { sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { currentEpoch } from '../../platform/keys.ts'
import { type Asker, requestChannel } from '../codes/index.ts'
import { countStart, laneOf } from './limits.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    requestWait: { thumbprint: Buffer; denials: number; openAt: Date; lastAt: Date }
  }
}
/** A request is live by this alone, wherever it decides: also its code, and the sign-in that asks. */
export const live = (a: string): string => `${a}.expires_at > now() and ${a}.epoch = (select epoch from deployment)
  and exists (select from code k where k.id = ${a}.code_id and k.revoked_at is null)
  and exists (select from sign_in s where s.id = ${a}.sign_in_id and s.state = 'open' and s.expires_at > now())`
/** Approved, and good to be collected: the device that approved it and its person are active still. Of `approval a, device d, users p`. */
const ready = `a.state = 'approved' and ${live('a')} and d.id = a.device_id and d.state = 'active' and p.id = a.user_id and p.state = 'active'`
/** Tells the waiting screen, with the commit of what happened. */
const tell = (from: string): string => `(select pg_notify('${requestChannel}', sign_in_id::text) from ${from})`

/**
 * Before a new request of a sign-in is made: of those that are asked for at once, on whichever processes, each sees the one before
 * and ends it. The sign-in first, as whatever ends it locks it.
 */
export const lockSignIn = async (tx: Tx, signInId: string): Promise<void> => {
  await sql`select from sign_in where id = ${signInId} for no key update`.execute(tx)
}
/**
 * A moving code and its request, in one statement with the start that it costs its address: those before it of the same sign-in
 * end with it, the codes first, as where a phone claims one meanwhile. It lives no longer than the sign-in that asks. Undefined:
 * the address has had its starts of this minute.
 */
export const insertRequest = async (
  tx: Tx,
  request: {
    id: string
    kind: 'sign-in' | 'approve'
    secretHash: Buffer
    signInId: string
    userId: string | null
    asker: Asker
    askerKey: Buffer
  },
  source: Buffer | null,
): Promise<{ match: string; expiresAt: Date } | undefined> => {
  const match = randomInt(10, 100)
  const { rows } = await sql<{ expiresAt: Date }>`
    with c as (${countStart(source)}),
    old as materialized (select k.id from c, approval a join code k on k.id = a.code_id
      where a.sign_in_id = ${request.signInId} and a.state in ('open', 'claimed', 'approved') order by k.id for no key update of k),
    before as (update approval a set state = 'failed', why = 'replaced', decided_at = now() from old
      where a.code_id = old.id and a.state in ('open', 'claimed', 'approved') returning a.code_id),
    dead as (update code k set expires_at = now() from before where k.id = before.code_id and k.claimed_at is null and k.expires_at > now() returning k.id),
    k as (insert into code (id, kind, secret_hash, user_id, sign_in_id, expires_at, epoch)
      select ${request.id}::uuid, ${request.kind}, ${request.secretHash}::bytea, ${request.userId}::uuid, s.id, least(now() + ${requestSeconds} * interval '1 s', s.expires_at), ${currentEpoch}
      from c, sign_in s where s.id = ${request.signInId}::uuid returning id, expires_at),
    v as (insert into code_version (code_id, version, changed, fields) select id, 1, '{issued}', '{"label":"","destination":null,"expiresAt":null,"notBefore":null,"scanLimit":null,"brandId":null,"ownerId":null}' from k)
    insert into approval (code_id, sign_in_id, match, asker, asker_key, expires_at, epoch)
    select k.id, ${request.signInId}::uuid, ${match}, ${JSON.stringify(request.asker)}::jsonb, ${request.askerKey}::bytea, k.expires_at, ${currentEpoch} from k returning expires_at`.execute(
    tx,
  )
  return rows[0] && { match: String(match), expiresAt: rows[0].expiresAt }
}

export type Request = {
  codeId: string
  signInId: string
  purpose: 'sign-in' | 'step-up'
  proved: string[]
  state: 'open' | 'claimed' | 'approved' | 'denied' | 'failed' | 'collected'
  why: string | null
  match: number
  asker: Asker
  askerKey: Buffer
  context: string | null
  contextHash: Buffer | null
  forUser: string | null
  forName: string | null
  near: RequestContext['near'] | null
  known: RequestContext['known'] | null
  read: RequestContext['read'] | null
  claimKey: Buffer | null
  expiresAt: Date
  /** Whole seconds, at least one: what challenges and claims may live, by the database’s clock. */
  secondsLeft: number
  createdAt: Date
  expired: boolean
  revoked: boolean
  signInUser: string | null
  /** For whom the sign-in was opened, as it was typed: nobody has proved it, and it may be nobody’s name. */
  openedFor: string | null
  /** The computer went on without it, or gave up. */
  withdrawn: boolean
}
const select = sql`select a.code_id, a.sign_in_id, s.purpose, s.proved, a.state, a.why, a.match, a.asker, a.asker_key, a.context, a.context_hash, a.for_user,
  (select username from users where id = a.for_user) as for_name, a.near, a.known, a.read, a.claim_key, a.expires_at, greatest(1, ceil(extract(epoch from a.expires_at - now())))::int as seconds_left, a.created_at,
  a.expires_at <= now() or a.epoch <> (select epoch from deployment) or s.state <> 'open' or s.expires_at <= now() as expired,
  exists (select from code k where k.id = a.code_id and k.revoked_at is not null) as revoked, s.user_id as sign_in_user, s.username as opened_for, s.state <> 'open' as withdrawn
  from approval a join sign_in s on s.id = a.sign_in_id`
export const findRequest = async (db: Db | Tx, codeId: string): Promise<Request | undefined> => {
  const { rows } = await sql<Request>`${select} where a.code_id = ${codeId}`.execute(db)
  return rows[0]
}
/** By the confirm token of its claim. */
export const findClaimed = async (db: Db | Tx, confirmHash: Buffer): Promise<Request | undefined> => {
  const { rows } =
    await sql<Request>`${select} join claim c on c.code_id = a.code_id where c.confirm_hash = ${confirmHash}`.execute(db)
  return rows[0]
}

/** open → claimed, in the burn’s transaction, with what the phone is shown. False: it is over, or another’s. */
export const claimRequest = async (
  tx: Tx,
  codeId: string,
  claim: {
    key: Buffer
    context: string
    contextHash: Buffer
    forUser: string | null
    /** null: policy does not look at it. */
    near: RequestContext['near'] | null
    known: RequestContext['known'] | null
    read: RequestContext['read']
  },
): Promise<boolean> => {
  const { rows } =
    await sql`with u as (update approval a set state = 'claimed', claim_key = ${claim.key}, context = ${claim.context}, context_hash = ${claim.contextHash},
      for_user = ${claim.forUser}, near = ${claim.near}, known = ${claim.known}, read = ${claim.read}, scanned_at = coalesce(scanned_at, now())
    where a.code_id = ${codeId} and a.state = 'open' and ${sql.raw(live('a'))} returning a.sign_in_id) select sign_in_id, ${sql.raw(tell('u'))} from u`.execute(
      tx,
    )
  return rows.length > 0
}
/** A wrong number: counted inside three in one statement; the third ends the request. Undefined: there was no try left. */
export const countWrongNumber = async (tx: Tx, codeId: string, key: Buffer, match: number): Promise<number | undefined> => {
  const { rows } = await sql<{ tries: number }>`with u as (update approval a set match_tries = a.match_tries + 1,
      state = case when a.match_tries = 2 then 'failed' else a.state end, why = case when a.match_tries = 2 then 'number' end,
      decided_at = case when a.match_tries = 2 then now() end
    where a.code_id = ${codeId} and a.state = 'claimed' and a.claim_key = ${key} and a.match <> ${match} and ${sql.raw(live('a'))} returning a.match_tries, a.sign_in_id)
    select match_tries as tries, ${sql.raw(tell('u'))} from u`.execute(tx)
  return rows[0]?.tries
}
/** claimed → approved: by its key, over its context, with its number; the sign-in is nobody’s yet, or this person’s. */
export const approve = async (
  tx: Tx,
  codeId: string,
  by: { key: Buffer; contextHash: Buffer; match: number; deviceId: string; userId: string },
): Promise<boolean> => {
  const { rows } =
    await sql`with u as (update approval a set state = 'approved', device_id = ${by.deviceId}, user_id = ${by.userId}, decided_at = now()
    where a.code_id = ${codeId} and a.state = 'claimed' and a.claim_key = ${by.key} and a.context_hash = ${by.contextHash} and a.match = ${by.match} and ${sql.raw(live('a'))}
      and (a.for_user is null or a.for_user = ${by.userId})
      and exists (select from sign_in s where s.id = a.sign_in_id and (s.user_id is null or s.user_id = ${by.userId}))
      and exists (select from users p where p.id = ${by.userId} and p.state = 'active')
      and exists (select from device d where d.id = ${by.deviceId} and d.user_id = ${by.userId} and d.state = 'active') returning a.sign_in_id)
    select sign_in_id, ${sql.raw(tell('u'))} from u`.execute(tx)
  return rows.length > 0
}
/** claimed → denied; by the claiming key, or by a rule. False: it was decided before. */
export const deny = async (tx: Tx, codeId: string, key: Buffer | null, why: string): Promise<boolean> => {
  const { rows } = await sql`with u as (update approval a set state = 'denied', why = ${why}, decided_at = now()
    where a.code_id = ${codeId} and a.state = 'claimed' and a.claim_key = ${key}::bytea and ${sql.raw(live('a'))} returning a.sign_in_id)
    select sign_in_id, ${sql.raw(tell('u'))} from u`.execute(tx)
  return rows.length > 0
}
/**
 * "This was not me" of a request that its asker or its time ended while the phone had it: a newer code, another way in, the 120 s.
 * Else who asks could take it back before it is said. Once; what its person decided, or a rule, stays.
 */
export const denyLate = async (tx: Tx, codeId: string, key: Buffer): Promise<boolean> => {
  const { rows } = await sql`update approval a set state = 'denied', why = 'not-me', decided_at = now()
    where a.code_id = ${codeId} and a.claim_key = ${key}::bytea and a.device_id is null
      and (a.state = 'failed' and a.why = 'replaced' or a.state = 'claimed' and not (${sql.raw(live('a'))})) returning a.code_id`.execute(
    tx,
  )
  return rows.length > 0
}
/**
 * open → denied by a rule, before anybody has it. Its code ends with it, and is locked first, as where a phone claims it: what
 * comes for it again comes late, and is bounded as that.
 */
export const denyUnclaimed = async (tx: Tx, codeId: string, why: string): Promise<void> => {
  await sql`with k as materialized (select id from code where id = ${codeId} and claimed_at is null for no key update),
    u as (update approval a set state = 'denied', why = ${why}, decided_at = now() from k
      where a.code_id = k.id and a.state = 'open' and ${sql.raw(live('a'))} returning a.code_id, a.sign_in_id),
    e as (update code c set expires_at = now() from u where c.id = u.code_id)
    select sign_in_id, ${sql.raw(tell('u'))} from u`.execute(tx)
}
/** Whether there is anything to collect; the statement that collects asks again. */
export const isApproved = async (db: Db, signInId: string): Promise<boolean> => {
  const { rows } =
    await sql`select from approval a, device d, users p where a.sign_in_id = ${signInId} and ${sql.raw(ready)}`.execute(db)
  return rows.length > 0
}
export type EndedRequest = {
  codeId: string
  deviceId: string
  userId: string
  username: string
  /** Its device or its person was ended, its code was revoked, its time was over. */
  by: 'device' | 'revoked' | 'expired'
}
/** The newest request of a sign-in, where it was approved and was ended before it was collected. */
export const findEnded = async (db: Db | Tx, signInId: string): Promise<EndedRequest | undefined> => {
  const { rows } = await sql<EndedRequest>`select a.code_id, a.device_id, a.user_id, p.username,
      case when a.state = 'failed' then a.why when k.revoked_at is not null then 'revoked' else 'expired' end as by
    from (select * from approval where sign_in_id = ${signInId} order by code_id desc limit 1) a join users p on p.id = a.user_id join code k on k.id = a.code_id
    where a.state = 'failed' and a.why = 'device' or a.state = 'approved' and (k.revoked_at is not null or a.expires_at <= now())`.execute(
    db,
  )
  return rows[0]
}
/** approved → collected, once. The sign-in is locked first, as by whatever ends it with its person or device. */
export const collectApproved = async (
  tx: Tx,
  signInId: string,
): Promise<{ codeId: string; deviceId: string; userId: string; username: string; be: boolean; read: string } | undefined> => {
  const { rows } = await sql<{ codeId: string; deviceId: string; userId: string; username: string; be: boolean; read: string }>`
    with s as materialized (select id from sign_in where id = ${signInId} for no key update)
    update approval a set state = 'collected' from s, device d, users p where a.sign_in_id = s.id and ${sql.raw(ready)} returning a.code_id, a.device_id, a.user_id, p.username, d.be, a.read`.execute(
    tx,
  )
  return rows[0]
}

/** Whether a browser's key signed somebody in within 90 days: this person, or, where nobody is named, anybody. */
export const isKnown = async (db: Db | Tx, thumbprint: Buffer, userId: string | null): Promise<boolean> => {
  const { rows } = await sql<{
    known: boolean
  }>`select exists (select from known_browser where thumbprint = ${thumbprint} and last_at > now() - interval '90 days' and (${userId}::uuid is null or user_id = ${userId}::uuid)) as known`.execute(
    db,
  )
  return rows[0]?.known === true
}
/**
 * The waits that a browser is under: its own, and where somebody is named whom it never signed in, the one of all such browsers
 * together, so that a new key escapes none. A browser that is known to the person has its own alone: no stranger makes it wait.
 */
const waitsOf = (
  thumbprint: Buffer,
  userId: string | null,
) => sql`select b.thumb from (select ${thumbprint}::bytea as thumb) b union all
    select sha256(convert_to('unknown browsers of ' || b.user_id, 'UTF8')) from (select ${userId}::uuid as user_id, ${thumbprint}::bytea as thumb) b
      where b.user_id is not null and ${sql.raw(laneOf('b.user_id', 'b.thumb'))} = 0`
/** Seconds that a browser has to wait for its next request, after those that were declined; 0: none. */
export const waitOf = async (db: Db, thumbprint: Buffer, userId: string | null): Promise<number> => {
  const { rows } = await sql<{
    wait: number
  }>`select greatest(0, extract(epoch from max(open_at) - now()))::float8 as wait from request_wait
    where thumbprint in (${waitsOf(thumbprint, userId)}) and last_at > now() - interval '1 h'`.execute(db)
  return rows[0]?.wait ?? 0
}
/** Each denial doubles the waits that its browser is under, from 5 s up to 15 minutes; an hour without one begins anew. */
export const lengthenWait = async (tx: Tx, thumbprint: Buffer, userId: string | null): Promise<void> => {
  await sql`insert into request_wait as w (thumbprint, denials, open_at)
    select x.thumb, 1, now() + interval '5 s' from (${waitsOf(thumbprint, userId)}) x order by x.thumb
    on conflict (thumbprint) do update set denials = case when w.last_at < now() - interval '1 h' then 1 else w.denials + 1 end, last_at = now(),
      open_at = now() + least(5 * 2 ^ (case when w.last_at < now() - interval '1 h' then 0 else w.denials end), 900) * interval '1 s'`.execute(
    tx,
  )
}
