import type pg from 'pg'
import { byteas, int4s, int8s, uuids } from '../../platform/columns.ts'
import { eventArrays, eventColumns, eventParameters, insertEvents, type PreparedEvent } from '../events/index.ts'
import { sessionHours } from '../sessions/index.ts'
import type { TotpParameters } from '../totp/index.ts'
import { renewalDue } from '../users/index.ts'
import { addressIsOver, countOnConflict, laneOf } from './limits.ts'

export type Asked = { browserHash: Buffer; thumbprint: Buffer }
export type Found = {
  sign_in: string | null
  user_id: string | null
  username: string | null
  purpose: 'sign-in' | 'step-up' | null
  totp: string | null
  sealed: Buffer | null
  digits: number
  period: number
  algorithm: TotpParameters['algorithm']
  renewal: boolean
  /** Version of the settings that were applied. */
  policy: number
  /** Of the session that a step-up replaces. */
  code_id: string | null
  /** Of the person, for the event that follows. */
  person_key: Buffer | null
  now: Date
}
/** The sign-in may be asked for a passcode: it is open, the password was proved, and the browser is the one that opened it. */
const standing = `si.state = 'open' and si.expires_at > now() and si.epoch = (select epoch from deployment) and si.proved @> '{password}'`
/** LOOK: brings what comparing needs, and decides nothing. */
const lookText = `select b.n, si.id as sign_in, si.user_id, u.username, si.purpose, t.id as totp, t.sealed, t.digits, t.period, t.algorithm,
    pk.wrapped as person_key, now() as now, ${renewalDue('t', 'p')} as renewal, p.version as policy,
    (select f.code_id from session f where f.id = si.from_session) as code_id
  from authentication_settings p, unnest($1::int[], $2::bytea[], $3::bytea[]) b(n, browser_hash, thumb)
    left join (sign_in si join users u on u.id = si.user_id and u.state = 'active' join totp t on t.user_id = si.user_id and t.state = 'active')
      on si.browser_hash = b.browser_hash and si.key_thumbprint = b.thumb and ${standing}
    left join person_key pk on pk.user_id = si.user_id order by b.n`
export const look = async (hot: pg.Pool, entries: readonly Asked[]): Promise<Found[]> => {
  const { rows } = await hot.query<Found>({
    name: 'totp-look',
    text: lookText,
    values: [
      int4s(entries.map((_, at) => at)),
      byteas(entries.map((e) => e.browserHash)),
      byteas(entries.map((e) => e.thumbprint)),
    ],
  })
  return rows
}

/** What is written where a right passcode is accepted. */
export type Acceptance = {
  totp: string
  step: number
  sessionHash: Buffer
  sessionId: string
  source: Buffer | null
  event: PreparedEvent
}
/** A guess, compared, of a person at a sign-in; without `acceptance` it was wrong. */
export type Guess = { signIn: string; userId: string; thumbprint: Buffer; acceptance?: Acceptance }
/** What an accepted one's answer shows comes with it, so that it needs no further trip. */
export type Verdict =
  | { is: 'wrong' }
  | { is: 'replayed' }
  | { is: 'gone' }
  | { is: 'waiting'; closed: boolean; seconds: number }
  | { is: 'address-limited' }
  | { is: 'accepted'; returnTo: string | null; expiresAt: Date; provedAt: Date }
/**
 * JUDGE: counts each guess inside its limit and, of the right ones that were, accepts: step, sign-in, session, event and
 * pending in the same commit. The verdict of each is its returned row; none leaves the process before. So right and wrong
 * ones go through this one statement, in the order in which they came (`keyOf`), and a right one that comes after too many
 * wrong ones learns as little as they. It counts as a failure where its step was spent before or its address is over.
 *
 * Rows of each table are locked in the order of their keys, by a sort that no plan can leave out: an `update … from` locks
 * in whatever order its plan finds them, and two processes deadlock. A sign-in needs none, for the step of its person is
 * locked. A sign-in that is gone leaves the step burnt: it fails closed.
 *
 * How long a refused one waits is looked up last, a person at a time (`offset 0`): as a join a plan may read everybody's counts.
 */
