import { sql } from 'kysely'
import type { Db } from '../../platform/db.ts'
import { family, tail } from '../codes/index.ts'
import { scanStream } from '../events/index.ts'

/**
 * What a scan counts as, a row a dimension: the same words in rollups and where raw rows are added up. `seen` and `preview`
 * count all openings, the others those by people. For a `from` whose scans are named `s`.
 */
export const dimensions = `lateral (values
    ('seen', case when s.bot then 'previews' else 'people' end),
    ('preview', case when s.bot then ${family('s.browser')} end),
    ('place', case when not s.bot then s.country || '/' || s.city end),
    ('platform', case when not s.bot then s.platform end),
    ('device', case when not s.bot then s.device_type end),
    ('browser', case when not s.bot then ${family('s.browser')} end),
    ('outcome', case when not s.bot then s.outcome end)) d(dim, value)`
const cell = `date_bin(g.grain * interval '1 min', s.time, '2000-01-01Z')`
/** Cells of a minute are kept so long; what is older is shown by the hour. */
export const minuteCellDays = 7

/** All codes together stand among them, by this id. */
export const allCodes = '00000000-0000-0000-0000-000000000000'
/** Adds the scans of `from`, named `s`, to the cells of their codes. */
const countByCode = (from: string): string => `insert into scan_by_code as k (code_id, grain, dim, at, value, n)
  select s.code_id, g.grain, d.dim, ${cell}, d.value, sum(s.n) from ${from}, ${dimensions}, (values (1), (60), (1440)) g(grain)
  where d.value is not null and (g.grain > 1 or s.time > now() - interval '${minuteCellDays} d')
  group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
  on conflict (code_id, grain, dim, at, value) do update set n = k.n + excluded.n`

const facts = 'outcome, device_type, platform, browser, country, city, bot'
/**
 * Rolls up what stands past the cursor (model §6): all three grains, the totals of codes, and the cursor, in one statement and
 * one commit. Of two processes one holds the cursor and the other finds nothing. Cells are met in one order. Scans that are
 * alike are added up first (`a`, and `w` over all codes), so that they are taken apart into cells once and not one by one, and
 * a code's last opening is sought among them: there is no `max` of uuid, but their text has the same order in "C".
 */
const rollUpText = `
  with c as (select upto from log_cursor where stream = ${scanStream} and consumer = 'rollup' for update skip locked),
  bt as materialized (select first_seq, n, ids from (
    select first_seq, n, ids, sum(n) over (order by first_seq) - n as before
    from (select first_seq, b.n, ids from c, log_batch b where stream = ${scanStream} and first_seq >= c.upto and first_seq < (select size from log_head where stream = ${scanStream})
      order by first_seq limit 400) b) b where before < 20000),
  s as (select x.*, uuid7_at(x.id) as time from bt, lateral (select * from scan where scan.id = any (bt.ids) offset 0) x),
  a as materialized (select code_id, date_bin('1 min', time, '2000-01-01Z') as time, ${facts}, sum(n) as n, max(id::text collate "C") as last from s group by code_id, 2, ${facts}),
  w as materialized (select '${allCodes}'::uuid as code_id, time, ${facts}, sum(n) as n from a group by time, ${facts}),
  cube as (insert into scan_cube as k (grain, at, outcome, device_type, platform, browser, country, bot, n)
    select g.grain, ${cell}, outcome, device_type, platform, ${family('browser')}, country, bot, sum(s.n) from w s, (values (1), (60), (1440)) g(grain)
    group by 1, 2, 3, 4, 5, 6, 7, 8 order by 1, 2, 3, 4, 5, 6, 7, 8
    on conflict (grain, at, outcome, device_type, platform, browser, country, bot) do update set n = k.n + excluded.n),
  t as (insert into scan_total as t (code_id, people, previews, last_id, last_country, last_platform)
    select code_id, people, previews, l[1]::uuid, l[2], l[3] from (select code_id, coalesce(sum(n) filter (where not bot), 0) as people,
      coalesce(sum(n) filter (where bot), 0) as previews, max(array[last, country, platform] collate "C") filter (where not bot) as l from a group by code_id) a
    order by code_id
    on conflict (code_id) do update set people = t.people + excluded.people, previews = t.previews + excluded.previews,
      last_id = case when t.last_id > excluded.last_id then t.last_id else coalesce(excluded.last_id, t.last_id) end,
      last_country = case when excluded.last_id is null or t.last_id > excluded.last_id then t.last_country else excluded.last_country end,
      last_platform = case when excluded.last_id is null or t.last_id > excluded.last_id then t.last_platform else excluded.last_platform end
    returning code_id, people + previews as n, by_code),
  d as (${countByCode(`(select code_id, time, ${facts}, n from a where code_id in (select code_id from t where by_code) union all select * from w) s`)})
  update log_cursor set upto = (select max(first_seq + n) from bt) where stream = ${scanStream} and consumer = 'rollup' and exists (select from bt)
  returning upto, array(select code_id from t where not by_code and n >= $1) as grown`
export const rollUp = async (db: Db, mark: number): Promise<{ upto: number; grown: string[] } | undefined> => {
  const [before, after] = rollUpText.split('$1') as [string, string]
  const { rows } = await sql<{ upto: number; grown: string[] }>`${sql.raw(before)}${mark}${sql.raw(after)}`.execute(db)
  return rows[0]
}

/**
 * Counts all that is rolled up of these codes into `scan_by_code`; from now on the rollup does. One snapshot, under the
 * cursor's lock, says what is rolled up: raw rows that are not in the tail. Answers false where the cursor moved meanwhile.
 */
export const fold = async (db: Db, codeIds: readonly string[]): Promise<boolean> => {
  try {
    return await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (tx) => {
        const held =
          await sql`select upto from log_cursor where stream = ${scanStream} and consumer = 'rollup' for update skip locked`.execute(
            tx,
          )
        if (held.rows.length === 0) return false
        await sql`with ${sql.raw(tail)},
            t as (update scan_total set by_code = true where code_id = any (${codeIds}::uuid[]) and not by_code returning code_id),
            s as (select x.*, uuid7_at(x.id) as time from scan x where code_id in (select code_id from t) and id not in (select id from tail_ids))
          ${sql.raw(countByCode('s'))}`.execute(tx)
        return true
      })
  } catch (error) {
    // 40001: another process moved the cursor after our snapshot
    if ((error as { code?: string }).code === '40001') return false
    throw error
  }
}
