import type { EventType } from '@postern/contract'
import { sql } from 'kysely'
import type pg from 'pg'
import type { Actor } from '../../platform/actor.ts'
import type { Db } from '../../platform/db.ts'
import { Group } from '../../platform/group.ts'
import { EventDraft } from './event-draft.ts'
import { limitTag } from './event-entry.ts'
import type { Recorder } from './recorder.ts'

type Tallied = { type: EventType; source: Buffer; last: string; sealed: Buffer }
type Finished = { minute: Date; type: EventType; n: number; last: { why: string }; sealed: Buffer }
/** Rows that become events in one commit. */
const batchSize = 500
const rowOf = { table: 'refusal_tally', row: '', user: '' }

/**
 * Calls that are refused before anything is asked (over a limit, unknown address, malformed) are counted a source
 * and minute in the database, and become one event each when the minute is over: a flood cannot fill the log.
 */
export class Tally {
  readonly #events: Recorder
  readonly #db: Db
  readonly #group: Group<Tallied, true>
  constructor(events: Recorder, db: Db, hot: pg.Pool) {
    this.#events = events
    this.#db = db
    this.#group = new Group<Tallied, true>({ run: (entries) => count(hot, entries) })
  }
  async add(actor: Actor, type: EventType, why: string): Promise<void> {
    const { source } = actor
    await this.#group.submit({
      type,
      source: limitTag(this.#events.keys, source.address ?? ''),
      last: JSON.stringify({ why }),
      sealed: this.#events.keys.seal(
        'answers',
        rowOf,
        Buffer.from(JSON.stringify({ address: source.address, place: source.place, device: source.device })),
      ),
    })
  }
  /**
   * Turns finished minutes into events, a batch in one commit: what was counted is counted or recorded at any moment, and never
   * lost between. Exact when two processes do it, for the delete hands each row to one.
   */
  async flush(all = false): Promise<void> {
    while ((await this.#flushBatch(all)) === batchSize);
  }
  async #flushBatch(all: boolean): Promise<number> {
    const flushed = await this.#db.transaction().execute(async (tx) => {
      const { rows } = await sql<Finished>`delete from refusal_tally where (minute, type, source) in (
          select minute, type, source from refusal_tally where ${sql.raw(all ? 'true' : "minute < date_trunc('minute', now())")}
          order by minute, type, source limit ${batchSize} for update skip locked)
        returning minute, type, n, last, sealed`.execute(tx)
      const drafts = rows.map((row) => {
        const from = JSON.parse(this.#events.keys.unseal(rowOf, row.sealed).toString()) as Actor['source']
        const draft = new EventDraft({ kind: 'stranger', source: from }, row.type, {
          detail: { count: row.n, minute: row.minute.toISOString(), why: row.last.why },
        })
        draft.outcome = 'denied'
        return draft
      })
      if (drafts.length > 0) await this.#events.appendAll(tx, drafts)
      return rows.length
    })
    if (flushed > 0) this.#events.onAppended()
    return flushed
  }
  drain(): Promise<void> {
    return this.#group.drain()
  }
}
const count = async (hot: pg.Pool, entries: readonly Tallied[]): Promise<true[]> => {
  await hot.query({
    name: 'tally',
    text: `insert into refusal_tally as r (minute, type, source, n, last, sealed)
      select date_trunc('minute', now()), b.type, b.source, count(*), (array_agg(b.last))[1], (array_agg(b.sealed))[1]
      from unnest($1::text[], $2::bytea[], $3::jsonb[], $4::bytea[]) b(type, source, last, sealed) group by b.type, b.source order by b.type, b.source
      on conflict (minute, type, source) do update set n = r.n + excluded.n, last = excluded.last`,
    values: [entries.map((e) => e.type), entries.map((e) => e.source), entries.map((e) => e.last), entries.map((e) => e.sealed)],
  })
  return entries.map(() => true as const)
}
