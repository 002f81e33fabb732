import { sql } from 'kysely'
import type { Db } from '../../platform/db.ts'
import { toId } from '../../platform/ids.ts'
import { leafHash } from '../events/index.ts'

export type LogCheck = {
  /** Events in order, and those that wait for their seq. */
  size: number
  pending: number
  /** At most 20 of what is wrong; empty: nothing was found. */
  wrong: string[]
}
type Batch = { firstSeq: number; n: number; ids: string[]; hashes: Buffer | null }
const leafBytes = 32
const shown = 20

/**
 * Reads the whole record as of one moment: seq is dense from 0 to the head, each event's entry hashes to the leaf that
 * was put down when it was ordered, and no event lies outside. It finds damage and edits by half, not a forger who
 * rewrote entries and leaves together: that takes the tree and its checkpoints.
 */
export const checkLog = (db: Db): Promise<LogCheck> =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => {
      const wrong: string[] = []
      let next = 0
      for (;;) {
        const { rows } = await sql<Batch>`select first_seq as "firstSeq", n, ids, hashes from log_batch
          where stream = 1 and first_seq >= ${next} order by first_seq limit 20`.execute(tx)
        if (rows.length === 0) break
        for (const batch of rows) {
          if (batch.firstSeq !== next) wrong.push(`seq ${next} to ${batch.firstSeq - 1}: missing`)
          wrong.push(...(await wrongIn(tx, batch)))
          next = batch.firstSeq + batch.n
        }
      }
      const { rows } = await sql<{ head: number; pending: number; events: number }>`select
        (select size from log_head where stream = 1) as head,
        (select coalesce(sum(cardinality(ids)), 0)::int from pending where stream = 1) as pending,
        (select count(*)::int from event) as events`.execute(tx)
      const { head, pending, events } = rows[0] as { head: number; pending: number; events: number }
      if (head !== next) wrong.push(`the head says ${head} events, the batches hold ${next}`)
      if (events > next + pending) wrong.push(`${events - next - pending} events lie outside the order`)
      return { size: next, pending, wrong: wrong.slice(0, shown) }
    })

const wrongIn = async (tx: Db, batch: Batch): Promise<string[]> => {
  const { rows } = await sql<{ id: string; entry: string }>`select id, entry from event where id = any (${batch.ids})`.execute(tx)
  const entries = new Map(rows.map(({ id, entry }) => [id, entry]))
  return batch.ids.flatMap((id, at) => {
    const entry = entries.get(id)
    const leaf = batch.hashes?.subarray(at * leafBytes, (at + 1) * leafBytes)
    const where = `seq ${batch.firstSeq + at} (${toId('evt', id)})`
    if (entry === undefined) return [`${where}: the event is gone`]
    return leaf && leafHash(entry).equals(leaf) ? [] : [`${where}: the entry is not what was put down`]
  })
}

/** Waits until every event has its seq: where no server runs, the order loop of the command gives it. 2 s at most. */
export const logSettled = async (db: Db): Promise<void> => {
  for (const until = Date.now() + 2_000; Date.now() < until; ) {
    const { rows } = await sql`select 1 from pending where stream = 1 limit 1`.execute(db)
    if (rows.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
