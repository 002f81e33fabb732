import { sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { scanStream } from '../events/index.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    scan: {
      id: string
      codeId: string
      outcome: string
      deviceType: string
      platform: string
      browser: string
      country: string
      city: string
      bot: boolean
      addressTag: Buffer | null
      sealed: Buffer | null
      n: number
    }
  }
}

/** What is kept of an address: as Settings → Codes says. */
export type KeptAddress = { addressTag: Buffer | null; sealed: Buffer | null; city: string }
export type NewScan = KeptAddress & {
  id: string
  codeId: string
  outcome: string
  deviceType: string
  platform: string
  browser: string
  country: string
  bot: boolean
}
const columns = ['outcome', 'deviceType', 'platform', 'browser', 'country', 'city', 'bot', 'addressTag', 'sealed'] as const
const names = 'outcome, device_type, platform, browser, country, city, bot, address_tag, sealed'

/** A row and its place on the spine: one statement, in the transaction of what it records. */
export const insertScan = async (tx: Tx, scan: NewScan): Promise<void> => {
  await sql`with i as (insert into scan (id, code_id, ${sql.raw(names)}) values (${scan.id}, ${scan.codeId}, ${sql.join(columns.map((name) => scan[name]))}))
    insert into pending (stream, ids) values (${scanStream}, array[${scan.id}::uuid])`.execute(tx)
}
/** Counts one opening of an address that has had its rows of this minute. `from`: a CTE with the columns of `scan`, and `scan` as its id. */
export const countFlood = (from: string): string => `insert into scan_flood as f
    (minute, code_id, address_tag, outcome, device_type, platform, browser, country, city, bot, id, sealed, n)
  select date_trunc('minute', now()), code_id, coalesce(address_tag, ''), outcome, device_type, platform, browser, country, city, bot,
    (array_agg(id))[1], (array_agg(sealed))[1], count(*)
  from ${from} group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
  on conflict (minute, code_id, address_tag, outcome, device_type, platform, browser, country, city, bot) do update set n = f.n + excluded.n`
export const insertFlood = async (db: Db | Tx, scan: NewScan): Promise<void> => {
  await sql`with s as (select ${scan.id}::uuid as id, ${scan.codeId}::uuid as code_id, ${scan.outcome}::text as outcome, ${scan.deviceType}::text as device_type,
      ${scan.platform}::text as platform, ${scan.browser}::text as browser, ${scan.country}::text as country, ${scan.city}::text as city, ${scan.bot}::boolean as bot,
      ${scan.addressTag}::bytea as address_tag, ${scan.sealed}::bytea as sealed)
    ${sql.raw(countFlood('s'))}`.execute(db)
}
/** Turns finished minutes of `scan_flood` into rows; exact when two processes do it, for the delete hands each count to one. */
export const settleFloods = async (db: Db): Promise<void> => {
  await sql`with f as (delete from scan_flood where minute < date_trunc('minute', now()) returning *),
      i as (insert into scan (id, code_id, ${sql.raw(names)}, n) select id, code_id, ${sql.raw(names.replace('address_tag', "nullif(address_tag, '')"))}, n from f)
    insert into pending (stream, ids) select ${scanStream}, array_agg(id order by id) from f having count(*) > 0`.execute(db)
}

/**
 * CTEs for whoever adds up scans: `tail_ids`, ids past the rollup's cursor, ordered or not yet; `tail`, their rows and the
 * counts of the running minute (`flood`). Rolled-up counts and the tail, read in ONE statement, are all scans at one
 * moment: each commit moves a scan from one to the next. A scan is looked up by its id, whatever the planner thinks of the tail.
 */
export const tail = `tail_ids as (
    select unnest(b.ids) as id from log_batch b where b.stream = ${scanStream} and b.first_seq >= (select upto from log_cursor where stream = ${scanStream} and consumer = 'rollup')
      and b.first_seq < (select size from log_head where stream = ${scanStream})
    union all select unnest(ids) from pending where stream = ${scanStream}),
  tail as (
    select s.code_id, uuid7_at(s.id) as time, s.id, s.outcome, s.device_type, s.platform, s.browser, s.country, s.city, s.bot, s.n, false as flood
      from tail_ids t, lateral (select * from scan where scan.id = t.id offset 0) s
    union all select code_id, uuid7_at(id), id, outcome, device_type, platform, browser, country, city, bot, n, true from scan_flood)`
/** A browser without its version: what rollups count. */
export const family = (browser: string): string => `rtrim(${browser}, '0123456789 ')`

/** What a person's last opening of a group of scans has. */
const lastOf = (column: 'id' | 'country' | 'platform'): string =>
  `(array_agg(${column} order by id desc) filter (where not bot))[1]`
/** A code's openings up to this moment; `last` by a person. */
export type Totals = { people: number; previews: number; last: { id: string; country: string; platform: string } | null }
/** What is rolled up and the tail, at one moment, and never a code's raw rows: a list costs the same whatever was scanned. */
export const readTotals = async (db: Db | Tx, codeIds: readonly string[]): Promise<(codeId: string) => Totals> => {
  const { rows } = await sql<{
    id: string
    people: number
    previews: number
    lastId: string | null
    country: string
    platform: string
  }>`
    with ${sql.raw(tail)},
      l as (select code_id, coalesce(sum(n) filter (where not bot), 0) as people, coalesce(sum(n) filter (where bot), 0) as previews,
        ${sql.raw(lastOf('id'))} as id, ${sql.raw(lastOf('country'))} as country, ${sql.raw(lastOf('platform'))} as platform
        from tail where code_id = any (${codeIds}::uuid[]) group by code_id)
    select k.id, (coalesce(t.people, 0) + coalesce(l.people, 0))::float8 as people, (coalesce(t.previews, 0) + coalesce(l.previews, 0))::float8 as previews,
      coalesce(l.id, t.last_id) as "lastId", case when l.id is null then t.last_country else l.country end as country,
      case when l.id is null then t.last_platform else l.platform end as platform
    from unnest(${codeIds}::uuid[]) k(id) left join scan_total t on t.code_id = k.id left join l on l.code_id = k.id`.execute(db)
  const totals = new Map(
    rows.map(({ id, people, previews, lastId, country, platform }) => [
      id,
      { people, previews, last: lastId === null ? null : { id: lastId, country, platform } },
    ]),
  )
  return (codeId) => totals.get(codeId) ?? { people: 0, previews: 0, last: null }
}
