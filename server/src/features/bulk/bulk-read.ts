import {
  type BulkJob,
  type In,
  type JobAction,
  type JobState,
  type listBulkJobs,
  type StopReason,
  stopReasons,
} from '@postern/contract'
import { sql } from 'kysely'
import { csvRow } from '../../platform/csv.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { cursorId, toId } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import type { Language } from '../letters/index.ts'
import type { BulkRequest } from './bulk-rules.ts'
import { openInput, openMaker, openRequest } from './bulk-store.ts'
import { whyOf } from './error-words.ts'
import type { Maker } from './job-actor.ts'

type Row = {
  id: string
  action: JobAction
  state: JobState
  total: number
  done: number
  failed: number
  by: string | null
  why: string | null
  createdAt: Date
  startedAt: Date | null
  endedAt: Date | null
  seconds: number | null
  before: number
  until: Date | null
}
const select = sql`select j.id, j.action, j.state, j.total, j.done, j.failed, coalesce(u.username, j.by_name) as by, j.why,
  j.created_at as "createdAt", j.started_at as "startedAt", j.ended_at as "endedAt", j.before,
  extract(epoch from coalesce(j.ended_at, now()) - j.started_at)::float8 as seconds,
  (select min(r.result_until) from bulk_row r where r.job_id = j.id and r.result is not null and r.result_until > now()) as until
  from bulk_job j left join users u on u.id = j.by_id`

/** How fast rows go and how long the rest takes; below a second nothing can be said. */
const pace = ({
  total,
  done,
  failed,
  before,
  seconds,
  state,
}: Pick<Row, 'total' | 'done' | 'failed' | 'before' | 'seconds' | 'state'>) => {
  const over = done + failed - before
  const rate = seconds !== null && seconds >= 1 && over > 0 ? over / seconds : null
  return {
    rate: rate === null ? null : Math.round(rate * 10) / 10,
    secondsLeft: state === 'running' && rate ? Math.ceil((total - done - failed) / rate) : null,
  }
}
const reasons = Object.keys(stopReasons) as StopReason[]
const toJob = (row: Row): BulkJob => ({
  id: toId('job', row.id),
  action: row.action,
  state: row.state,
  total: row.total,
  done: row.done,
  failed: row.failed,
  ...pace(row),
  by: row.by ?? '',
  stopped: reasons.find((each) => stopReasons[each] === row.why) ?? null,
  why: row.why,
  createdAt: row.createdAt.toISOString(),
  startedAt: row.startedAt?.toISOString() ?? null,
  endedAt: row.endedAt?.toISOString() ?? null,
  results: row.until ? { until: row.until.toISOString() } : null,
})
export const readJob = async (db: Db | Tx, id: string): Promise<BulkJob | undefined> => {
  const { rows } = await sql<Row>`${select} where j.id = ${id}`.execute(db)
  return rows[0] && toJob(rows[0])
}
export const readJobs = async (
  db: Db,
  { limit, cursor, state }: In<typeof listBulkJobs>,
): Promise<{ items: BulkJob[]; nextCursor: string | null }> => {
  const { rows } = await sql<Row>`${select} where (${state ?? null}::text is null or j.state = ${state ?? null})
    and (${cursor ? cursorId('job', cursor) : null}::uuid is null or j.id < ${cursor ? cursorId('job', cursor) : null}::uuid)
    order by j.id desc limit ${limit + 1}`.execute(db)
  const items = rows.slice(0, limit).map(toJob)
  return { items, nextCursor: rows.length > limit ? (items.at(-1) as BulkJob).id : null }
}
export const findJob = async (
  db: Db | Tx,
  keys: Keys,
  id: string,
): Promise<{ action: JobAction; maker: Maker; request: BulkRequest } | undefined> => {
  const row = await db.selectFrom('bulkJob').select(['action', 'actor', 'request']).where('id', '=', id).executeTakeFirst()
  return row && { action: row.action, maker: openMaker(keys, id, row.actor), request: openRequest(keys, id, row.request) }
}

const rowsARead = 500
/** The rows that failed: where, what is wrong, and for rows of a file what stood in them, so that it can be mended and sent again. */
export async function* errorsOf(
  db: Db,
  keys: Keys,
  { jobId, action, language }: { jobId: string; action: JobAction; language: Language },
): AsyncIterable<string> {
  let after = 0
  let columns: string[] | undefined
  for (;;) {
    const rows = await db
      .selectFrom('bulkRow')
      .select(['n', 'subjectId', 'input', 'errors'])
      .where('jobId', '=', jobId)
      .where('state', '=', 'failed')
      .where('n', '>', after)
      .orderBy('n')
      .limit(rowsARead)
      .execute()
    for (const { n, subjectId, input, errors } of rows) {
      const values = input ? openInput(keys, jobId, n, input).values : {}
      if (!columns) {
        columns = Object.keys(values)
        yield csvRow(['row', ...(input ? columns : ['id']), 'problem', 'why'])
      }
      const about = input
        ? columns.map((column) => values[column] ?? '')
        : [subjectId ? toId(action === 'issue' ? 'usr' : 'cod', subjectId) : '']
      yield csvRow([String(n), ...about, errors?.code ?? '', errors ? whyOf(errors, language) : ''])
    }
    if (rows.length < rowsARead) break
    after = (rows.at(-1) as { n: number }).n
  }
  if (!columns) yield csvRow(['row', 'id', 'problem', 'why'])
}
