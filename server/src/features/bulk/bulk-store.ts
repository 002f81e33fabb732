import type { JobAction, JobState } from '@postern/contract'
import { type Generated, sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import type { Keys } from '../../platform/keys.ts'
import type { BulkRequest } from './bulk-rules.ts'
import type { RowErrors } from './error-words.ts'
import type { Maker } from './job-actor.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    bulkJob: {
      id: string
      action: JobAction
      request: Buffer
      actor: Buffer
      byId: string | null
      byName: string | null
      total: number
      done: Generated<number>
      failed: Generated<number>
      state: Generated<JobState>
      why: string | null
      createdAt: Generated<Date>
      startedAt: Date | null
      before: Generated<number>
      endedAt: Date | null
      fetchedAt: Date | null
      holder: string | null
      fence: Generated<number>
      until: Generated<Date>
    }
    bulkRow: {
      jobId: string
      n: number
      subjectId: string | null
      state: Generated<'waiting' | 'done' | 'failed'>
      tries: Generated<number>
      input: Buffer | null
      madeId: string | null
      result: Buffer | null
      resultUntil: Date | null
      errors: RowErrors | null
    }
  }
}

/** Seconds for which a process holds a job without a sign of life; each row is one. */
const leaseSeconds = 15
/** Times that a row may be broken off (by a bug, or with the database) before it counts as failed. */
const mostTries = 3
/** Hours for which the results of a job can be fetched after its end. */
const resultHours = 1

const jobRow = (id: string, what: 'request' | 'actor') => ({ table: `bulk_job.${what}`, row: id, user: '' })
const rowOf = (jobId: string, n: number, what: 'input' | 'result') => ({
  table: `bulk_row.${what}`,
  row: `${jobId}/${n}`,
  user: '',
})
const sealed = (keys: Keys, row: ReturnType<typeof rowOf>, value: unknown): Buffer =>
  keys.seal('answers', row, Buffer.from(JSON.stringify(value)))
const opened = <T>(keys: Keys, row: ReturnType<typeof rowOf>, bytes: Buffer): T =>
  JSON.parse(keys.unseal(row, bytes).toString()) as T
export const sealResult = (keys: Keys, jobId: string, n: number, result: RowResult): Buffer =>
  sealed(keys, rowOf(jobId, n, 'result'), result)
export const openResult = (keys: Keys, jobId: string, n: number, bytes: Buffer): RowResult =>
  opened(keys, rowOf(jobId, n, 'result'), bytes)
/** A row of a file: what stood there, and what is to be made of it where it is good. */
export type RowInput = { values: Record<string, string>; input?: object }
export const sealInput = (keys: Keys, jobId: string, n: number, input: RowInput): Buffer =>
  sealed(keys, rowOf(jobId, n, 'input'), input)
export const openInput = (keys: Keys, jobId: string, n: number, bytes: Buffer): RowInput =>
  opened(keys, rowOf(jobId, n, 'input'), bytes)

export const openRequest = (keys: Keys, jobId: string, bytes: Buffer): BulkRequest =>
  opened(keys, jobRow(jobId, 'request'), bytes)
export const openMaker = (keys: Keys, jobId: string, bytes: Buffer): Maker => opened(keys, jobRow(jobId, 'actor'), bytes)

/** What a row made, for who made the job alone: an address may be a secret. */
export type RowResult = { url: string; activation?: string }
export type Job = { id: string; action: JobAction; fence: number; maker: Maker; request: BulkRequest }

export const insertJob = async (
  tx: Tx,
  keys: Keys,
  job: { id: string; action: JobAction; request: BulkRequest; maker: Maker; total: number },
): Promise<void> => {
  const { id, action, request, maker, total } = job
  await tx
    .insertInto('bulkJob')
    .values({
      id,
      action,
      total,
      request: sealed(keys, jobRow(id, 'request'), request),
      actor: sealed(keys, jobRow(id, 'actor'), maker),
      byId: maker.kind === 'host' ? null : maker.id,
      byName: maker.kind === 'user' ? null : maker.name,
      why: null,
      startedAt: null,
      endedAt: null,
      fetchedAt: null,
      holder: null,
    })
    .execute()
}

/**
 * Takes the oldest job that nobody holds, for 15 s from its last sign of life (model.md §7). The fence rises with each taking,
 * and every write of a row names it, so who lost a job writes nothing more. Revoking goes first.
 */
