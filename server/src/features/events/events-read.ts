import type { Event, EventOutcome, EventType, In, listEvents } from '@postern/contract'
import { sql } from 'kysely'
import type { Db } from '../../platform/db.ts'
import { cursorId, fromId, toId, uuid7Low, uuid7Time } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import { parseAddress } from '../../platform/network.ts'
import { requireSpan } from '../../platform/refusal.ts'
import { addressTag, openPersonal } from './event-entry.ts'
import { eventStream } from './order-loop.ts'
import type { PersonKeys } from './person-keys.ts'

export type ReadDeps = { db: Db; keys: Keys; people: PersonKeys }
type Row = {
  id: string
  seq: number | null
  entry: string
  sealed: Buffer | null
  deviceType: string | null
  platform: string | null
  browser: string | null
  country: string | null
}
type Entry = {
  type: EventType
  outcome: EventOutcome
  actor: { kind: string; id: string | null }
  subject: { kind: string; id: string | null } | null
  codeId: string | null
  sessionId: string | null
  deviceId?: string
  target: string | null
  factor: string | null
  biometric: Event['biometric']
  policy: string | null
  risk: { score: number; reasons: string[] }
  detail: Event['detail']
}

/** The seq of an event: its batch by the range of ids, then its place in it. */
const seqOf = sql<number | null>`(select b.first_seq + array_position(b.ids, event.id) - 1 from log_batch b
  where b.stream = ${sql.lit(eventStream)} and b.max_id >= event.id and b.min_id <= event.id and array_position(b.ids, event.id) is not null limit 1)`

/** The event as the contract shows it: the entry, with the personal part opened beside it. */
export const toEvent = async (deps: ReadDeps, row: Row): Promise<Event> => {
  const entry = JSON.parse(row.entry) as Entry
  const personal = await openPersonal(deps.keys, deps.people, row.id, row.sealed)
  const reason = personal.subject?.reason ?? personal.actor?.reason
  const erased = (party: { kind: string; id: string | null }, name: string | undefined): string | null =>
    name ?? (party.kind === 'user' && party.id ? 'erased' : null)
  return {
    id: toId('evt', row.id),
    seq: row.seq,
    time: new Date(uuid7Time(row.id)).toISOString(),
    type: entry.type,
    outcome: entry.outcome,
    actor: { ...entry.actor, name: erased(entry.actor, personal.actor?.name) },
    subject: entry.subject ? { ...entry.subject, name: erased(entry.subject, personal.subject?.name) } : null,
    codeId: entry.codeId,
    sessionId: entry.sessionId,
    target: entry.target,
    factor: entry.factor,
    device: {
      id: entry.deviceId ?? null,
      type: row.deviceType ?? 'erased',
      platform: row.platform ?? 'erased',
      browser: row.browser ?? 'erased',
    },
    biometric: entry.biometric,
    address: personal.actor?.address ?? null,
    place: personal.actor?.place ?? (row.country ? { country: row.country } : null),
    risk: entry.risk,
    policy: entry.policy,
    detail: { ...entry.detail, ...(reason === undefined ? {} : { reason }) },
  }
}

const base = (db: Db) =>
  db.selectFrom('event').select(['event.id', 'entry', 'sealed', 'deviceType', 'platform', 'browser', 'country', seqOf.as('seq')])

/** One indexed query; the cursor is an id. */
export const findEvents = async (
  deps: ReadDeps,
  filter: In<typeof listEvents>,
): Promise<{ items: Event[]; nextCursor: string | null }> => {
  requireSpan(filter)
  let query = base(deps.db)
    .orderBy('event.id', 'desc')
    .limit(filter.limit + 1)
  if (filter.cursor) query = query.where('event.id', '<', cursorId('evt', filter.cursor))
  if (filter.from) query = query.where('event.id', '>=', uuid7Low(new Date(filter.from)))
  if (filter.to) query = query.where('event.id', '<', uuid7Low(new Date(filter.to)))
  if (filter.outcome) query = query.where('outcome', '=', filter.outcome)
  if (filter.factor) query = query.where('factor', '=', filter.factor)
  if (filter.country) query = query.where('country', '=', filter.country.toUpperCase())
  if (filter.codeId) query = query.where('codeId', '=', fromId(filter.codeId))
  if (filter.sessionId) query = query.where('sessionId', '=', fromId(filter.sessionId))
  if (filter.deviceId) query = query.where('deviceId', '=', fromId(filter.deviceId))
  if (filter.address) {
    // however it is written: what is none finds nothing
    const address = parseAddress(filter.address.trim())?.toString() ?? filter.address
    query = query.where('addressTag', '=', addressTag(deps.keys, address))
  }
  if (filter.userId) {
    const user = fromId(filter.userId)
    query = query.where((e) => e.or([e('userId', '=', user), e('actorId', '=', user)]))
  }
  if (filter.type) {
    const types = filter.type.split(',')
    query = query.where((e) =>
      e.or(
        types.map((type) => (type.endsWith('.') ? e('type', 'like', `${type.replace(/[%_\\]/g, '')}%`) : e('type', '=', type))),
      ),
    )
  }
  const rows = await query.execute()
  const shown = rows.slice(0, filter.limit)
  const items = await Promise.all(shown.map((row) => toEvent(deps, row)))
  return { items, nextCursor: rows.length > filter.limit ? toId('evt', (shown.at(-1) as Row).id) : null }
}

export const findEvent = async (deps: ReadDeps, id: string): Promise<Event | undefined> => {
  const row = await base(deps.db).where('event.id', '=', id).executeTakeFirst()
  return row && toEvent(deps, row)
}

/** Events after a seq, in order of seq: dense, so a reader that keeps the last one misses nothing. */
export const eventsAfter = async (deps: ReadDeps, after: number, limit: number): Promise<Event[]> => {
  const { rows } = await sql<Row & { seq: number }>`
    select event.id, s.seq, event.entry, event.sealed, event.device_type as "deviceType", event.platform, event.browser, event.country
    from (select b.first_seq + u.k - 1 as seq, u.id from log_batch b, unnest(b.ids) with ordinality u(id, k)
      where b.stream = ${eventStream} and b.first_seq + b.n > ${after + 1} and b.first_seq <= ${after + limit} and b.first_seq + u.k - 1 > ${after}
      order by 1 limit ${limit}) s
    join event on event.id = s.id order by s.seq`.execute(deps.db)
  return Promise.all(rows.map((row) => toEvent(deps, row)))
}
export const logSize = async (db: Db): Promise<number> =>
  (await db.selectFrom('logHead').select('size').where('stream', '=', eventStream).executeTakeFirstOrThrow()).size
