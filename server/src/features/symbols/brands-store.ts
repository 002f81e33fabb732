import type { Design, Proof } from '@postern/contract'
import { type Generated, sql } from 'kysely'
import type { By } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { uuid7 } from '../../platform/ids.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    brand: {
      id: string
      name: string
      isDefault: Generated<boolean>
      archivedAt: Date | null
      version: Generated<number>
      createdAt: Generated<Date>
    }
    brandVersion: {
      brandId: string
      version: number
      name: string
      design: Design
      logoId: string | null
      proof: Proof | null
      byId: string | null
      byName: string | null
      at: Generated<Date>
    }
    brandLogo: { id: string; png: Buffer; width: number; height: number; at: Generated<Date> }
  }
}

/** Codes are counted up to here: past it the number says enough, and costs no more. */
const counted = 100_000
/** Every version of every kit with its logo; of `b` also what belongs to the kit as it is now. */
const versions = (db: Db | Tx) =>
  db
    .selectFrom('brandVersion as v')
    .innerJoin('brand as b', 'b.id', 'v.brandId')
    .leftJoin('brandLogo as l', 'l.id', 'v.logoId')
    .select([
      'b.id',
      'v.version',
      'v.name',
      'v.design',
      'v.proof',
      'v.at',
      'v.logoId',
      'l.width',
      'l.height',
      sql<number | null>`octet_length(l.png)`.as('bytes'),
      // the people's table belongs to a later word, so its name is asked for by hand
      sql<string>`coalesce((select username from users where id = v.by_id), v.by_name, '')`.as('by'),
    ])
const kits = (db: Db | Tx) =>
  versions(db)
    .whereRef('v.version', '=', 'b.version')
    .select([
      'b.isDefault',
      'b.archivedAt',
      sql<number>`(select count(*)::int from (select from code c where c.brand_id = b.id limit ${counted}) named)
        + case when b.is_default then (select count(*)::int from (select from code c where c.kind in ('link', 'static') and c.brand_id is null limit ${counted}) unnamed) else 0 end`.as(
        'codes',
      ),
    ])
export type VersionRow = Awaited<ReturnType<ReturnType<typeof versions>['executeTakeFirstOrThrow']>>
export type BrandRow = Awaited<ReturnType<ReturnType<typeof kits>['executeTakeFirstOrThrow']>>

export const findBrand = (db: Db | Tx, id: string): Promise<BrandRow | undefined> =>
  kits(db).where('b.id', '=', id).executeTakeFirst()
export const listBrands = (
  db: Db,
  { limit, after, archived }: { limit: number; after: string | undefined; archived: 'no' | 'yes' | 'all' },
): Promise<BrandRow[]> => {
  let query = kits(db).orderBy(sql`not b.is_default, lower(b.name), b.id`).limit(limit)
  if (archived !== 'all') query = query.where('b.archivedAt', archived === 'yes' ? 'is not' : 'is', null)
  if (after !== undefined)
    query = query.where(
      sql<boolean>`(not b.is_default, lower(b.name), b.id) > (select not is_default, lower(name), id from brand where id = ${after}::uuid)`,
    )
  return query.execute()
}
export const listBrandVersions = (
  db: Db,
  id: string,
  { limit, below }: { limit: number; below: number | undefined },
): Promise<VersionRow[]> => {
  let query = versions(db).where('b.id', '=', id).orderBy('v.version', 'desc').limit(limit)
  if (below !== undefined) query = query.where('v.version', '<', below)
  return query.execute()
}
export const findBrandVersion = (db: Db | Tx, id: string, version: number): Promise<VersionRow | undefined> =>
  versions(db).where('b.id', '=', id).where('v.version', '=', version).executeTakeFirst()

/** What draws: a version of a kit; without a number the one of now, without a kit the default. */
export const findLook = (
  db: Db | Tx,
  id: string | null,
  version?: number,
): Promise<{ id: string; name: string; isDefault: boolean; design: Design; png: Buffer | null } | undefined> => {
  let query = db
    .selectFrom('brand as b')
    .innerJoin('brandVersion as v', 'v.brandId', 'b.id')
    .leftJoin('brandLogo as l', 'l.id', 'v.logoId')
    .select(['b.id', 'v.name', 'b.isDefault', 'v.design', 'l.png'])
  query = id === null ? query.where('b.isDefault', '=', true) : query.where('b.id', '=', id)
  query = version === undefined ? query.whereRef('v.version', '=', 'b.version') : query.where('v.version', '=', version)
  return query.executeTakeFirst()
}

