import type * as contract from '@postern/contract'
import type { Code, CodeVersion, Destination, In, Out } from '@postern/contract'
import { sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { cursorId, toId, uuid7Low, uuid7Time } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import { invalid, requireSpan } from '../../platform/refusal.ts'
import { expired, findCodes } from './codes-filter.ts'
import { authenticates, stateOf } from './codes-life.ts'
import type { VersionFields } from './codes-store.ts'
import { contentOf } from './destinations.ts'
import { openAddress } from './scan-address.ts'
import { family, readTotals, type Totals } from './scans-store.ts'

const list = (db: Db | Tx) =>
  db
    .selectFrom('code as c')
    .leftJoin('users as u', 'u.id', 'c.userId')
    .leftJoin('users as o', 'o.id', 'c.ownerId')
    .select([
      'c.id',
      'c.kind',
      'c.label',
      'c.userId',
      'u.username',
      'c.ownerId',
      'o.username as owner',
      'c.issuedBy',
      'c.bootstrap',
      'c.deliver',
      'c.revokedAt',
      'c.claimedAt',
      'c.destination',
      'c.scanLimit',
      'c.brandId',
      sql<string | null>`(select b.name from brand b where b.id = c.brand_id)`.as('brand'),
      'c.replacedBy',
      'c.createdAt',
      'c.version',
      sql<Date | null>`nullif(c.not_before, '-infinity')`.as('notBefore'),
      sql<Date | null>`nullif(c.expires_at, 'infinity')`.as('expiresAt'),
      expired.as('expired'),
      sql<boolean>`c.not_before > now()`.as('notYet'),
      sql<boolean>`coalesce(c.scans >= c.scan_limit, false)`.as('usedUp'),
    ])
type Row = Awaited<ReturnType<ReturnType<typeof list>['executeTakeFirstOrThrow']>>

const toCode = (row: Row, origin: string, { people, previews, last }: Totals, device: Code['device']): Code => ({
  id: toId('cod', row.id),
  kind: row.kind,
  state: stateOf(row),
  label: row.label,
  user: row.userId && row.username ? { id: toId('usr', row.userId), username: row.username } : null,
  owner: row.ownerId && row.owner ? { id: toId('usr', row.ownerId), username: row.owner } : null,
  issuedBy: row.owner ?? row.issuedBy,
  bootstrap: row.bootstrap !== null,
  deliver: row.deliver,
  url: urlOf(row, origin),
  destination: row.destination,
  scanLimit: row.scanLimit,
  brand: row.brandId && row.brand ? { id: toId('brd', row.brandId), name: row.brand } : null,
  scans: people,
  previews,
  device,
  lastScan: last && { at: new Date(uuid7Time(last.id)).toISOString(), country: last.country, platform: last.platform },
  notBefore: row.notBefore?.toISOString() ?? null,
  expiresAt: row.expiresAt?.toISOString() ?? null,
  usedAt: row.claimedAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
  replacedBy: row.replacedBy && toId('cod', row.replacedBy),
  createdAt: row.createdAt.toISOString(),
  version: row.version,
})
/** What its symbol holds, where that can be drawn again. */
const urlOf = ({ id, kind, destination }: Pick<Row, 'id' | 'kind' | 'destination'>, origin: string): string | null => {
  if (authenticates(kind)) return null
  return kind === 'static' && destination && destination.type !== 'platform'
    ? contentOf(destination)
    : `${origin}/c/${toId('cod', id)}`
}
/** The same of many, by id; a code that is not there is missing. */
export const readContents = async (
  db: Db | Tx,
  origin: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string | null>> => {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('code').select(['id', 'kind', 'destination']).where('id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.id, urlOf(row, origin)]))
}
/** The device that a code enrolled, or that approved by it. */
const readDevicesOf = async (db: Db | Tx, codeIds: readonly string[]): Promise<(codeId: string) => Code['device']> => {
  const { rows } = await sql<{ codeId: string; id: string; name: string }>`select d.code_id, d.id, d.name from device d
      where d.code_id = any (${codeIds}::uuid[])
    union all select a.code_id, d.id, d.name from approval a join device d on d.id = a.device_id where a.code_id = any (${codeIds}::uuid[])`.execute(
    db,
  )
  const found = new Map(rows.map(({ codeId, id, name }) => [codeId, { id: toId('dev', id), name }]))
  return (codeId) => found.get(codeId) ?? null
}
export const readCode = async (db: Db | Tx, origin: string, id: string): Promise<Code | undefined> => {
  const row = await list(db).where('c.id', '=', id).executeTakeFirst()
  return row && toCode(row, origin, (await readTotals(db, [id]))(id), (await readDevicesOf(db, [id]))(id))
}
export const isCode = async (db: Db, id: string): Promise<boolean> =>
  (await db.selectFrom('code').select('id').where('id', '=', id).executeTakeFirst()) !== undefined

/** Codes by their ids, in the order of these. */
export const readCodesOf = async (db: Db | Tx, origin: string, ids: readonly string[]): Promise<Code[]> => {
  if (ids.length === 0) return []
  const rows = await list(db).where('c.id', 'in', ids).execute()
  const [totals, deviceOf] = [await readTotals(db, ids), await readDevicesOf(db, ids)]
  const found = new Map(rows.map((row) => [row.id, toCode(row, origin, totals(row.id), deviceOf(row.id))]))
  return ids.flatMap((id) => found.get(id) ?? [])
}
export const readCodes = async (
  db: Db,
  origin: string,
  { limit, cursor, ...filter }: In<typeof contract.listCodes>,
): Promise<{ items: Code[]; nextCursor: string | null }> => {
  const ids = await findCodes(db, filter, limit + 1, cursor === undefined ? undefined : cursorId('cod', cursor))
  const shown = ids.slice(0, limit)
  return {
    items: await readCodesOf(db, origin, shown),
    nextCursor: ids.length > limit ? toId('cod', shown.at(-1) as string) : null,
  }
}

export const readVersions = async (
  db: Db,
  codeId: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ items: CodeVersion[]; nextCursor: string | null }> => {
  if (cursor !== undefined && !/^\d{1,9}$/.test(cursor)) throw invalid('cursor', 'is not a nextCursor of this list', 'format')
  const { rows } = await sql<{
    version: number
    at: Date
    by: string | null
    changed: CodeVersion['changed']
    fields: VersionFields
    brand: string | null
    owner: string | null
  }>`select v.version, v.at, coalesce(p.username, v.by_name) as by, v.changed, v.fields, b.name as brand, o.username as owner
    from code_version v left join users p on p.id = v.by_id left join brand b on b.id = (v.fields->>'brandId')::uuid
      left join users o on o.id = (v.fields->>'ownerId')::uuid
    where v.code_id = ${codeId}::uuid and (${cursor ?? null}::int is null or v.version < ${cursor ?? null}::int) order by v.version desc limit ${limit + 1}`.execute(
    db,
  )
  const instant = (text: string | null): string | null => text && new Date(text).toISOString()
  const items = rows.slice(0, limit).map(({ version, at, by, changed, fields, brand, owner }) => ({
    version,
    at: at.toISOString(),
    by: by ?? '',
    changed,
    values: {
      label: fields.label,
      destination: fields.destination as Destination | null,
      expiresAt: instant(fields.expiresAt),
      notBefore: instant(fields.notBefore),
      scanLimit: fields.scanLimit,
      brand: fields.brandId && brand ? { id: toId('brd', fields.brandId), name: brand } : null,
      owner: fields.ownerId && owner ? { id: toId('usr', fields.ownerId), username: owner } : null,
    },
  }))
  return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.version) : null }
}
export const readScans = async (
  db: Db,
  keys: Keys,
  codeId: string,
  { limit, cursor, from, to, by, ...filter }: Omit<In<typeof contract.listScans>, 'id'>,
): Promise<Out<typeof contract.listScans>> => {
  requireSpan({ from, to })
  let query = db
    .selectFrom('scan')
    .selectAll()
    .where('codeId', '=', codeId)
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (cursor) query = query.where('id', '<', cursorId('scn', cursor))
  if (from) query = query.where('id', '>=', uuid7Low(new Date(from)))
  if (to) query = query.where('id', '<', uuid7Low(new Date(to)))
  if (by) query = query.where('bot', '=', by === 'previews')
  const { browser, ...columns } = filter
  for (const [name, value] of Object.entries(columns))
    if (value !== undefined) query = query.where(name as keyof typeof columns, '=', value)
  if (browser !== undefined) query = query.where(sql<string>`${sql.raw(family('browser'))}`, '=', browser)
  const rows = await query.execute()
  const items = await Promise.all(
    rows.slice(0, limit).map(async (row) => ({
      id: toId('scn', row.id),
      time: new Date(uuid7Time(row.id)).toISOString(),
      outcome: row.outcome,
      deviceType: row.deviceType,
      platform: row.platform,
      browser: row.browser,
      country: row.country,
      city: row.city,
      address: await openAddress(keys, row.id, row.sealed),
      bot: row.bot,
      count: row.n,
    })),
  )
  return { items, nextCursor: rows.length > limit ? (items.at(-1) as { id: string }).id : null }
}
/** The versions that a code got in a period, oldest first; not the one that it was issued with. */
export const versionsBetween = async (
  db: Db,
  codeId: string,
  from: Date,
  to: Date,
): Promise<{ version: number; at: Date; changed: string[] }[]> =>
  db
    .selectFrom('codeVersion')
    .select(['version', 'at', 'changed'])
    .where('codeId', '=', codeId)
    .where('version', '>', 1)
    .where('at', '>=', from)
    .where('at', '<', to)
    .orderBy('version')
    .limit(200)
    .execute()
