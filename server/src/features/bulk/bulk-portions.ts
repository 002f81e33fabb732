import { type JobAction, revokedAtOnce } from '@postern/contract'
import type { Tx } from '../../platform/db.ts'
import { toId } from '../../platform/ids.ts'
import { type CodesDeps, noSuchCode, notDrawable, readContents, revokeSet } from '../codes/index.ts'
import { Abandoned, EventDraft } from '../events/index.ts'
import { settleSet } from './bulk.ts'
import { errorsIn } from './bulk-rules.ts'
import { holdJob, type Job, type Settled, sealResult, settleRows, waitingRows } from './bulk-store.ts'
import { actorOf, requireMaker } from './job-actor.ts'

type Portion = (deps: CodesDeps, tx: Tx, job: Job, rows: readonly { n: number; id: string }[]) => Promise<void>
/** A set that is too large for one transaction: so many codes at a time, each portion over for good with its commit. */
export const workPortions = async (
  deps: CodesDeps,
  job: Job,
  stopped: () => boolean,
  { size, work }: { size: number; work: Portion },
): Promise<void> => {
  for (;;) {
    const rows = await waitingRows(deps.db, job.id, size)
    if (rows.length === 0 || stopped()) return
    await deps.db.transaction().execute(async (tx) => {
      if (!(await holdJob(tx, job))) throw new Abandoned('another process has the job, or it was cancelled')
      await requireMaker(tx, job.maker)
      await work(
        deps,
        tx,
        job,
        rows.map(({ n, subjectId }) => ({ n, id: subjectId as string })),
      )
    })
    deps.events.onAppended()
  }
}
const revokePortion: Portion = async (deps, tx, job, rows) => {
  const actor = actorOf(job.maker)
  // the job's own event stands in for the deed of a person; each code has one beside it
  const event = new EventDraft(actor, 'bulk.created')
  const refused = await revokeSet(deps, tx, actor, event, {
    ids: rows.map(({ id }) => id),
    reason: job.request.reason ?? '',
    results: job.request.also?.includes('results') ?? false,
    job: toId('job', job.id),
  })
  await settleSet(tx, job.id, rows, refused)
  const [first, ...others] = event.also
  if (first) {
    first.also.push(...others)
    await deps.events.append(tx, first)
  }
}
/** Nothing of a code changes, so none has an event: that the set was asked for and fetched is on record with the job. */
const printPortion: Portion = async (deps, tx, job, rows) => {
  const contents = await readContents(
    tx,
    deps.origin,
    rows.map(({ id }) => id),
  )
  const settled = rows.map(({ n, id }): Settled => {
    const url = contents.get(id)
    if (url === undefined) return { n, errors: noSuchCode }
    if (url === null) return { n, errors: errorsIn(notDrawable()) }
    return { n, madeId: id, result: sealResult(deps.keys, job.id, n, { url }) }
  })
  if (!(await settleRows(tx, job.id, settled))) throw new Abandoned('a row is over already')
}
/** Acts that change a set as one, or nothing of it. Sealing is quick, and yet nothing else is served meanwhile. */
export const byPortions: Partial<Record<JobAction, { size: number; work: Portion }>> = {
  revoke: { size: revokedAtOnce, work: revokePortion },
  print: { size: 1_000, work: printPortion },
}
