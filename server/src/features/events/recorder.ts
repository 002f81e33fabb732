import type pg from 'pg'
import { byteas, int4s } from '../../platform/columns.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { Group } from '../../platform/group.ts'
import type { Keys } from '../../platform/keys.ts'
import type { EventDraft } from './event-draft.ts'
import { limitTag, type PreparedEvent, prepareEvent } from './event-entry.ts'
import { append, eventArrays, eventColumns, eventParameters, insertEvents } from './events-store.ts'
import { notify } from './notices.ts'
import { PersonKeys } from './person-keys.ts'
import { Tally } from './tally.ts'

type FailureEntry = { event: PreparedEvent; source: Buffer | null }

/** Writes events: inside a transaction, in groups of their own, and with the count of an address's failures. */
export class Recorder {
  readonly keys: Keys
  readonly people: PersonKeys
  readonly tally: Tally
  /** Called after each commit that appended: wakes the order loop. */
  onAppended: () => void = () => {}
  readonly #db: Db
  readonly #failures: Group<FailureEntry, boolean>

  constructor({ db, side, hot }: { db: Db; side: Db; hot: pg.Pool }, keys: Keys) {
    this.#db = db
    this.keys = keys
    this.people = new PersonKeys(side, keys)
    this.tally = new Tally(this, db, hot)
    this.#failures = new Group<FailureEntry, boolean>({ run: (entries) => countFailures(hot, entries) })
  }

  async prepare(draft: EventDraft): Promise<PreparedEvent[]> {
    return Promise.all([draft, ...draft.also].map((each) => prepareEvent(this.keys, this.people, each)))
  }

  /** In the transaction of what it records. Answers the id of the first event. */
  async append(tx: Tx, draft: EventDraft): Promise<string> {
    const prepared = await this.prepare(draft)
    await append(tx, prepared)
    const { id } = prepared[0] as PreparedEvent
    if (draft.outcome === 'success')
      for (const [at, { notices }] of [draft, ...draft.also].entries())
        for (const { kind, userId } of notices) await notify(tx, kind, (prepared[at] as PreparedEvent).id, userId)
    return id
  }

  /** In the transaction of what they record, in one statement. */
  async appendAll(tx: Tx, drafts: readonly EventDraft[]): Promise<void> {
    await append(tx, (await Promise.all(drafts.map((draft) => this.prepare(draft)))).flat())
  }

  /** On its own, where there is no change to commit with. */
  async record(draft: EventDraft): Promise<string> {
    const prepared = await this.prepare(draft)
    await append(this.#db, prepared)
    this.onAppended()
    return (prepared[0] as PreparedEvent).id
  }

  /**
   * Records a wrong proof and counts it for its address, in one commit; the limit a minute is the setting's.
   * False: the address is over its limit, so the verdict must not leave the process; the answer is 429, and it is tallied.
   */
  async recordFailure(draft: EventDraft): Promise<boolean> {
    const [event] = await this.prepare(draft)
    const address = draft.actor.source.address
    const within = await this.#failures.submit({
      event: event as PreparedEvent,
      source: address ? limitTag(this.keys, address) : null,
    })
    if (within) this.onAppended()
    else await this.tally.add(draft.actor, 'request.limited', 'failures of this address')
    return within
  }

  async drain(): Promise<void> {
    await this.#failures.drain()
    await this.tally.drain()
  }
}

/** One statement: each source's count rises by its entries; those that fit under the limit get their verdict and their event. */
const countFailures = async (hot: pg.Pool, entries: readonly FailureEntry[]): Promise<boolean[]> => {
  const text = `
    with b as (select * from unnest($1::int[], $2::bytea[], ${eventParameters(3)}) t(n, source, ${eventColumns})),
    c as (insert into address_count as a (minute, kind, source, n)
      select date_trunc('minute', now()), 'failure', source, count(*) from b where source is not null group by source order by source
      on conflict (minute, kind, source) do update set n = a.n + excluded.n returning source, a.n),
    v as (select b.*, b.source is null or (c.n - count(*) over (partition by b.source)
      + row_number() over (partition by b.source order by b.n)) <= (select failures_per_minute from authentication_settings) as within
      from b left join c on c.source = b.source),
    fits as (select * from v where within),
    ${insertEvents('fits')}
    select n, within from v order by n`
  const { rows } = await hot.query<{ n: number; within: boolean }>({
    name: 'count-failures',
    text,
    values: [
      int4s(entries.map((_, at) => at)),
      byteas(entries.map((each) => each.source)),
      ...eventArrays(entries.map((each) => each.event)),
    ],
  })
  return rows.map((row) => row.within)
}