export const takeJob = async (
  db: Db,
  keys: Keys,
  holder: string,
  which: 'revoke' | 'other' | { id: string },
): Promise<Job | undefined> => {
  const mine =
    typeof which === 'object' ? sql`id = ${which.id}` : which === 'revoke' ? sql`action = 'revoke'` : sql`action <> 'revoke'`
  const { rows } = await sql<{ id: string; action: JobAction; fence: number; request: Buffer; actor: Buffer }>`
    update bulk_job j set holder = ${holder}::uuid, fence = fence + 1, until = now() + ${leaseSeconds} * interval '1 s', state = 'running',
      before = case when state = 'queued' then done + failed else before end,
      started_at = case when state = 'queued' then now() else started_at end
    where id = (select id from bulk_job where state in ('queued', 'running') and (until < now() or holder = ${holder}::uuid) and ${mine} order by id limit 1 for no key update skip locked)
    returning id, action, fence, request, actor`.execute(db)
  const row = rows[0]
  return (
    row && {
      id: row.id,
      action: row.action,
      fence: row.fence,
      request: openRequest(keys, row.id, row.request),
      maker: openMaker(keys, row.id, row.actor),
    }
  )
}
/** Gives a job back at once, so that another process goes on without waiting for the lease to run out. */
export const giveBack = async (db: Db, job: Job): Promise<void> => {
  await sql`update bulk_job set until = '-infinity' where id = ${job.id} and fence = ${job.fence}`.execute(db)
}
/** First in a row's transaction: the job is still ours and runs. A cancel waits for this lock, so for the row in hand. */
export const holdJob = async (tx: Tx, job: Job): Promise<boolean> => {
  const { rows } = await sql`update bulk_job set until = now() + ${leaseSeconds} * interval '1 s'
    where id = ${job.id} and fence = ${job.fence} and state = 'running' returning id`.execute(tx)
  return rows.length > 0
}
export type WaitingRow = { n: number; subjectId: string | null; input: Buffer | null }
export const waitingRows = (db: Db, jobId: string, limit: number): Promise<WaitingRow[]> =>
  db
    .selectFrom('bulkRow')
    .select(['n', 'subjectId', 'input'])
    .where('jobId', '=', jobId)
    .where('state', '=', 'waiting')
    .orderBy('n')
    .limit(limit)
    .execute()

export type Settled = { n: number; madeId?: string | null; result?: Buffer | null; errors?: RowErrors | null }
/** Last in a row's transaction: rows are over, and count. False: one of them was over already, so nothing of it may stay. */
export const settleRows = async (tx: Tx, jobId: string, rows: readonly Settled[]): Promise<boolean> => {
  const { rows: settled } = await sql<{ failed: boolean }>`
    update bulk_row r set state = case when b.errors is null then 'done' else 'failed' end, made_id = b.made_id, result = b.result,
      errors = b.errors, input = case when b.errors is null then null else r.input end
    from unnest(${rows.map(({ n }) => n)}::int[], ${rows.map(({ madeId }) => madeId ?? null)}::uuid[],
      ${rows.map(({ result }) => result ?? null)}::bytea[], ${rows.map(({ errors }) => (errors ? JSON.stringify(errors) : null))}::jsonb[]) b(n, made_id, result, errors)
    where r.job_id = ${jobId} and r.n = b.n and r.state = 'waiting' returning r.state = 'failed' as failed`.execute(tx)
  const failed = settled.filter((row) => row.failed).length
  await sql`update bulk_job set done = done + ${settled.length - failed}, failed = failed + ${failed} where id = ${jobId}`.execute(
    tx,
  )
  return settled.length === rows.length
}
/** Counts a try of a row that was broken off; the last one makes it a failure. Answers whether it is over now. */
export const countTry = async (tx: Tx, jobId: string, n: number): Promise<boolean> => {
  const { rows } = await sql<{ tries: number }>`update bulk_row set tries = tries + 1
    where job_id = ${jobId} and n = ${n} and state = 'waiting' returning tries`.execute(tx)
  return (rows[0]?.tries ?? 0) >= mostTries
}

/** Ends a job: done where no row waits any more, else as `how` says. Results can be fetched from now on, for an hour. */
export const endJob = async (
  tx: Tx,
  { id, fence }: { id: string; fence?: number },
  how: { state: 'done' | 'cancelled' | 'failed'; why?: string },
): Promise<{ done: number; failed: number; total: number } | undefined> => {
  const { rows } = await sql<{ done: number; failed: number; total: number }>`
    update bulk_job set state = ${how.state}, why = ${how.why ?? null}, ended_at = now(), until = '-infinity'
    where id = ${id} and state in ('queued', 'running') and (${fence ?? null}::int is null or fence = ${fence ?? null})
      and (${how.state} <> 'done' or done + failed = total)
    returning done, failed, total`.execute(tx)
  if (rows[0])
    await sql`update bulk_row set result_until = now() + ${resultHours} * interval '1 h'
      where job_id = ${id} and result is not null and result_until is null`.execute(tx)
  return rows[0]
}
export const resumeJob = async (tx: Tx, id: string): Promise<boolean> => {
  const { rows } = await sql`update bulk_job set state = 'queued', why = null, ended_at = null, until = '-infinity'
    where id = ${id} and state in ('cancelled', 'failed') returning id`.execute(tx)
  if (rows.length === 0) return false
  // the hour of what was made begins anew with the end that is to come: until then nobody can fetch it
  await sql`update bulk_row set result_until = null where job_id = ${id} and result is not null and result_until > now()`.execute(
    tx,
  )
  return true
}

/** Housekeeping: results that are over, and jobs of which nobody will ask any more. Nothing depends on it. */
export const tidyBulk = async (db: Db): Promise<void> => {
  await sql`update bulk_row set result = null, result_until = null where result is not null and result_until < now()`.execute(db)
  await sql`delete from bulk_job where ended_at < now() - interval '30 days'`.execute(db)
}
