import type * as contract from '@postern/contract'
import type { Code, CodeState, CodeVersion, Destination, In, Out } from '@postern/contract'
import { sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { cursorId, fromId, toId, uuid7Low, uuid7Time } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import { invalid } from '../../platform/refusal.ts'
import { anyCase } from '../users/index.ts'
import { authenticates, stateOf } from './codes-life.ts'
import type { VersionFields } from './codes-store.ts'
import { contentOf } from './destinations.ts'
import { openAddress } from './scan-address.ts'
import { family, readTotals, type Totals } from './scans-store.ts'

/** A restore voids what authenticates and was open; printed links live on. */
const expired = sql<boolean>`(c.expires_at <= now() or (c.secret_hash is not null and c.epoch <> (select epoch from deployment)))`

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

const toCode = (row: Row, origin: string, { people, previews, last }: Totals): Code => ({
  id: toId('cod', row.id),
  kind: row.kind,
  state: stateOf(row),
  label: row.label,
  user: row.userId && row.username ? { id: toId('usr', row.userId), username: row.username } : null,
  owner: row.ownerId && row.owner ? { id: toId('usr', row.ownerId), username: row.owner } : null,
  issuedBy: row.owner ?? row.issuedBy,
  bootstrap: row.bootstrap !== null,
  url: urlOf(row, origin),
  destination: row.destination,
  scanLimit: row.scanLimit,
  brand: row.brandId && row.brand ? { id: toId('brd', row.brandId), name: row.brand } : null,
  scans: people,
  previews,
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
export const readCode = async (db: Db | Tx, origin: string, id: string): Promise<Code | undefined> => {
  const row = await list(db).where('c.id', '=', id).executeTakeFirst()
  return row && toCode(row, origin, (await readTotals(db, [id]))(id))
}
export const isCode = async (db: Db, id: string): Promise<boolean> =>
  (await db.selectFrom('code').select('id').where('id', '=', id).executeTakeFirst()) !== undefined

const open = sql<boolean>`c.revoked_at is null and c.claimed_at is null`
/** Each state as a condition, in the order of `stateOf`: the first that fits. */
const inState: Record<CodeState, ReturnType<typeof sql<boolean>>> = {
  revoked: sql<boolean>`c.revoked_at is not null`,
  used: sql<boolean>`c.revoked_at is null and c.claimed_at is not null`,
  expired: sql<boolean>`${open} and ${expired}`,
  'not-yet-valid': sql<boolean>`${open} and not ${expired} and c.not_before > now()`,
  'used-up': sql<boolean>`${open} and not ${expired} and c.not_before <= now() and c.scans >= c.scan_limit`,
  live: sql<boolean>`${open} and not ${expired} and c.not_before <= now() and not coalesce(c.scans >= c.scan_limit, false)`,
}
export type CodeFilter = Omit<In<typeof contract.listCodes>, 'limit' | 'cursor'>
/** The filters of a list as one condition over `c` (code) and `u` (the person it is for). */
export const matchingCodes = (filter: CodeFilter) => {
  const all = [sql<boolean>`true`]
  if (filter.state) all.push(inState[filter.state])
  if (filter.kind) all.push(sql<boolean>`c.kind = ${filter.kind}`)
  if (filter.userId) all.push(sql<boolean>`c.user_id = ${fromId(filter.userId)}::uuid`)
  if (filter.owner) all.push(sql<boolean>`c.owner_id = ${fromId(filter.owner)}::uuid`)
  if (filter.brand) all.push(sql<boolean>`c.brand_id = ${fromId(filter.brand)}::uuid`)
  if (filter.createdFrom) all.push(sql<boolean>`c.id >= ${uuid7Low(new Date(filter.createdFrom))}::uuid`)
  if (filter.createdTo) all.push(sql<boolean>`c.id < ${uuid7Low(new Date(filter.createdTo))}::uuid`)
  const typed = filter.q?.trim()
  if (typed) {
    const whole = /^cod_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(typed)
    const pattern = anyCase(typed)
    all.push(
      whole
        ? sql<boolean>`c.id = ${fromId(typed)}::uuid`
        : sql<boolean>`(c.label ~ ${pattern} or u.username ~ ${pattern} or c.destination::text ~ ${pattern})`,
    )
  }
  return sql<boolean>`(${sql.join(all, sql` and `)})`
}
/** Codes by their ids, in the order of these. */
export const readCodesOf = async (db: Db | Tx, origin: string, ids: readonly string[]): Promise<Code[]> => {
  if (ids.length === 0) return []
  const rows = await list(db).where('c.id', 'in', ids).execute()
  const totals = await readTotals(db, ids)
  const found = new Map(rows.map((row) => [row.id, toCode(row, origin, totals(row.id))]))
  return ids.flatMap((id) => found.get(id) ?? [])
}
export const readCodes = async (
  db: Db,
  origin: string,
  { limit, cursor, ...filter }: In<typeof contract.listCodes>,
): Promise<{ items: Code[]; nextCursor: string | null }> => {
  let query = list(db)
    .where(matchingCodes(filter))
    .orderBy('c.id', 'desc')
    .limit(limit + 1)
  if (cursor) query = query.where('c.id', '<', cursorId(cursor))
  const rows = await query.execute()
  const shown = rows.slice(0, limit)
  const totals = await readTotals(
    db,
    shown.map(({ id }) => id),
  )
  return {
    items: shown.map((row) => toCode(row, origin, totals(row.id))),
    nextCursor: rows.length > limit ? toId('cod', (shown.at(-1) as Row).id) : null,
  }
}
/** Past this many rows a count is an estimate of the planner: it must not cost what the list saves. */
const countedExactly = 100_000
export const readCounts = async (db: Db, filter: CodeFilter): Promise<Out<typeof contract.countCodes>> => {
  const states = Object.entries(inState) as [CodeState, ReturnType<typeof sql<boolean>>][]
  const { rows } = await sql<Record<string, number>>`
    select count(*)::int as all, ${sql.join(states.map(([state, condition]) => sql`count(*) filter (where ${condition})::int as ${sql.ref(state)}`))}
    from (select c.* from code c left join users u on u.id = c.user_id where ${matchingCodes(filter)} order by c.id desc limit ${countedExactly + 1}) c`.execute(
    db,
  )
  const counts = rows[0] as Record<string, number>
  const of = (name: string): number => counts[name] ?? 0
  if (of('all') <= countedExactly)
    return { all: of('all'), states: Object.fromEntries(states.map(([state]) => [state, of(state)])) as never, about: false }
  const { rows: known } = await sql<{
    n: number
  }>`select greatest(reltuples, 0)::bigint::float8 as n from pg_class where oid = 'code'::regclass`.execute(db)
  // the newest hundred thousand stand for the rest
  const scale = Math.max(1, (known[0]?.n ?? 0) / of('all'))
  const about = (n: number): number => Math.round(n * scale)
  return {
    all: about(of('all')),
    states: Object.fromEntries(states.map(([state]) => [state, about(of(state))])) as never,
    about: true,
  }
}

export const readVersions = async (
  db: Db,
  codeId: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ items: CodeVersion[]; nextCursor: string | null }> => {
  if (cursor !== undefined && !/^\d{1,9}$/.test(cursor)) throw invalid('cursor', 'is not a nextCursor of this list')
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
  let query = db
    .selectFrom('scan')
    .selectAll()
    .where('codeId', '=', codeId)
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (cursor) query = query.where('id', '<', cursorId(cursor))
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
