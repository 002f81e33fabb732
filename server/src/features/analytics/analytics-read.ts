import type * as contract from '@postern/contract'
import type { In, Out } from '@postern/contract'
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../../platform/db.ts'
import { uuid7Low } from '../../platform/ids.ts'
import { family, tail } from '../codes/index.ts'
import type { Period } from './analytics-rules.ts'
import { allCodes, dimensions } from './rollup-store.ts'

type Filters = Pick<In<typeof contract.scanAnalytics>, 'outcome' | 'country' | 'deviceType' | 'platform' | 'browser'>
type Cell = { dim: string; bin: number | null; value: string; n: number }
export type Counts = Omit<Out<typeof contract.scanAnalytics>, 'from' | 'to' | 'grain' | 'zone' | 'versions'>

/** Longest ranked list; what is less is left out, and stands in the total. */
const listed = 50
const dayMs = 86_400_000
const raw = (text: string): RawBuilder<unknown> => sql.raw(text)

/** The filters as a condition over rows that have the columns of a scan or of the cube. */
const matching = (filters: Filters): RawBuilder<unknown> => {
  const columns = { outcome: 'outcome', country: 'country', deviceType: 'device_type', platform: 'platform' } as const
  const all = Object.entries(columns).flatMap(([name, column]) => {
    const value = filters[name as keyof typeof columns]
    return value === undefined ? [] : [sql`s.${raw(column)} = ${value}`]
  })
  if (filters.browser !== undefined) all.push(sql`${raw(family('s.browser'))} = ${filters.browser}`)
  return all.length === 0 ? sql`true` : sql.join(all, sql` and `)
}
/**
 * Cells that cover a period once: the series by its own cells (days by the hour, for they begin where their zone says), the
 * lists by whole days of UTC and, at both ends, by hours.
 */
const covering = ({ grain, from, to }: Period) => {
  const cell = grain === 'minute' ? 1 : 60
  const [start, end] = [new Date(from), new Date(to)]
  const fine = sql`(s.grain = ${cell} and s.at >= ${start} and s.at < ${end})`
  const firstDay = Math.ceil(from / dayMs) * dayMs
  const lastDay = Math.floor(to / dayMs) * dayMs
  if (grain !== 'day' || firstDay >= lastDay) return { series: fine, lists: fine }
  const [first, last] = [new Date(firstDay), new Date(lastDay)]
  const lists = sql`(s.grain = 1440 and s.at >= ${first} and s.at < ${last}
    or s.grain = 60 and s.at >= ${start} and s.at < ${first} or s.grain = 60 and s.at >= ${last} and s.at < ${end})`
  return { series: fine, lists }
}
/** Adds up scans that stand in `s` with their time, by dimension; `seen` by cell. */
const added = (bin: RawBuilder<unknown>, condition: RawBuilder<unknown>, from: RawBuilder<unknown>) => sql`
  select d.dim, case when d.dim = 'seen' then ${bin} end as bin, d.value, sum(s.n) as n from ${from}, ${raw(dimensions)}
  where d.value is not null and ${condition} group by 1, 2, 3`

/** Counts of a period, rolled up and not yet, in one statement and so at one moment. */
export const readCounts = async (db: Db, codeId: string | undefined, period: Period, filters: Filters): Promise<Counts> => {
  const { series, lists } = covering(period)
  const starts = period.starts.map((at) => new Date(at))
  const binOf = (time: string): RawBuilder<unknown> => sql`width_bucket(s.${raw(time)}, ${starts}::timestamptz[])`
  const [from, to] = [new Date(period.from), new Date(period.to)]
  const filtered = Object.values(filters).some((value) => value !== undefined)
  const inTime = sql`s.time >= ${from} and s.time < ${to} and ${matching(filters)}`
  const code = codeId ?? allCodes
  const cellsOf = sql`select s.dim, ${binOf('at')} as bin, s.value, sum(s.n) as n from scan_by_code s, by_code
      where yes and s.code_id = ${code}::uuid and s.dim = 'seen' and ${series} group by 1, 2, 3
    union all select s.dim, null, s.value, sum(s.n) from scan_by_code s, by_code
      where yes and s.code_id = ${code}::uuid and s.dim <> 'seen' and ${lists} group by 1, 3`
  const cube = sql`(select *, '' as city from scan_cube) s`
  const parts =
    codeId !== undefined
      ? sql`${cellsOf}
        union all ${added(
          binOf('time'),
          inTime,
          sql`(select x.*, uuid7_at(x.id) as time from scan x, by_code where not yes and x.code_id = ${codeId}::uuid
            and x.id >= ${uuid7Low(from)}::uuid and x.id < ${uuid7Low(to)}::uuid) s`,
        )}
        union all ${added(binOf('time'), inTime, sql`(select x.* from tail x, by_code where x.code_id = ${codeId}::uuid and (yes or flood)) s`)}`
      : sql`${
          filtered
            ? sql`${added(binOf('at'), sql`d.dim = 'seen' and ${series} and ${matching(filters)}`, cube)}
              union all ${added(sql`null::int`, sql`d.dim <> 'seen' and ${lists} and ${matching(filters)}`, cube)}`
            : cellsOf
        }
        union all ${added(binOf('time'), inTime, sql`tail s`)}`
  const { rows } = await sql<Cell>`with ${raw(tail)},
      by_code as (select ${!filtered} and (${codeId === undefined} or coalesce((select by_code from scan_total where code_id = ${code}::uuid), false)) as yes),
      cells as (${parts})
    select dim, bin, value, sum(n)::float8 as n from cells group by 1, 2, 3 order by n desc, value`.execute(db)

  const list = (dim: string): Cell[] => rows.filter((row) => row.dim === dim).slice(0, listed)
  const counted = (dim: string) => list(dim).map(({ value, n }) => ({ value, people: n }))
  const cells = period.starts.map((at) => ({ at: new Date(at).toISOString(), people: 0, previews: 0 }))
  const total = { people: 0, previews: 0 }
  for (const { bin, value, n } of rows.filter(({ dim }) => dim === 'seen')) {
    const cell = cells[(bin as number) - 1]
    if (cell) cell[value as 'people'] += n
    total[value as 'people'] += n
  }
  return {
    ...total,
    series: cells,
    places: list('place').map(({ value, n }) => {
      const [country = '', city = ''] = value.split(/\/(.*)/s)
      return { country, city, people: n }
    }),
    platforms: counted('platform'),
    deviceTypes: counted('device'),
    browsers: counted('browser'),
    outcomes: counted('outcome'),
    previewers: list('preview').map(({ value, n }) => ({ value, previews: n })),
  }
}
