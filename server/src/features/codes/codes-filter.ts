import {
  type CodeKind,
  type CodeState,
  codeKinds,
  codeStates,
  type countCodes,
  type In,
  type listCodes,
  type Out,
} from '@postern/contract'
import { type RawBuilder, sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { fromId, uuid7Low } from '../../platform/ids.ts'
import { anyCase } from '../users/index.ts'
import { authenticates, listedKinds } from './codes-life.ts'

type Condition = RawBuilder<boolean>
const all = (conditions: readonly Condition[]): Condition => sql<boolean>`(${sql.join([sql`true`, ...conditions], sql` and `)})`

/** A restore voids what authenticates and was open; printed links live on. */
const isVoid = sql<boolean>`(c.secret_hash is not null and c.epoch <> (select epoch from deployment))`
export const expired = sql<boolean>`(c.expires_at <= now() or ${isVoid})`
const open = sql<boolean>`c.revoked_at is null and c.claimed_at is null`
/** Each state as a condition, in the order of `stateOf`: the first that fits. */
const inState: Record<CodeState, Condition> = {
  revoked: sql<boolean>`c.revoked_at is not null`,
  used: sql<boolean>`c.revoked_at is null and c.claimed_at is not null`,
  expired: sql<boolean>`${open} and ${expired}`,
  'not-yet-valid': sql<boolean>`${open} and not ${expired} and c.not_before > now()`,
  'used-up': sql<boolean>`${open} and not ${expired} and c.not_before <= now() and c.scans >= c.scan_limit`,
  live: sql<boolean>`${open} and not ${expired} and c.not_before <= now() and not coalesce(c.scans >= c.scan_limit, false)`,
}

export type CodeFilter = Omit<In<typeof listCodes>, 'limit' | 'cursor'>
/** The kind asked for; else those that are listed unasked, and all of a device: what it approved is among them. */
const kindsOf = ({ kind, device }: CodeFilter): readonly CodeKind[] => (kind ? [kind] : device ? codeKinds : listedKinds)
/** As a condition; a code that is named by its whole id is of any kind. */
const ofKind = (filter: CodeFilter): Condition[] => {
  if (filter.kind) return [sql<boolean>`c.kind = ${filter.kind}`]
  return wholeId(filter) ? [] : [sql<boolean>`c.kind = any (${kindsOf(filter)}::text[])`]
}
/** The codes of a device, by their ids: the one that enrolled it, those that it approved by, those that its sessions showed. */
const ofDevice = (device: string): Condition => {
  const id = sql`${fromId(device)}::uuid`
  return sql<boolean>`c.id = any (array(select d.code_id from device d where d.id = ${id}
    union all select a.code_id from approval a where a.device_id = ${id}
    union all select k.id from session s join code k on k.for_session = s.id where s.device_id = ${id}))`
}
/** All of a filter but the kind, the state and the words: each is a range of an index. */
const keysOf = (filter: CodeFilter, id: 'id' | 'list_id' = 'id'): Condition[] => {
  const { userId, owner, brand, device, createdFrom, createdTo } = filter
  const whole = wholeId(filter)
  return [
    ...(userId ? [sql<boolean>`c.user_id = ${fromId(userId)}::uuid`] : []),
    ...(owner ? [sql<boolean>`c.owner_id = ${fromId(owner)}::uuid`] : []),
    ...(brand ? [sql<boolean>`c.brand_id = ${fromId(brand)}::uuid`] : []),
    ...(device ? [ofDevice(device)] : []),
    ...(createdFrom ? [sql<boolean>`c.${sql.ref(id)} >= ${uuid7Low(new Date(createdFrom))}::uuid`] : []),
    ...(createdTo ? [sql<boolean>`c.${sql.ref(id)} < ${uuid7Low(new Date(createdTo))}::uuid`] : []),
    ...(whole ? [sql<boolean>`c.id = ${whole}::uuid`] : []),
  ]
}
const wholeId = ({ q }: CodeFilter): string | undefined => {
  const typed = q?.trim() ?? ''
  return /^cod_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(typed) ? fromId(typed) : undefined
}

type Search = { code: Condition; user: Condition; indexed: boolean }
/** Where a word begins: one or two letters are looked for there alone, for the index knows three in a row or a beginning. */
const beginnings = ['', '% ', '%\n', '%/', '%-', '%.']
/**
 * What is searched for, as conditions over `c` and `u`. Case and accents do not count. A letter that `plain_letters` does
 * not know stands for any in the pattern; then an expression tells them apart.
 */
const searchOf = (filter: CodeFilter): Search | undefined => {
  const typed = filter.q?.trim().normalize('NFC')
  if (!typed || wholeId(filter)) return undefined
  const known = '[\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}0-9]'
  const short = new RegExp(`^${known}{1,2}$`, 'u').test(typed)
  const plain = sql<string>`plain_letters(${typed.replace(/[\\%_]/g, '\\$&')}::text)`
  const pattern = sql<string>`regexp_replace(${plain}, '[^\x01-\x7f]', '_', 'g') || '%'`
  const says = (letters: RawBuilder<string>, text: RawBuilder<string>): Condition =>
    sql<boolean>`((${sql.join(
      (short ? beginnings : ['%']).map((before) => sql`${letters} like ${before}::text || ${pattern}`),
      sql` or `,
    )}) and (octet_length(${plain}) = length(${plain}) or ${text} ~ ${anyCase(typed)}))`
  return {
    code: says(sql`c.words`, sql`(c.label || E'\n' || coalesce(c.destination::text, ''))`),
    user: says(sql`plain_letters(u.username)`, sql`u.username`),
    indexed: short || new RegExp(`${known}{3}`, 'u').test(typed),
  }
}
/** Ids of all codes that hold the words, or are for a person whose name does. */
const holding = ({ code, user }: Search) => sql`(select c.id from code c where ${code}
  union select c.id from users u join code c on c.user_id = u.id where ${user})`

/** A filter as one condition over `c` (code) and `u` (the person it is for): for whole sets. */
export const matchingCodes = (filter: CodeFilter): Condition => {
  const { state } = filter
  const search = searchOf(filter)
  return all([
    ...keysOf(filter),
    ...(state ? [inState[state]] : []),
    ...ofKind(filter),
    ...(search ? [sql<boolean>`c.id in ${holding(search)}`] : []),
  ])
}

/**
 * The newest codes of a filter without its words, out of ranges of indexes alone: the newest of each kind in each state, and
 * of them the newest. What time has moved since it was looked at is few, and found by when it turns.
 */
const newest = (filter: CodeFilter, below: string | undefined, limit: number): RawBuilder<unknown> => {
  const { state } = filter
  const of = (conditions: readonly Condition[], id: 'id' | 'list_id' = 'id') => {
    const keys = [...keysOf(filter, id), ...(below ? [sql<boolean>`c.${sql.ref(id)} < ${below}::uuid`] : [])]
    return sql`(select c.id, c.label, c.destination, c.words, c.user_id from code c where ${all([...conditions, ...keys])} order by c.${sql.ref(id)} desc limit ${limit})`
  }
  if (wholeId(filter)) return of([...ofKind(filter), ...(state ? [inState[state]] : [])])
  const still = (k: CodeKind): Condition[] => [
    sql<boolean>`c.turns_at > now()`,
    ...(authenticates(k) && state !== 'used' && state !== 'revoked' && state !== 'expired' ? [sql<boolean>`not ${isVoid}`] : []),
  ]
  const ranges = kindsOf(filter).flatMap((k) =>
    (state ? [state] : codeStates).map((s) =>
      of([sql<boolean>`c.kind = ${k} and c.seen_state = ${s}`, ...(state ? still(k) : [])], 'list_id'),
    ),
  )
  if (state && state !== 'used' && state !== 'revoked') {
    const here = [inState[state], ...ofKind(filter)]
    ranges.push(of([sql<boolean>`c.turns_at < 'infinity' and c.turns_at <= now()`, ...here]))
    if (state === 'expired')
      ranges.push(
        of([
          sql<boolean>`c.secret_hash is not null and c.turns_at < 'infinity' and c.turns_at > now() and c.epoch < (select epoch from deployment)`,
          ...here,
        ]),
      )
  }
  return sql`(select * from (${sql.join(ranges, sql` union all `)}) c order by c.id desc limit ${limit})`
}

/** Of so many of the newest each is asked whether it holds the words; past them the index of words is. */
const walked = 3_000
/** Ids of the codes of a filter, newest first, at most `limit`, older than `below`. A page costs the same at any number of codes. */
export const findCodes = async (db: Db, filter: CodeFilter, limit: number, below?: string): Promise<string[]> => {
  const search = searchOf(filter)
  if (!search) {
    const { rows } = await sql<{ id: string }>`select id from ${newest(filter, below, limit)} c`.execute(db)
    return rows.map(({ id }) => id)
  }
  const { rows } = await sql<{ n: number; last: string | null; ids: string[] }>`
    with w as materialized (select * from ${newest(filter, below, walked)} c),
      m as (select c.id from w c left join users u on u.id = c.user_id where ${search.code} or ${search.user} order by c.id desc limit ${limit})
    select (select count(*)::int from w) as n, (select id from w order by id limit 1) as last, array(select id from m order by id desc)::text[] as ids`.execute(
    db,
  )
  const { n, last, ids } = rows[0] as { n: number; last: string | null; ids: string[] }
  if (ids.length === limit || n < walked || last === null) return ids
  return [...ids, ...(await fromWords(db, filter, search, limit - ids.length, last))]
}
/** By the index of words, whatever the planner expects to find: of few it is at once, of many the newest were found before. */
const fromWords = (db: Db, filter: CodeFilter, search: Search, limit: number, below: string): Promise<string[]> =>
  byWords(db, search, async (tx) => {
    const { rows } = await sql<{ id: string }>`
      with t as materialized (select ${facts} from code c where ${search.code}),
        p as materialized (select ${facts} from users u join code c on c.user_id = u.id where ${search.user})
      select distinct c.id from (select * from t union all select * from p) c
      where ${withoutWords(filter)} and c.id < ${below}::uuid order by c.id desc limit ${limit}`.execute(tx)
    return rows.map(({ id }) => id)
  })
const byWords = <T>(db: Db, { indexed }: Search, work: (tx: Tx) => Promise<T>): Promise<T> =>
  db.transaction().execute(async (tx) => {
    if (indexed) await sql`set local enable_seqscan = off`.execute(tx)
    return work(tx)
  })
const withoutWords = ({ q, ...others }: CodeFilter): Condition => matchingCodes(wholeId({ q }) ? { q, ...others } : others)
/** What a filter asks of a code, but for the words. */
const facts = sql.raw(
  'id kind user_id owner_id brand_id revoked_at claimed_at expires_at not_before scans scan_limit secret_hash epoch seen_state turns_at'
    .replace(/(\w+) ?/g, 'c.$1,')
    .slice(0, -1),
)

/** Past this many codes a count is the planner's estimate: it must not cost what the list saves. */
const countedExactly = 10_000
/** By state; `about`: some are estimates. */
export const readCounts = async (db: Db, filter: CodeFilter): Promise<Out<typeof countCodes>> => {
  const search = searchOf(filter)
  // kinds, states and times stand in one index; whatever else is asked of a code is counted row by row
  const apart = !search && !filter.userId && !filter.owner && !filter.brand && !filter.device
  const states = apart ? await countSeen(db, filter) : await countRows(db, filter, search)
  const sum = (): number => Object.values(states).reduce((total, n) => total + n, 0)
  const all = sum()
  const many = codeStates.filter((state) => (apart ? states[state] : all) > countedExactly)
  for (const state of many) states[state] = Math.max(states[state], await estimate(db, filter, search, state))
  return { all: sum(), states, about: many.length > 0 }
}
/** What the planner expects of a state as it was looked at. */
const estimate = async (db: Db, filter: CodeFilter, search: Search | undefined, state: CodeState): Promise<number> => {
  const here = all([sql<boolean>`c.seen_state = ${state}`, ...ofKind(filter), ...keysOf(filter)])
  const sets = search
    ? [
        sql`select c.id from code c where ${here} and ${search.code}`,
        sql`select c.id from users u join code c on c.user_id = u.id where ${here} and ${search.user}`,
      ]
    : [sql`select c.id from code c where ${here}`]
  let expected = 0
  for (const set of sets) {
    const { rows } = await sql<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>`explain (format json) ${set}`.execute(db)
    expected += Object.values(rows[0] as object)[0][0].Plan['Plan Rows']
  }
  return expected
}
type ByState = Record<CodeState, number>
const byState = (rows: readonly { state: CodeState; n: number }[]): ByState => {
  const counts = Object.fromEntries(codeStates.map((state) => [state, 0])) as ByState
  for (const { state, n } of rows) counts[state] += n
  return counts
}
/** The state of `c` at this moment. */
const stateNow = sql<CodeState>`case when c.turns_at > now() and not ${isVoid} then c.seen_state
  ${sql.join(
    codeStates.map((state) => sql`when ${inState[state]} then ${state}`),
    sql` `,
  )} end`
/** By the states in which codes were looked at, out of the index alone, so many of each; and what time has moved since. */
const countSeen = async (db: Db, filter: CodeFilter): Promise<ByState> => {
  const kinds = sql`c.kind = any (${kindsOf(filter)}::text[])`
  const each = codeStates.map(
    (state) => sql`select ${state}::text as state, count(*)::int as n from (select from code c
      where ${all([sql<boolean>`${kinds} and c.seen_state = ${state}`, ...keysOf(filter, 'list_id')])} limit ${countedExactly + 1}) s`,
  )
  const turned = (condition: Condition) => sql`select ${facts} from code c
    where ${all([sql<boolean>`${kinds} and c.turns_at < 'infinity'`, condition, ...keysOf(filter)])}`
  const { rows } = await sql<{ state: CodeState; n: number }>`
    with m as (${turned(sql<boolean>`c.turns_at <= now()`)} union all
      ${turned(sql<boolean>`c.turns_at > now() and c.secret_hash is not null and c.epoch < (select epoch from deployment)`)})
    ${sql.join(each, sql` union all `)}
    union all select c.seen_state, -count(*)::int from m c group by 1 union all select ${stateNow}, count(*)::int from m c group by 1`.execute(
    db,
  )
  return byState(rows)
}
/** So many in all, whichever are met first. */
const countRows = async (db: Db, filter: CodeFilter, search: Search | undefined): Promise<ByState> => {
  const here = withoutWords(filter)
  const sets = search
    ? sql`select ${facts} from code c where ${search.code} and ${here}
        union all select ${facts} from users u join code c on c.user_id = u.id where ${search.user} and not ${search.code} and ${here}`
    : sql`select ${facts} from code c where ${here}`
  const count = async (tx: Db | Tx): Promise<ByState> => {
    const { rows } = await sql<{ state: CodeState; n: number }>`select ${stateNow} as state, count(*)::int as n
      from (${sets} limit ${countedExactly + 1}) c group by 1`.execute(tx)
    return byState(rows)
  }
  return search ? byWords(db, search, count) : count(db)
}

const tidiedAtOnce = 5_000
/** What a waiting screen drew and nobody claimed: gone a day after its end. Until then its id is spent (RFC 10027 §6.1.4). */
export const deleteUnclaimed = async (db: Db): Promise<void> => {
  await sql`delete from code where id in (select id from code where kind in ('sign-in', 'approve') and seen_state = 'expired' and expires_at < now() - interval '1 day' limit ${tidiedAtOnce})`.execute(
    db,
  )
}
/** Looks at the clock for codes that time has moved. Nothing depends on it: until then they are found by when they turn. */
export const tidyCodes = async (db: Db): Promise<void> => {
  for (;;) {
    const { numAffectedRows = 0n } = await sql`
      update code c set seen_at = case when ${isVoid} then 'infinity' else now() end from (
        select id from code where turns_at < 'infinity' and (turns_at <= now() or (secret_hash is not null and epoch < (select epoch from deployment)))
        limit ${tidiedAtOnce} for no key update skip locked) t where c.id = t.id`.execute(db)
    if (numAffectedRows < tidiedAtOnce) return
  }
}
