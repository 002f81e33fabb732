import type { Notice } from '@postern/contract'
import { sql } from 'kysely'
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

/** The columns of `event` as arrays, for statements that insert a group: one order, used by every caller. */
export const eventColumns =
  'event_id, event_type, event_outcome, event_actor, event_user, event_code, event_session, event_device, event_factor, event_device_type, event_platform, event_browser, event_country, event_address, event_entry, event_leaf, event_sealed'
const types = [
  'uuid',
  'text',
  'text',
  'uuid',
  'uuid',
  'uuid',
  'uuid',
  'uuid',
  'text',
  'text',
  'text',
  'text',
  'text',
  'bytea',
  'text',
  'bytea',
  'bytea',
]
/** `$5::uuid[], $6::text[], …`, the parameters of `eventArrays` from number `first` on. */
export const eventParameters = (first: number): string => types.map((type, at) => `$${first + at}::${type}[]`).join(', ')
export const eventArrays = (events: readonly (PreparedEvent | undefined)[]): unknown[][] => [
  events.map((e) => e?.id),
  events.map((e) => e?.type),
  events.map((e) => e?.outcome),
  events.map((e) => e?.actorId),
  events.map((e) => e?.userId),
  events.map((e) => e?.codeId),
  events.map((e) => e?.sessionId),
  events.map((e) => e?.deviceId),
  events.map((e) => e?.factor),
  events.map((e) => e?.deviceType),
  events.map((e) => e?.platform),
  events.map((e) => e?.browser),
  events.map((e) => e?.country),
  events.map((e) => e?.addressTag),
  events.map((e) => e?.entry),
  events.map((e) => e?.leaf),
  events.map((e) => e?.sealed),
]
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
