import { sql } from 'kysely'
import type { Db } from '../../platform/db.ts'
import { readCodeSettings, settleFloods, tail } from '../codes/index.ts'
import { scanStream } from '../events/index.ts'
import { fold, minuteCellDays } from './rollup-store.ts'

/** Rows a batch, batches a call, and codes that are folded at once: each statement stays far below its time-out. */
const rowsABatch = 5_000
const batches = 20
const codesAFold = 50

/** Housekeeping of scans; nothing depends on it. Doubled by another process it does the same once. */
export const tidyScans = async (db: Db): Promise<void> => {
  await settleFloods(db)
  const { scanRetentionDays } = await readCodeSettings(db)
  if (scanRetentionDays !== null) await deleteOlder(db, scanRetentionDays)
  // what is rolled up is found in its cells: its place on the spine is kept a while for who follows it live
  await sql`delete from log_batch where stream = ${scanStream} and at < now() - interval '10 min'
    and first_seq + n <= (select upto from log_cursor where stream = ${scanStream} and consumer = 'rollup')`.execute(db)
  for (const cells of ['scan_cube', 'scan_by_code'])
    await sql`delete from ${sql.table(cells)} where grain = 1 and at < now() - ${minuteCellDays} * interval '1 d'`.execute(db)
}

/**
 * Deletes raw rows older than so many days, of codes whose rollups hold all of theirs: a code that is still counted from raw
 * rows is folded first. Totals and cells go on counting what was deleted.
 */
const deleteOlder = async (db: Db, days: number): Promise<void> => {
  const old = sql`id < uuid7_low(now() - ${days} * interval '1 d')`
  for (let batch = 0; batch < batches; batch++) {
    const { rows } = await sql<{ codeId: string }>`select distinct s.code_id as "codeId"
      from (select code_id from scan where ${old} order by id limit ${rowsABatch}) s join scan_total t on t.code_id = s.code_id and not t.by_code
      limit ${codesAFold}`.execute(db)
    const codes = rows.map(({ codeId }) => codeId)
    if (codes.length > 0 && !(await fold(db, codes))) return
    const deleted = await sql`with ${sql.raw(tail)},
        o as materialized (select id, code_id from scan where ${old} order by id limit ${rowsABatch})
      delete from scan s using o, scan_total t where s.id = o.id and t.code_id = o.code_id and t.by_code and s.id not in (select id from tail_ids)`.execute(
      db,
    )
    if (codes.length === 0 && (deleted.numAffectedRows ?? 0n) < BigInt(rowsABatch)) return
  }
}
