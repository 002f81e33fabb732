import { randomUUID } from 'node:crypto'
import type { Actor } from '../../platform/actor.ts'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { CodesDeps } from '../codes/index.ts'
import { Abandoned, EventDraft } from '../events/index.ts'
import { byPortions, workPortions } from './bulk-portions.ts'
import { doRow, type Made } from './bulk-rows.ts'
import { errorsIn } from './bulk-rules.ts'
import {
  countTry,
  endJob,
  giveBack,
  holdJob,
  type Job,
  sealResult,
  settleRows,
  takeJob,
  type WaitingRow,
  waitingRows,
} from './bulk-store.ts'
import { actorOf, requireMaker, Stopped } from './job-actor.ts'

const idleMs = 1_000
const rowsARead = 200

/**
 * Works jobs off, in every process: who holds the lease of a job does its rows one by one, each in the transaction of the
 * very act that a person would do. A process that dies leaves a row done or not begun; another takes the job 15 s later.
 * Revoking has a lane of its own, so that it never waits behind an import.
 */
export class BulkWorker {
  readonly #deps: CodesDeps
  readonly #me = randomUUID()
  readonly #lanes: Lane[]
  #stopped = false
  constructor(deps: CodesDeps) {
    this.#deps = deps
    this.#lanes = (['revoke', 'other'] as const).map((which) => ({ which, timer: undefined, running: undefined }))
  }
  start(): void {
    for (const lane of this.#lanes) this.#schedule(lane, 0)
  }
  /** There is a new job. */
  poke = (): void => {
    for (const lane of this.#lanes) if (!lane.running) this.#schedule(lane, 0)
  }
  #schedule(lane: Lane, ms: number): void {
    if (this.#stopped) return
    clearTimeout(lane.timer)
    lane.timer = setTimeout(() => {
      lane.running = this.#turn(lane.which)
        .catch(() => false) // the database is away: the lease runs out, and the next turn, or another process, takes it up
        .then((busy) => {
          lane.running = undefined
          this.#schedule(lane, busy ? 0 : idleMs)
        })
    }, ms)
    lane.timer.unref()
  }
  async #turn(which: Lane['which']): Promise<boolean> {
    const job = await takeJob(this.#deps.db, this.#deps.keys, this.#me, which)
    if (!job) return false
    await this.#work(job)
    return true
  }
  /** Works one job off to its end, or until it is cancelled, where no server is there to do it. */
  async finish(id: string): Promise<void> {
    for (;;) {
      const job = await takeJob(this.#deps.db, this.#deps.keys, this.#me, { id: fromId(id) })
      if (!job) return
      await this.#work(job)
    }
  }
  async #work(job: Job): Promise<void> {
    try {
      const portions = byPortions[job.action]
      if (portions) await workPortions(this.#deps, job, () => this.#stopped, portions)
      else await workRows(this.#deps, job, () => this.#stopped)
      if (this.#stopped) await giveBack(this.#deps.db, job)
      else await conclude(this.#deps, job, { state: 'done' })
    } catch (error) {
      if (error instanceof Stopped) await conclude(this.#deps, job, { state: 'failed', why: error.message })
      else if (!(error instanceof Abandoned)) throw error
    }
  }
  async stop(): Promise<void> {
    this.#stopped = true
    for (const lane of this.#lanes) clearTimeout(lane.timer)
    await Promise.all(this.#lanes.flatMap((lane) => lane.running ?? []))
  }
}
type Lane = { which: 'revoke' | 'other'; timer: NodeJS.Timeout | undefined; running: Promise<void> | undefined }

/** Ends a job with its event; nothing where another process has it by now, or it was cancelled. */
const conclude = async (deps: CodesDeps, job: Job, how: { state: 'done' | 'failed'; why?: string }): Promise<void> => {
  await deps.db.transaction().execute(async (tx) => {
    const ended = await endJob(tx, job, how)
    if (!ended) return
    const event = new EventDraft(actorOf(job.maker), 'bulk.ended', {
      subject: { kind: 'job', id: job.id, name: job.action },
      detail: { action: job.action, ...ended, ...(how.why ? { why: how.why } : {}) },
    })
    if (how.state === 'failed') event.outcome = 'failure'
    await deps.events.append(tx, event)
  })
  deps.events.onAppended()
}

const workRows = async (deps: CodesDeps, job: Job, stopped: () => boolean): Promise<void> => {
  const actor = actorOf(job.maker)
  for (;;) {
    const rows = await waitingRows(deps.db, job.id, rowsARead)
    if (rows.length === 0) return
    for (const row of rows) {
      if (stopped()) return
      await workRow(deps, actor, job, row)
    }
  }
}
/** One row: the act, the lease and the mark on the row in one transaction. */
const workRow = async (deps: CodesDeps, actor: Actor, job: Job, row: WaitingRow): Promise<void> => {
  const forRow = {
    ...deps,
    mayDo: async (tx: Parameters<CodesDeps['mayDo']>[0]) => {
      if (!(await holdJob(tx as never, job))) throw new Abandoned('another process has the job, or it was cancelled')
      await requireMaker(tx as never, job.maker)
    },
    alongside: async (tx, decided) => {
      const made = decided.ok ? (decided.value as Made) : undefined
      const settled = await settleRows(tx, job.id, [
        {
          n: row.n,
          madeId: made?.codeId ?? null,
          result: made?.result ? sealResult(deps.keys, job.id, row.n, made.result) : null,
          errors: decided.ok ? null : errorsIn(decided.refusal),
        },
      ])
      if (!settled) throw new Abandoned('the row is over already')
    },
  } satisfies Partial<CodesDeps> & object
  try {
    await doRow(forRow as CodesDeps, actor, job, row)
  } catch (error) {
    // a refusal was committed with the mark on its row; what is neither is a bug, or the database went away
    if (error instanceof Refusal) return
    if (error instanceof Abandoned) throw error
    await deps.db.transaction().execute(async (tx) => {
      if ((await holdJob(tx, job)) && (await countTry(tx, job.id, row.n)))
        await settleRows(tx, job.id, [{ n: row.n, errors: { code: 'internal', detail: 'Something went wrong here.' } }])
    })
  }
}
