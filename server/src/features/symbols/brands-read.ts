import type { Brand, BrandVersion, In, Logo, Proof } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Db, Tx } from '../../platform/db.ts'
import { cursorId, fromId, toId } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { type BrandDeps, sampleOf } from './brands.ts'
import * as store from './brands-store.ts'
import { hasOlderReader } from './readers.ts'
import { prove } from './workshop.ts'

const logoOf = ({ logoId, width, height, bytes }: store.VersionRow): Logo | null =>
  logoId === null ? null : { id: toId('lgo', logoId), width: width as number, height: height as number, bytes: bytes as number }

/** The proof of a version. What came with Postern is proved here and now, on the machine that will draw it, and kept. */
const proofOf = async (deps: BrandDeps, row: store.VersionRow): Promise<Proof> => row.proof ?? provedNow(deps, row)
const provedNow = (deps: BrandDeps, { id, version, design, logoId }: store.VersionRow): Promise<Proof> =>
  deps.proofs.share(`${id} ${version}`, async () => {
    const logo = logoId === null ? undefined : await store.findLogo(deps.db, logoId)
    const proof = await prove(contract.Design.parse(design), logo ?? null, sampleOf(deps))
    await store.keepProof(deps.db, id, version, proof)
    return proof
  })
const toBrand = async (deps: BrandDeps, row: store.BrandRow): Promise<Brand> => ({
  id: toId('brd', row.id),
  name: row.name,
  isDefault: row.isDefault,
  archivedAt: row.archivedAt?.toISOString() ?? null,
  version: row.version,
  design: contract.Design.parse(row.design),
  logo: logoOf(row),
  proof: await proofOf(deps, row),
  codes: row.codes,
  savedAt: row.at.toISOString(),
  savedBy: row.by,
})
export const readBrand = async (deps: BrandDeps, db: Db | Tx, id: string): Promise<Brand | undefined> => {
  const row = await store.findBrand(db, id)
  return row && toBrand(deps, row)
}
/** A kit for its own page: an older reader that came after its proof is asked now. Lists show what is kept. */
export const readBrandForPage = async (deps: BrandDeps, id: string): Promise<Brand | undefined> => {
  const row = await store.findBrand(deps.db, id)
  const wanting = row?.proof?.rows.some(({ older }) => older === 'not-tried') && (await hasOlderReader())
  return row && toBrand(deps, wanting ? { ...row, proof: await provedAgain(deps, row) } : row)
}
/** Where too many wait for a proof the one that is kept stands. */
const provedAgain = async (deps: BrandDeps, row: store.BrandRow): Promise<Proof | null> => {
  try {
    return await provedNow(deps, row)
  } catch (error) {
    if (error instanceof Refusal) return row.proof
    throw error
  }
}
export const readBrands = async (deps: BrandDeps, { limit, cursor, archived }: In<typeof contract.listBrands>) => {
  const after = cursor === undefined ? undefined : cursorId('brd', cursor)
  const rows = await store.listBrands(deps.db, { limit: limit + 1, after, archived })
  const items: Brand[] = []
  for (const row of rows.slice(0, limit)) items.push(await toBrand(deps, row))
  return { items, nextCursor: rows.length > limit ? (items.at(-1) as Brand).id : null }
}
export const readBrandVersions = async (deps: BrandDeps, { id, limit, cursor }: In<typeof contract.listBrandVersions>) => {
  if (cursor !== undefined && !/^\d{1,9}$/.test(cursor)) throw invalid('cursor', 'is not a nextCursor of this list', 'format')
  if (!(await store.findBrand(deps.db, fromId(id)))) throw new Refusal('not-found')
  const below = cursor === undefined ? undefined : Number(cursor)
  const rows = await store.listBrandVersions(deps.db, fromId(id), { limit: limit + 1, below })
  const items: BrandVersion[] = []
  for (const row of rows.slice(0, limit))
    items.push({
      version: row.version,
      at: row.at.toISOString(),
      by: row.by,
      name: row.name,
      design: contract.Design.parse(row.design),
      logo: logoOf(row),
      proof: await proofOf(deps, row),
    })
  return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.version) : null }
}
