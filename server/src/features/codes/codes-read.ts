import type * as contract from '@postern/contract'
import type { Code, In } from '@postern/contract'
import { sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { cursorId, fromId, toId, uuid7Time } from '../../platform/ids.ts'
import { anyCase } from '../users/index.ts'
import { stateOf } from './codes-rules.ts'

const list = (db: Db | Tx) =>
  db
    .selectFrom('code as c')
    .leftJoin('users as u', 'u.id', 'c.userId')
    .leftJoin('users as o', 'o.id', 'c.ownerId')
    .leftJoinLateral(
      (e) =>
        e
          .selectFrom('scan')
          .select(['scan.id as scanId', 'scan.country as scanCountry', 'scan.platform as scanPlatform'])
          .whereRef('scan.codeId', '=', 'c.id')
          .orderBy('scan.id', 'desc')
          .limit(1)
          .as('last'),
      (on) => on.onTrue(),
    )
    .select([
      'c.id',
      'c.kind',
      'c.label',
      'c.userId',
      'u.username',
      'o.username as owner',
      'c.issuedBy',
      'c.bootstrap',
      'c.revokedAt',
      'c.claimedAt',
      'c.expiresAt',
      'c.createdAt',
      'c.version',
      'last.scanId',
      'last.scanCountry',
      'last.scanPlatform',
      sql<Date | null>`nullif(c.not_before, '-infinity')`.as('notBefore'),
      sql<number>`(select count(*)::int from scan s where s.code_id = c.id)`.as('scanned'),
      sql<boolean>`c.expires_at <= now() or c.epoch <> (select epoch from deployment)`.as('expired'),
      sql<boolean>`c.not_before > now()`.as('notYet'),
      sql<boolean>`coalesce(c.scans >= c.scan_limit, false)`.as('usedUp'),
    ])
type Row = Awaited<ReturnType<ReturnType<typeof list>['executeTakeFirstOrThrow']>>

const toCode = (row: Row): Code => ({
  id: toId('cod', row.id),
  kind: row.kind,
  state: stateOf(row),
  label: row.label,
  user: row.userId && row.username ? { id: toId('usr', row.userId), username: row.username } : null,
  issuedBy: row.owner ?? row.issuedBy,
  bootstrap: row.bootstrap !== null,
  scans: row.scanned,
  lastScan: row.scanId
    ? { at: new Date(uuid7Time(row.scanId)).toISOString(), country: row.scanCountry ?? '', platform: row.scanPlatform ?? '' }
    : null,
  notBefore: row.notBefore?.toISOString() ?? null,
  expiresAt: row.expiresAt.toISOString(),
  usedAt: row.claimedAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  version: row.version,
})
export const readCode = async (db: Db | Tx, id: string): Promise<Code | undefined> => {
  const row = await list(db).where('c.id', '=', id).executeTakeFirst()
  return row && toCode(row)
}
const expired = sql<boolean>`(c.expires_at <= now() or c.epoch <> (select epoch from deployment))`
export const readCodes = async (
  db: Db,
  filter: In<typeof contract.listCodes>,
): Promise<{ items: Code[]; nextCursor: string | null }> => {
  let query = list(db)
    .orderBy('c.id', 'desc')
    .limit(filter.limit + 1)
  if (filter.cursor) query = query.where('c.id', '<', cursorId(filter.cursor))
  if (filter.kind) query = query.where('c.kind', '=', filter.kind)
  if (filter.userId) query = query.where('c.userId', '=', fromId(filter.userId))
  if (filter.q) {
    const pattern = anyCase(filter.q.trim())
    query = query.where(sql<boolean>`(c.label ~ ${pattern} or u.username ~ ${pattern})`)
  }
  if (filter.state) {
    const open = sql<boolean>`c.revoked_at is null and c.claimed_at is null`
    const conditions = {
      revoked: sql<boolean>`c.revoked_at is not null`,
      used: sql<boolean>`c.revoked_at is null and c.claimed_at is not null`,
      expired: sql<boolean>`${open} and ${expired}`,
      'not-yet-valid': sql<boolean>`${open} and not ${expired} and c.not_before > now()`,
      'used-up': sql<boolean>`${open} and not ${expired} and c.scans >= c.scan_limit`,
      live: sql<boolean>`${open} and not ${expired} and c.not_before <= now() and not coalesce(c.scans >= c.scan_limit, false)`,
    }
    query = query.where(conditions[filter.state])
  }
  const rows = await query.execute()
  const shown = rows.slice(0, filter.limit)
  return { items: shown.map(toCode), nextCursor: rows.length > filter.limit ? toId('cod', (shown.at(-1) as Row).id) : null }
}
export const readScans = async (db: Db, codeId: string, filter: { limit: number; cursor?: string | undefined }) => {
  let query = db
    .selectFrom('scan')
    .selectAll()
    .where('codeId', '=', codeId)
    .orderBy('id', 'desc')
    .limit(filter.limit + 1)
  if (filter.cursor) query = query.where('id', '<', cursorId(filter.cursor))
  const rows = await query.execute()
  const items = rows.slice(0, filter.limit).map((row) => ({
    id: toId('scn', row.id),
    time: new Date(uuid7Time(row.id)).toISOString(),
    outcome: row.outcome,
    deviceType: row.deviceType,
    platform: row.platform,
    browser: row.browser,
    country: row.country,
    bot: row.bot,
  }))
  return { items, nextCursor: rows.length > filter.limit ? (items.at(-1) as { id: string }).id : null }
}
