import type pg from 'pg'

/** The streams of the log: 1 = events. */
export const eventStream = 1
/** Channel of the one notification a tick that tells every process how far the log goes. */
export const logChannel = 'postern_log'

/**
 * Takes what is visible in `pending` and gives it the next dense `seq`, in one statement and one commit (model §5).
 * It cannot skip: a row is taken only when its commit is visible. It cannot fork: log_head is one locked row. Two processes
 * lock what is pending in one order, so they wait for each other.
 */
const order = `
  with t as (delete from pending where stream = $1 and n = any (array(select n from pending where stream = $1 order by n limit $2 for update)) returning n, ids, hashes),
  f as (select t.n, u.id, u.k from t, unnest(t.ids) with ordinality u(id, k)),
  h as (update log_head set size = size + (select count(*) from f) where stream = $1 and exists (select from t) returning size),
  i as (insert into log_batch (stream, first_seq, n, ids, hashes, min_id, max_id)
    select $1, h.size - (select count(*) from f), (select count(*) from f), (select array_agg(f.id order by f.n, f.k) from f),
      (select string_agg(t.hashes, ''::bytea order by t.n) from t),
      (select f.id from f order by f.id limit 1), (select f.id from f order by f.id desc limit 1)
    from h returning first_seq, n)
  select first_seq, n, pg_notify('${logChannel}', (first_seq + n)::text) from i`

const tickMs = 25
const idleMs = 1_000
const rowsATick = 2_000

/** Gives events their seq in the background: no request waits for it. Every process may run one; two are exact too. */
export class OrderLoop {
  readonly #hot: pg.Pool
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #stopped = false
  constructor(hot: pg.Pool) {
    this.#hot = hot
  }
  start(): void {
    this.#schedule(0)
  }
  /** After a commit that appended. */
  poke = (): void => {
    if (!this.#running) this.#schedule(tickMs, true)
  }
  #schedule(ms: number, sooner = false): void {
    if (this.#stopped || (this.#timer && !sooner)) return
    if (this.#timer && sooner && (this.#timer as { soon?: boolean }).soon) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#running = this.#tick().finally(() => {
        this.#running = undefined
      })
    }, ms)
    if (ms <= tickMs) Object.assign(this.#timer, { soon: true })
    this.#timer.unref()
  }
  async #tick(): Promise<void> {
    let ordered = 0
    try {
      const { rows } = await this.#hot.query<{ n: number }>({ name: 'order', text: order, values: [eventStream, rowsATick] })
      ordered = rows[0]?.n ?? 0
    } catch {
      // the database is away: what is pending stays so, and the next tick takes it
    }
    this.#schedule(ordered > 0 ? tickMs : idleMs)
  }
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }
}
