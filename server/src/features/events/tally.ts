import type { EventType } from '@postern/contract'
import type pg from 'pg'
import type { Actor } from '../../platform/actor.ts'
import { Group } from '../../platform/group.ts'
import { EventDraft } from './event-draft.ts'
import { limitTag } from './event-entry.ts'
import type { Recorder } from './recorder.ts'

type Tallied = { type: EventType; source: Buffer; last: string; sealed: Buffer }
const rowOf = { table: 'refusal_tally', row: '', user: '' }

/**
 * Calls that are refused before anything is asked (over a limit, unknown address, malformed) are counted a source
 * and minute in the database, and become one event each when the minute is over: a flood cannot fill the log.
 */
export class Tally {
  readonly #events: Recorder
  readonly #hot: pg.Pool
  readonly #group: Group<Tallied, true>
  constructor(events: Recorder, hot: pg.Pool) {
    this.#events = events
    this.#hot = hot
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
  /** Turns finished minutes into events; exact when two processes do it, for the delete hands each row to one. */
  async flush(all = false): Promise<void> {
    const { rows } = await this.#hot.query<{ minute: Date; type: EventType; n: number; last: { why: string }; sealed: Buffer }>(
      `delete from refusal_tally where ${all ? 'true' : "minute < date_trunc('minute', now())"} returning minute, type, n, last, sealed`,
    )
    for (const row of rows) {
      const from = JSON.parse(this.#events.keys.unseal(rowOf, row.sealed).toString()) as Actor['source']
      const draft = new EventDraft({ kind: 'stranger', source: from }, row.type, {
        detail: { count: row.n, minute: row.minute.toISOString(), why: row.last.why },
      })
      draft.outcome = 'denied'
      await this.#events.record(draft)
    }
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