const judgeText = `with b as (select t.*, t.source is null or not ${addressIsOver('t.source')} as within
    from unnest($1::int[], $2::uuid[], $3::uuid[], $4::bytea[], $5::uuid[], $6::bigint[], $7::bytea[], $8::uuid[], $9::bytea[], ${eventParameters(10)})
    t(n, sign_in, user_id, thumb, totp, step, hash, session_id, source, ${eventColumns})),
  s as materialized (select b.*, ${laneOf('b.user_id', 'b.thumb')} as lane from b join sign_in si on si.id = b.sign_in and si.user_id = b.user_id and si.key_thumbprint = b.thumb
    where ${standing}),
  l as materialized (select s.* from s join totp t on t.user_id = s.user_id and t.id = s.totp where s.within and t.state = 'active' and t.last_step < s.step
    order by t.user_id for no key update of t),
  r as (insert into attempt as a (account_key, factor, lane, failures, open_at)
    select user_id, 'totp', lane, case when is_right then 0 else 1 end, case when is_right then '-infinity' else now() end
    from (select user_id, lane, n in (select n from l) as is_right from s) s order by user_id, lane ${countOnConflict} returning account_key),
  u as (update totp t set last_step = l.step, last_used_at = now() from l join r on r.account_key = l.user_id
    where t.user_id = l.user_id and t.id = l.totp and t.state = 'active' and t.last_step < l.step returning l.*),
  g as (update sign_in si set state = 'collected', session_id = u.session_id, proved = si.proved || '{totp}'::text[] from u, users p
    where si.id = u.sign_in and si.user_id = u.user_id and si.key_thumbprint = u.thumb and ${standing} and p.id = u.user_id and p.state = 'active'
      and (si.from_session is null or exists (select from session x where x.id = si.from_session and x.ended_at is null))
    returning u.*, si.from_session, si.return_to, si.expires_at),
  y as materialized (select x.id from g join session x on x.id = g.from_session where x.ended_at is null order by x.id for no key update of x),
  o as (update session x set ended_at = now(), ended_why = 'replaced by a step-up' from y where x.id = y.id and x.ended_at is null returning x.id, x.code_id),
  i as (insert into session (hash, id, user_id, key_thumbprint, code_id, acr, amr, expires_at, device_type, platform, browser, country, epoch)
    select g.hash, g.session_id, g.user_id, g.thumb, o.code_id, 'aal2', '{pwd,otp,mfa}', now() + interval '${sessionHours} h', g.event_device_type, g.event_platform, g.event_browser, g.event_country,
      (select epoch from deployment) from g left join o on o.id = g.from_session),
  k as (insert into known_browser as k (user_id, thumbprint) select distinct user_id, thumb from g order by user_id, thumb
    on conflict (user_id, thumbprint) do update set last_at = now()), ${insertEvents('g')}
  select b.n, s.n is not null as standing, r.account_key is not null as counted, b.within, u.n is not null as stepped, g.n is not null as collected,
    g.return_to, g.expires_at, now() as now, coalesce(a.failures >= 100, false) as closed, extract(epoch from nullif(a.open_at, '-infinity') - now())::float as wait
  from b left join s using (n) left join r on r.account_key = s.user_id left join u using (n) left join g using (n)
    left join lateral (select * from attempt a where r.account_key is null and a.account_key = s.user_id and a.factor = 'totp' and a.lane = s.lane offset 0) a on true order by b.n`
type Judged = {
  standing: boolean
  counted: boolean
  within: boolean
  stepped: boolean
  collected: boolean
  return_to: string | null
  expires_at: Date
  now: Date
  closed: boolean
  wait: number | null
}
export const judge = async (hot: pg.Pool, guesses: readonly Guess[]): Promise<Verdict[]> => {
  const acceptances = guesses.map((e) => e.acceptance)
  const { rows } = await hot.query<Judged>({
    name: 'totp-judge',
    text: judgeText,
    values: [
      int4s(guesses.map((_, n) => n)),
      uuids(guesses.map((e) => e.signIn)),
      uuids(guesses.map((e) => e.userId)),
      byteas(guesses.map((e) => e.thumbprint)),
      uuids(acceptances.map((e) => e?.totp)),
      int8s(acceptances.map((e) => e?.step)),
      byteas(acceptances.map((e) => e?.sessionHash)),
      uuids(acceptances.map((e) => e?.sessionId)),
      byteas(acceptances.map((e) => e?.source)),
      ...eventArrays(acceptances.map((e) => e?.event)),
    ],
  })
  return rows.map((row, n) => verdictOf(row, guesses[n] as Guess))
}
const verdictOf = (row: Judged, { acceptance }: Guess): Verdict => {
  if (!row.standing) return { is: 'gone' }
  if (!row.counted) return { is: 'waiting', closed: row.closed, seconds: row.closed ? 900 : (row.wait ?? 0) }
  if (!acceptance) return { is: 'wrong' }
  if (!row.within) return { is: 'address-limited' }
  if (row.collected) return { is: 'accepted', returnTo: row.return_to, expiresAt: row.expires_at, provedAt: row.now }
  return { is: row.stepped ? 'gone' : 'replayed' }
}
