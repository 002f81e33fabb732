import type { Device, In, listDevices } from '@postern/contract'
import { type RawBuilder, sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { cursorId, fromId, toId } from '../../platform/ids.ts'
import { anyCase } from '../users/index.ts'
import { modelOf } from './passkey-models.ts'

type Row = {
  id: string
  userId: string
  username: string
  name: string
  state: Device['state']
  stateAt: Date | null
  be: boolean
  bs: boolean
  aaguid: string
  transports: string[]
  platform: string
  browser: string
  createdAt: Date
  lastUsedAt: Date | null
  lastCountry: string | null
  lastCity: string | null
  codeId: string | null
}
const select = sql`select d.id, d.user_id, u.username, d.name, d.state, d.state_at, d.be, d.bs, d.aaguid, d.transports, d.platform, d.browser,
  d.created_at, d.last_used_at, d.last_country, d.last_city, d.code_id from device d join users u on u.id = d.user_id`
const toDevice = (row: Row): Omit<Device, 'current'> => ({
  id: toId('dev', row.id),
  name: row.name,
  state: row.state,
  stateAt: row.stateAt?.toISOString() ?? null,
  synced: row.be,
  backedUp: row.bs,
  model: modelOf(row.aaguid),
  aaguid: row.aaguid,
  transports: row.transports,
  platform: row.platform,
  browser: row.browser,
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  lastCountry: row.lastCountry || null,
  lastCity: row.lastCity,
  codeId: row.codeId && toId('cod', row.codeId),
})

/** One device as it stands. Throws where there is none: the caller has just written it. */
export const readDevice = async (db: Db | Tx, id: string): Promise<Omit<Device, 'current'>> => {
  const { rows } = await sql<Row>`${select} where d.id = ${id}`.execute(db)
  return toDevice(rows[0] as Row)
}
/** A person’s devices, newest first; a person has few. */
export const readDevicesOf = async (db: Db, userId: string, current: string | null): Promise<Device[]> => {
  const { rows } = await sql<Row>`${select} where d.user_id = ${userId} order by d.id desc limit 500`.execute(db)
  return rows.map((row) => ({ ...toDevice(row), current: row.id === current }))
}
export const readDevices = async (db: Db, filter: In<typeof listDevices>) => {
  const pattern = filter.q?.trim() ? anyCase(filter.q.trim()) : undefined
  const conditions: RawBuilder<unknown>[] = [
    sql`u.state <> 'pending'`,
    ...(filter.userId ? [sql`d.user_id = ${fromId(filter.userId)}::uuid`] : []),
    ...(filter.state ? [sql`d.state = ${filter.state}`] : []),
    ...(filter.synced ? [sql`d.be = ${filter.synced === 'true'}`] : []),
    ...(pattern ? [sql`(d.name ~ ${pattern} or u.username ~ ${pattern})`] : []),
    ...(filter.cursor ? [sql`d.id < ${cursorId('dev', filter.cursor)}::uuid`] : []),
  ]
  const { rows } =
    await sql<Row>`${select} where ${sql.join(conditions, sql` and `)} order by d.id desc limit ${filter.limit + 1}`.execute(db)
  const items = rows
    .slice(0, filter.limit)
    .map((row) => ({ ...toDevice(row), user: { id: toId('usr', row.userId), username: row.username } }))
  return { items, nextCursor: rows.length > filter.limit ? (items.at(-1) as { id: string }).id : null }
}
