import { tail } from '../../server/src/features/codes/index.ts'
import { uuid7 } from '../../server/src/platform/ids.ts'
import type { Sql } from './deployment.ts'

type Moment = { raw: number; below: number; rolled: number[]; totals: number; tail: number; upto: number }
/** All scans at one moment, in one statement: raw rows, those that are rolled up, and what each rollup says. */
export const scansNow = async (sql: Sql): Promise<Moment> =>
  (
    await sql(`with ${tail}, flood as (select coalesce(sum(n), 0)::int as n from scan_flood)
    select (select coalesce(sum(n), 0)::int from scan) + (select n from flood) as raw,
      (select coalesce(sum(n), 0)::int from scan where id not in (select id from tail_ids)) as below,
      array(select (select coalesce(sum(n), 0)::int from scan_cube where grain = g) from unnest(array[1, 60, 1440]) g) as rolled,
      (select coalesce(sum(people + previews), 0)::int from scan_total) as totals,
      (select coalesce(sum(n), 0)::int from tail) as tail,
      (select upto::int from log_cursor where stream = 2 and consumer = 'rollup') as upto`)
  )[0] as unknown as Moment

/** Cells of the rollups that differ from what raw rows give, by code only where it is counted so. Holds when nothing is left in the tail. */
export const differingCells = async (sql: Sql): Promise<{ cube: number; byCode: number; totals: number }> =>
  (
    await sql(`with s as materialized (select *, uuid7_at(id) as time from scan),
      g(grain) as (values (1), (60), (1440)),
      cube as (select grain, date_bin(grain * interval '1 min', time, '2000-01-01Z') as at, outcome, device_type, platform,
        regexp_replace(browser, '[0-9 ]+$', '') as browser, country, bot, sum(n) as n from s, g group by 1, 2, 3, 4, 5, 6, 7, 8),
      code as (select o.code_id, grain, dim, date_bin(grain * interval '1 min', time, '2000-01-01Z') as at, value, sum(n) as n
        from s join scan_total t on t.code_id = s.code_id, g, lateral (select s.code_id where t.by_code union all select '00000000-0000-0000-0000-000000000000') o, lateral (values ('seen', case when bot then 'previews' else 'people' end, true),
          ('preview', regexp_replace(browser, '[0-9 ]+$', ''), bot), ('browser', regexp_replace(browser, '[0-9 ]+$', ''), not bot), ('place', country || '/' || city, not bot),
          ('platform', platform, not bot), ('device', device_type, not bot), ('outcome', outcome, not bot)) d(dim, value, counts)
        where counts and (grain > 1 or time > now() - interval '7 d') group by 1, 2, 3, 4, 5)
    select (select count(*)::int from cube full join scan_cube k using (grain, at, outcome, device_type, platform, browser, country, bot) where cube.n is distinct from k.n) as cube,
      (select count(*)::int from code full join scan_by_code k using (code_id, grain, dim, at, value) where code.n is distinct from k.n) as "byCode",
      (select count(*)::int from (select code_id, coalesce(sum(n) filter (where not bot), 0) as people, coalesce(sum(n) filter (where bot), 0) as previews,
          (array_agg(array[id::text, country, platform] order by id desc) filter (where not bot))[1:1] as last from s group by 1) c
        full join scan_total t using (code_id) where c.people is distinct from t.people or c.previews is distinct from t.previews
          or c.last[1][1]::uuid is distinct from t.last_id or c.last[1][2] is distinct from t.last_country or c.last[1][3] is distinct from t.last_platform) as totals`)
  )[0] as never

/** Scans as the product writes them, in bulk: rows and their place on the spine, spread over the last `minutes`. */
export const addScans = async (sql: Sql, codeId: string, count: number, minutes: number): Promise<void> => {
  const now = Date.now()
  const stamp = (at: number) => {
    const ms = Math.floor(now - ((count - at) / count) * minutes * 60_000)
      .toString(16)
      .padStart(12, '0')
    return `${ms.slice(0, 8)}-${ms.slice(8)}${uuid7().slice(13)}`
  }
  for (let done = 0; done < count; done += 5_000) {
    const ids = Array.from({ length: Math.min(5_000, count - done) }, (_, at) => stamp(done + at))
    await sql(
      `with i as (insert into scan (id, code_id, outcome, device_type, platform, browser, country, bot)
        select id, $2, 'redirected', (array['mobile', 'desktop', 'tablet'])[1 + n % 3], (array['iOS', 'Android', 'Windows', 'Linux'])[1 + n % 4],
          (array['Safari 18', 'Chrome 156', 'Firefox 150'])[1 + n % 3], (array['PL', 'DE', 'CZ', 'FR', ''])[1 + n % 5], n % 17 = 0
        from unnest($1::uuid[]) with ordinality u(id, n))
      insert into pending (stream, ids) select 2, array_agg(id) from (select id, n / 200 as part from unnest($1::uuid[]) with ordinality u(id, n)) s group by part`,
      [ids, codeId],
    )
  }
}
