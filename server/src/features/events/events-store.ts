import type { Notice } from '@postern/contract'
import { sql } from 'kysely'
import { byteas, texts, uuids } from '../../platform/columns.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { PreparedEvent } from './event-entry.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    event: {
      id: string
      type: string
      outcome: 'success' | 'failure' | 'denied'
      actorId: string | null
      userId: string | null
      codeId: string | null
      sessionId: string | null
      deviceId: string | null
      factor: string | null
      deviceType: string | null
      platform: string | null
      browser: string | null
      country: string | null
      addressTag: Buffer | null
      entry: string
      sealed: Buffer | null
    }
    logBatch: {
      stream: number
      firstSeq: number
      n: number
      ids: string[]
      hashes: Buffer | null
      minId: string
      maxId: string
      at: Date
    }
    logHead: { stream: number; size: number }
    notice: { eventId: string; kind: Notice['kind']; userId: string | null }
    noticeDismissal: { eventId: string; userId: string }
  }
}

/** How an event goes into a statement that inserts a group: a parameter a column, in one order for every caller. */
const columns: {
  name: string
  type: 'uuid' | 'text' | 'bytea'
  of: (events: readonly (PreparedEvent | undefined)[]) => Buffer
}[] = [
  { name: 'event_id', type: 'uuid', of: (events) => uuids(events.map((e) => e?.id)) },
  { name: 'event_type', type: 'text', of: (events) => texts(events.map((e) => e?.type)) },
  { name: 'event_outcome', type: 'text', of: (events) => texts(events.map((e) => e?.outcome)) },
  { name: 'event_actor', type: 'uuid', of: (events) => uuids(events.map((e) => e?.actorId)) },
  { name: 'event_user', type: 'uuid', of: (events) => uuids(events.map((e) => e?.userId)) },
  { name: 'event_code', type: 'uuid', of: (events) => uuids(events.map((e) => e?.codeId)) },
  { name: 'event_session', type: 'uuid', of: (events) => uuids(events.map((e) => e?.sessionId)) },
  { name: 'event_device', type: 'uuid', of: (events) => uuids(events.map((e) => e?.deviceId)) },
  { name: 'event_factor', type: 'text', of: (events) => texts(events.map((e) => e?.factor)) },
  { name: 'event_device_type', type: 'text', of: (events) => texts(events.map((e) => e?.deviceType)) },
  { name: 'event_platform', type: 'text', of: (events) => texts(events.map((e) => e?.platform)) },
  { name: 'event_browser', type: 'text', of: (events) => texts(events.map((e) => e?.browser)) },
  { name: 'event_country', type: 'text', of: (events) => texts(events.map((e) => e?.country)) },
  { name: 'event_address', type: 'bytea', of: (events) => byteas(events.map((e) => e?.addressTag)) },
  { name: 'event_entry', type: 'text', of: (events) => texts(events.map((e) => e?.entry)) },
  { name: 'event_leaf', type: 'bytea', of: (events) => byteas(events.map((e) => e?.leaf)) },
  { name: 'event_sealed', type: 'bytea', of: (events) => byteas(events.map((e) => e?.sealed)) },
]
export const eventColumns = columns.map(({ name }) => name).join(', ')
/** `$5::uuid[], $6::text[], …`, the parameters of `eventArrays` from number `first` on. */
export const eventParameters = (first: number): string => columns.map(({ type }, at) => `$${first + at}::${type}[]`).join(', ')
export const eventArrays = (events: readonly (PreparedEvent | undefined)[]): Buffer[] => columns.map(({ of }) => of(events))
/** Inserts events and their one `pending` row from a CTE named `from` that has `eventColumns`. */
export const insertEvents = (from: string): string => `
  e as (insert into event (id, type, outcome, actor_id, user_id, code_id, session_id, device_id, factor, device_type, platform, browser, country, address_tag, entry, sealed)
    select event_id, event_type, event_outcome, event_actor, event_user, event_code, event_session, event_device, event_factor, event_device_type, event_platform, event_browser, event_country, event_address, event_entry, event_sealed from ${from}),
  p as (insert into pending (stream, ids, hashes) select 1, array_agg(event_id order by event_id), string_agg(event_leaf, ''::bytea order by event_id) from ${from} having count(*) > 0)`

const appendText = `with b as (select * from unnest(${eventParameters(1)}) t(${eventColumns})), ${insertEvents('b')} select 1`

/** Appends events in the transaction of what they record. */
export const append = async (tx: Tx | Db, events: readonly PreparedEvent[]): Promise<void> => {
  const arrays = eventArrays(events)
  const parts = appendText.split(/\$\d+/)
  const query = sql.join(
    parts.flatMap((text, at) => (at < arrays.length ? [sql.raw(text), sql`${arrays[at]}`] : [sql.raw(text)])),
    sql.raw(''),
  )
  await sql`${query}`.execute(tx)
}
