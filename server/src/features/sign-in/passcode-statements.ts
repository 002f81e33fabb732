import type pg from 'pg'
import { eventArrays, eventColumns, eventParameters, insertEvents, type PreparedEvent } from '../events/index.ts'
import { sessionHours } from '../sessions/index.ts'
import type { TotpParameters } from '../totp/index.ts'
import { renewalDue } from '../users/index.ts'
import { addressIsOver, laneOf, reserveOnConflict } from './limits.ts'

export type Reservation = { browserHash: Buffer; thumbprint: Buffer }
export type Reserved = {
  n: number
  sign_in: string | null
  user_id: string | null
  username: string | null
  purpose: 'sign-in' | 'step-up' | null
  proved: string[] | null
  lane: number
  first: boolean
  failures: number | null
  wait: number
  closed: boolean
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
/**
 * RESERVE: finds the sign-ins of a group, counts each guess before it is compared, and brings what comparing needs.
 * `first` is false for the second of one person in a group: it is sent again, so that each guess is counted by itself.
 */
const reserveText = `with b as (select * from unnest($1::int[], $2::bytea[], $3::bytea[]) t(n, browser_hash, thumb)),
  s as (select b.n, si.id, si.user_id, u.username, si.purpose, si.proved, si.from_session, ${laneOf('si.user_id', 'b.thumb')} as lane,
      row_number() over (partition by si.user_id order by b.n) = 1 as first
    from b join sign_in si on si.browser_hash = b.browser_hash and si.key_thumbprint = b.thumb join users u on u.id = si.user_id and u.state = 'active'
    where si.state = 'open' and si.expires_at > now() and si.epoch = (select epoch from deployment)),
  r as (insert into attempt as a (account_key, factor, lane, failures, open_at)
    select user_id, 'totp', lane, 1, now() from s where first and proved @> '{password}' order by user_id, lane ${reserveOnConflict} returning account_key, lane, failures)
  select b.n, s.id as sign_in, s.user_id, s.username, s.purpose, s.proved, coalesce(s.lane, 0) as lane, coalesce(s.first, true) as first, r.failures,
    coalesce(a.failures >= 100, false) as closed, greatest(coalesce(extract(epoch from nullif(a.open_at, '-infinity') - now()), 0), 0)::float as wait,
    t.id as totp, t.sealed, t.digits, t.period, t.algorithm, pk.wrapped as person_key, now() as now,
    (select ${renewalDue('t', 'p')} from authentication_settings p) as renewal,
    (select version from authentication_settings) as policy, (select f.code_id from session f where f.id = s.from_session) as code_id
  from b left join s on s.n = b.n left join r on r.account_key = s.user_id and r.lane = s.lane and s.first
    left join attempt a on a.account_key = s.user_id and a.factor = 'totp' and a.lane = s.lane
    left join totp t on t.user_id = s.user_id and t.state = 'active' left join person_key pk on pk.user_id = s.user_id order by b.n`
export const reserve = async (hot: pg.Pool, entries: readonly Reservation[]): Promise<Reserved[]> => {
  const { rows } = await hot.query<Reserved>({
    name: 'totp-reserve',
    text: reserveText,
    values: [entries.map((_, at) => at), entries.map((e) => e.browserHash), entries.map((e) => e.thumbprint)],
  })
  return rows
}

export type Acceptance = {
  signIn: string
  userId: string
  totp: string
  step: number
  sessionHash: Buffer
  sessionId: string
  thumbprint: Buffer
  lane: number
  source: Buffer | null
  event: PreparedEvent
}
/** What an accepted one's answer shows comes with it, so that it needs no further trip. */
export type Verdict =
  | { is: 'replayed' }
  | { is: 'gone' }
  | { is: 'limited' }
  | { is: 'accepted'; returnTo: string | null; expiresAt: Date; provedAt: Date }
/**
 * ACCEPT: step, counters, sign-in, session, event and pending in one commit; the verdict of each is its returned row.
 * Rows of each table are locked in the order of their keys, by a sort that no plan can leave out: an `update … from` locks
 * in whatever order its plan finds them, and two processes deadlock. A sign-in needs none, for the step of its person is
 * locked. A sign-in that is gone leaves the step burnt: it fails closed.
 */
const acceptText = `with b as (select t.*, t.source is null or not ${addressIsOver('t.source')} as within
    from unnest($1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bytea[], $7::uuid[], $8::bytea[], $9::smallint[], $10::bytea[], ${eventParameters(11)})
    t(n, sign_in, user_id, totp, step, hash, session_id, thumb, lane, source, ${eventColumns})),
  l as materialized (select b.* from b join totp t on t.user_id = b.user_id and t.id = b.totp where b.within and t.state = 'active' and t.last_step < b.step
    order by t.user_id for no key update of t),
  u as (update totp t set last_step = l.step, last_used_at = now() from l
    where t.user_id = l.user_id and t.id = l.totp and t.state = 'active' and t.last_step < l.step returning l.*),
  c as (insert into attempt (account_key, factor, lane) select user_id, 'totp', lane from u order by user_id, lane
    on conflict (account_key, factor, lane) do update set failures = 0, open_at = '-infinity'),
  g as (update sign_in s set state = 'collected', session_id = u.session_id, proved = s.proved || '{totp}'::text[] from u, users p
    where s.id = u.sign_in and s.state = 'open' and s.expires_at > now() and s.user_id = u.user_id and s.key_thumbprint = u.thumb and s.proved @> '{password}'
      and s.epoch = (select epoch from deployment) and p.id = u.user_id and p.state = 'active'
      and (s.from_session is null or exists (select from session x where x.id = s.from_session and x.ended_at is null))
    returning u.*, s.from_session, s.return_to, s.expires_at),
  y as materialized (select x.id from g join session x on x.id = g.from_session where x.ended_at is null order by x.id for no key update of x),
  o as (update session x set ended_at = now(), ended_why = 'replaced by a step-up' from y where x.id = y.id and x.ended_at is null returning x.id, x.code_id),
  i as (insert into session (hash, id, user_id, key_thumbprint, code_id, acr, amr, expires_at, device_type, platform, browser, country, epoch)
    select g.hash, g.session_id, g.user_id, g.thumb, o.code_id, 'aal2', '{pwd,otp,mfa}', now() + interval '${sessionHours} h', g.event_device_type, g.event_platform, g.event_browser, g.event_country,
      (select epoch from deployment) from g left join o on o.id = g.from_session),
  k as (insert into known_browser as k (user_id, thumbprint) select distinct user_id, thumb from g order by user_id, thumb
    on conflict (user_id, thumbprint) do update set last_at = now()), ${insertEvents('g')}
  select b.n, b.within, u.n is not null as stepped, g.n is not null as collected, g.return_to, g.expires_at, now() as now
  from b left join u using (n) left join g using (n) order by b.n`
export const accept = async (hot: pg.Pool, entries: readonly Acceptance[]): Promise<Verdict[]> => {
  const { rows } = await hot.query<Judged>({
    name: 'totp-accept',
    text: acceptText,
    values: [
      entries.map((_, at) => at),
      entries.map((e) => e.signIn),
      entries.map((e) => e.userId),
      entries.map((e) => e.totp),
      entries.map((e) => e.step),
      entries.map((e) => e.sessionHash),
      entries.map((e) => e.sessionId),
      entries.map((e) => e.thumbprint),
      entries.map((e) => e.lane),
      entries.map((e) => e.source),
      ...eventArrays(entries.map((e) => e.event)),
    ],
  })
  return rows.map(verdictOf)
}
type Judged = { within: boolean; stepped: boolean; collected: boolean; return_to: string | null; expires_at: Date; now: Date }
const verdictOf = (row: Judged): Verdict => {
  if (!row.within) return { is: 'limited' }
  if (row.collected) return { is: 'accepted', returnTo: row.return_to, expiresAt: row.expires_at, provedAt: row.now }
  return { is: row.stepped ? 'gone' : 'replayed' }
}
