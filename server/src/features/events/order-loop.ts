import type pg from 'pg'
import { Ticker } from '../../platform/ticker.ts'

/** The streams of the log. Scans are ordered for whoever follows them, and have no hashes: they prove nothing. */
export const eventStream = 1
export const scanStream = 2
type Stream = typeof eventStream | typeof scanStream
/** Channel of the one notification a tick that tells every process how far the log goes. */
export const logChannel = 'postern_log'
const channels: Record<Stream, string> = { [eventStream]: logChannel, [scanStream]: 'postern_scans' }

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
  select first_seq, n, pg_notify($3, (first_seq + n)::text) from i`

/** Rows of `pending` a tick, each of up to 256 ids. A batch of scans is rolled up in one statement, so it stays small. */
const rowsATick: Record<Stream, number> = { [eventStream]: 2_000, [scanStream]: 50 }

/** Milliseconds between ticks that find something. An event is watched as it happens; scans are followed by counts. */
const busyMs: Record<Stream, number> = { [eventStream]: 25, [scanStream]: 100 }

/** Gives a stream its seq in the background: no request waits for it. Every process may run one; two are exact too. */
export class OrderLoop extends Ticker {
  constructor(hot: pg.Pool, stream: Stream) {
    super(
      async () => {
        const values = [stream, rowsATick[stream], channels[stream]]
        const { rows } = await hot.query<{ n: number }>({ name: 'order', text: order, values })
        return rows.length > 0
      },
      { busyMs: busyMs[stream], idleMs: 1_000 },
    )
  }
}