/**
 * Looks that printed symbols may have: every version of every kit, the kits as they are now first, then the newest. Codes were
 * printed with what has since been changed or put away.
 */
export const listLooks = (db: Db, limit: number) =>
  db
    .selectFrom('brandVersion as v')
    .innerJoin('brand as b', 'b.id', 'v.brandId')
    .leftJoin('brandLogo as l', 'l.id', 'v.logoId')
    .select(['b.id', 'v.name', 'b.isDefault', 'v.design', 'l.png', sql<boolean>`v.version = b.version`.as('now')])
    .orderBy(sql`v.version = b.version desc, b.archived_at is not null, v.at desc, b.id, v.version`)
    .limit(limit)
    .execute()

export type Drawing = { name: string; design: Design; logoId: string | null; proof: Proof }
const insertVersion = (tx: Tx, brandId: string, version: number, { name, design, logoId, proof }: Drawing, by: By) =>
  tx
    .insertInto('brandVersion')
    .values({
      brandId,
      version,
      name,
      design: JSON.stringify(design) as never,
      logoId,
      proof: JSON.stringify(proof) as never,
      ...by,
    })
    .execute()
export const insertBrand = async (tx: Tx, drawing: Drawing, by: By): Promise<string> => {
  const id = uuid7()
  await tx.insertInto('brand').values({ id, name: drawing.name, archivedAt: null }).execute()
  await insertVersion(tx, id, 1, drawing, by)
  return id
}
/** The next version of a kit that is offered and at `version`; false: it is not. */
export const saveBrand = async (tx: Tx, id: string, version: number, drawing: Drawing, by: By): Promise<boolean> => {
  const saved = await tx
    .updateTable('brand')
    .set({ name: drawing.name, version: version + 1 })
    .where('id', '=', id)
    .where('version', '=', version)
    .where('archivedAt', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (saved) await insertVersion(tx, id, version + 1, drawing, by)
  return saved !== undefined
}
/** The proof of what came without one, or was proved where there was no older reader. */
export const keepProof = async (db: Db, id: string, version: number, proof: Proof): Promise<void> => {
  await db
    .updateTable('brandVersion')
    .set({ proof: JSON.stringify(proof) as never })
    .where('brandId', '=', id)
    .where('version', '=', version)
    .where(sql<boolean>`(proof is null or proof->'rows' @> '[{"older": "not-tried"}]')`)
    .execute()
}
/**
 * False: archived or unknown. Locks the table against other changes of kits, not against codes that name one: rows would
 * not do, for the one that must give way is only known after the wait.
 */
export const makeDefault = async (tx: Tx, id: string): Promise<boolean> => {
  await sql`lock table brand in share row exclusive mode`.execute(tx)
  const able = await tx.selectFrom('brand').select('id').where('id', '=', id).where('archivedAt', 'is', null).executeTakeFirst()
  if (!able) return false
  await tx.updateTable('brand').set({ isDefault: false }).where('isDefault', '=', true).where('id', '<>', id).execute()
  await tx.updateTable('brand').set({ isDefault: true }).where('id', '=', id).execute()
  return true
}
export const setArchived = async (tx: Tx, id: string, archived: boolean): Promise<boolean> => {
  const set = await tx
    .updateTable('brand')
    .set({ archivedAt: archived ? sql<Date>`now()` : null })
    .where('id', '=', id)
    .where('isDefault', '=', false)
    .where('archivedAt', archived ? 'is' : 'is not', null)
    .returning('id')
    .executeTakeFirst()
  return set !== undefined
}

export const insertLogo = async (tx: Tx, logo: { png: Buffer; width: number; height: number }): Promise<string> => {
  const id = uuid7()
  await tx
    .insertInto('brandLogo')
    .values({ id, ...logo })
    .execute()
  return id
}
export const findLogo = async (db: Db | Tx, id: string): Promise<Buffer | undefined> =>
  (await db.selectFrom('brandLogo').select('png').where('id', '=', id).executeTakeFirst())?.png
/** Keeps a logo from being tidied away until the transaction's end; false: it is gone already. */
export const holdLogo = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx.selectFrom('brandLogo').select('id').where('id', '=', id).forKeyShare().executeTakeFirst()) !== undefined
/** Uploaded, and in no kit after a day. */
export const deleteUnusedLogos = async (db: Db): Promise<void> => {
  await sql`delete from brand_logo l where l.at < now() - interval '1 day' and not exists (select from brand_version v where v.logo_id = l.id)`.execute(
    db,
  )
}
