import type { BulkJob, In, JobAction, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { fromId, toId, uuid7 } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { type CodesDeps, expired, matchingCodes, type RefusedOfSet, readCodesOf, revokeSet } from '../codes/index.ts'
import { Abandoned, act, type EventDraft } from '../events/index.ts'
import { requireFresh } from '../policies/index.ts'
import { matchingUsers, mayManage } from '../users/index.ts'
import { findJob, readJob } from './bulk-read.ts'
import { asksForProof, type BulkInput, type BulkRequest, whyNotWhole } from './bulk-rules.ts'
import { endJob, insertJob, resumeJob, settleRows } from './bulk-store.ts'
import { makerOf } from './job-actor.ts'

type Answer = Out<typeof contract.bulkCodes>
/** Codes that a dry run shows. */
const sampleSize = 20

/** The codes or people of a call, as they are now: a filter's result is decided here, once. */
const selected = (input: BulkInput) => {
  const { action, ids, filter, userIds, userFilter } = input
  if (userIds)
    return sql<{ id: string; n: number }>`select id, row_number() over (order by min(at))::int as n
    from unnest(${userIds.map(fromId)}::uuid[]) with ordinality g(id, at) group by id`
  if (userFilter)
    return sql<{ id: string; n: number }>`select id, (row_number() over (order by "usernameKey"))::int as n
    from (${matchingUsers({ ...userFilter, state: 'active' })}) m where ${userFilter.state ?? 'active'} = 'active'`
  if (ids)
    return sql<{ id: string; n: number }>`select id, row_number() over (order by min(at))::int as n
    from unnest(${ids.map(fromId)}::uuid[]) with ordinality g(id, at) group by id`
  // what a filter finds and the act cannot touch is not counted: it would be shown as many failures
  const open: Record<BulkInput['action'], ReturnType<typeof sql>> = {
    revoke: sql`c.revoked_at is null`,
    edit: sql`c.revoked_at is null and c.claimed_at is null`,
    // nor does who filters by no state mean what people let lapse, or got in another way since
    reissue: sql`c.claimed_at is null and c.replaced_by is null and c.kind <> 'static' and c.bootstrap is null
      and (${filter?.state !== undefined} or c.user_id is null or (c.revoked_at is null and not ${expired}))`,
    issue: sql`false`,
    print: sql`c.kind in ('link', 'static')`,
  }
  const found = sql`from code c left join users u on u.id = c.user_id where ${matchingCodes(filter ?? {})} and ${open[action]}`
  // one open code a person: of several of theirs the newest is issued again, for the next one would end it
  const fit =
    action === 'reissue'
      ? sql`select distinct on (coalesce(c.user_id, c.id)) c.id ${found} order by coalesce(c.user_id, c.id), c.id desc`
      : sql`select c.id ${found}`
  return sql<{ id: string; n: number }>`select id, row_number() over (order by id desc)::int as n from (${fit}) f`
}

/** A dry run: how many there are, and the first of them. */
export const tryBulk = async (deps: CodesDeps, input: BulkInput): Promise<Answer> => {
  const wrong = whyNotWhole(input)
  if (wrong) throw wrong
  const { rows } = await sql<{ id: string; total: number }>`select id, count(*) over ()::int as total
    from (${selected(input)}) s order by n limit ${sampleSize}`.execute(deps.db)
  const total = rows[0]?.total ?? 0
  return input.action === 'issue'
    ? { total }
    : {
        total,
        sample: await readCodesOf(
          deps.db,
          deps.origin,
          rows.map((row) => row.id),
        ),
      }
}

/** Makes a job of what is asked; a set of up to 5,000 codes is revoked in this very transaction. */
export const bulkCodes = (deps: CodesDeps, actor: Actor, input: BulkInput): Promise<Answer> =>
  act(deps, actor, { type: 'bulk.created', endpoint: contract.bulkCodes }, async (tx, event) => {
    const wrong = whyNotWhole(input)
    if (wrong) throw wrong
    const { action, reason, also, change, expiresInMinutes, symbols, deliver, language, factor } = input
    const request: BulkRequest = {
      ...(reason === undefined ? {} : { reason }),
      ...(also === undefined ? {} : { also }),
      ...(change === undefined ? {} : { change }),
      ...(expiresInMinutes === undefined ? {} : { expiresInMinutes }),
      ...(symbols === undefined ? {} : { symbols }),
      ...(deliver === undefined ? {} : { deliver }),
      ...(language === undefined ? {} : { language }),
      ...(factor === undefined ? {} : { factor }),
    }
    const rows = (
      await sql<{
        id: string
        n: number
      }>`select id, n from (${selected(input)}) s order by n limit ${contract.bulkRows + 1}`.execute(tx)
    ).rows
    requireSize(rows.length)
    if (asksForProof(input, rows.length)) requireFresh(actor, 'many at once, or a whole person')
    const id = await makeJob(deps, tx, actor, event, { action, request, total: rows.length })
    if (reason) event.about({ reason })
    await sql`insert into bulk_row (job_id, n, subject_id) select ${id}, b.n, b.id
      from unnest(${rows.map((row) => row.n)}::int[], ${rows.map((row) => row.id)}::uuid[]) b(n, id)`.execute(tx)
    if (action === 'revoke' && rows.length <= contract.revokedAtOnce)
      await revokeNow(deps, tx, actor, event, { id, rows, reason: reason as string, results: also?.includes('results') ?? false })
    return (await readJob(tx, id)) as BulkJob
  })

const requireSize = (total: number): void => {
  if (total === 0) throw new Refusal('conflict', 'nothing matches', { detail: 'Nothing matches, so there is nothing to do.' })
  if (total > contract.bulkRows)
    throw invalid('filter', `matches more than ${contract.bulkRows} codes: narrow it, or go by parts`)
}
/** The job's row, and what its event says. */
export const makeJob = async (
  deps: CodesDeps,
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  { action, request, total }: { action: JobAction; request: BulkRequest; total: number },
): Promise<string> => {
  const id = uuid7()
  await insertJob(tx, deps.keys, { id, action, request, total, maker: makerOf(actor) })
  event.about({ subject: { kind: 'job', id, name: action }, detail: { action, total } })
  return id
}
const revokeNow = async (
  deps: CodesDeps,
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  job: { id: string; rows: readonly { id: string; n: number }[]; reason: string; results: boolean },
): Promise<void> => {
  await sql`update bulk_job set state = 'running', started_at = now() where id = ${job.id}`.execute(tx)
  const refused = await revokeSet(deps, tx, actor, event, {
    ids: job.rows.map((row) => row.id),
    reason: job.reason,
    results: job.results,
    job: toId('job', job.id),
  })
  await settleSet(tx, job.id, job.rows, refused)
  await endJob(tx, { id: job.id }, { state: 'done' })
}
/** Marks the rows of a set that was revoked in this transaction. */
export const settleSet = async (
  tx: Tx,
  jobId: string,
  rows: readonly { id: string; n: number }[],
  refused: RefusedOfSet,
): Promise<void> => {
  const why = new Map(refused.map(({ id, ...errors }) => [id, errors]))
  if (
    !(await settleRows(
      tx,
      jobId,
      rows.map(({ id, n }) => ({ n, errors: why.get(id) ?? null })),
    ))
  )
    throw new Abandoned()
}

/** Cancel and resume: nobody acts on a job of somebody with more rights, for it goes on by theirs. */
const requireMayTurn = async (deps: CodesDeps, db: Db | Tx, actor: Actor, id: string, event: EventDraft) => {
  const job = await findJob(db, deps.keys, id)
  if (!job) throw new Refusal('not-found')
  event.about({ subject: { kind: 'job', id, name: job.action }, detail: { action: job.action } })
  if (!mayManage(roleOf(actor) ?? 'user', [job.maker.role]))
    throw new Refusal('not-allowed', 'the job is of somebody with more rights')
}
export const cancelJob = (deps: CodesDeps, actor: Actor, input: In<typeof contract.cancelBulkJob>): Promise<BulkJob> =>
  act(deps, actor, { type: 'bulk.cancelled', endpoint: contract.cancelBulkJob }, async (tx, event) => {
    const id = fromId(input.id)
    await requireMayTurn(deps, tx, actor, id, event)
    const ended = await endJob(tx, { id }, { state: 'cancelled' })
    if (!ended) throw new Refusal('conflict', 'the job is over', { detail: 'This job is over already.' })
    event.about({ detail: { done: ended.done, failed: ended.failed, total: ended.total } })
    return (await readJob(tx, id)) as BulkJob
  })
export const continueJob = (deps: CodesDeps, actor: Actor, input: In<typeof contract.resumeBulkJob>): Promise<BulkJob> =>
  act(deps, actor, { type: 'bulk.resumed', endpoint: contract.resumeBulkJob }, async (tx, event) => {
    const id = fromId(input.id)
    await requireMayTurn(deps, tx, actor, id, event)
    if (!(await resumeJob(tx, id)))
      throw new Refusal('conflict', 'nothing to resume', { detail: 'Only a job that was cancelled or stopped can go on.' })
    return (await readJob(tx, id)) as BulkJob
  })
