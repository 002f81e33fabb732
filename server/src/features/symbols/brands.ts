import type { Brand, Design, In, Out, Proof } from '@postern/contract'
import * as contract from '@postern/contract'
import { type Actor, byOf } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId, toId } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { changedMeanwhile } from '../../platform/versions.ts'
import { type ActDeps, act } from '../events/index.ts'
import { readBrand } from './brands-read.ts'
import { whyNotSaved } from './brands-rules.ts'
import * as store from './brands-store.ts'
import { cleanLogo, openLogo } from './logo.ts'
import type { ProofQueue } from './proof-queue.ts'
import { sceneOf } from './scene.ts'
import { svgOf } from './svg.ts'
import { prove } from './workshop.ts'

export type BrandDeps = ActDeps & { origin: string; proofs: ProofQueue }
type Wanted = { name: string; design: Design; logo: string | null }

/** The address that samples hold: of this deployment, and as long as those of its link codes. */
export const sampleOf = ({ origin }: { origin: string }): string => `${origin}/c/cod_${'0'.repeat(26)}`
/** Each caller has one place in the queue of proofs. */
const ownerOf = (actor: Actor): string => (actor.kind === 'user' || actor.kind === 'token' ? actor.id : actor.kind)

/** What a caller wants, with the bitmap of its logo: throws where the two halves of a logo do not fit. */
const withLogo = async (deps: BrandDeps, { design, logo }: Pick<Wanted, 'design' | 'logo'>): Promise<Buffer | null> => {
  if (logo === null) {
    if (design.logo) throw invalid('logo', 'upload a logo and name it here, or set design.logo to null')
    return null
  }
  if (!design.logo) throw invalid('design.logo', 'say how wide it is, { "widthPercent": 20 }, or set logo to null')
  return (await store.findLogo(deps.db, fromId(logo))) ?? gone()
}
const gone = (): never => {
  throw invalid('logo', 'is no logo here: one that no kit has is deleted after a day. Upload it again')
}

/** Proves a design before its transaction, which would otherwise wait a second for it. */
const proved = async (deps: BrandDeps, actor: Actor, wanted: Pick<Wanted, 'design' | 'logo'>): Promise<Proof> => {
  const png = await withLogo(deps, wanted)
  return deps.proofs.run(ownerOf(actor), () => prove(wanted.design, png, sampleOf(deps)))
}
const requireScans = (proof: Proof): void => {
  const errors = whyNotSaved(proof)
  if (errors.length > 0)
    throw new Refusal('invalid-request', errors.map(({ path, message }) => `${path}: ${message}`).join('; '), {
      errors,
      detail: errors.map(({ message }) => message).join('; '),
    })
}
const held = async (tx: Tx, logo: string | null): Promise<string | null> => {
  if (logo === null) return null
  const id = fromId(logo)
  if (!(await store.holdLogo(tx, id))) gone()
  return id
}
/** The unique index decides. */
const nameFree = async <T>(name: string, work: Promise<T>): Promise<T> =>
  work.catch((error: { code?: unknown }) => {
    if (error.code !== '23505') throw error
    throw new Refusal('conflict', 'the name is taken', {
      detail: `There is a brand kit named ${name} already.`,
      errors: [{ path: 'name', message: 'taken', code: 'taken' }],
    })
  })
const about = (brand: { id: string; name: string }) => ({ subject: { kind: 'brand' as const, id: brand.id, name: brand.name } })
const now = async (deps: BrandDeps, tx: Tx, id: string): Promise<Brand> => (await readBrand(deps, tx, id)) as Brand

export const createBrand = async (deps: BrandDeps, actor: Actor, input: In<typeof contract.createBrand>): Promise<Brand> => {
  const proof = await proved(deps, actor, input)
  return act(deps, actor, { type: 'brand.created', endpoint: contract.createBrand }, async (tx, event) => {
    event.about({ detail: { name: input.name } })
    requireScans(proof)
    const { name, design } = input
    const logoId = await held(tx, input.logo)
    const id = await nameFree(name, store.insertBrand(tx, { name, design, logoId, proof }, byOf(actor)))
    event.about(about({ id, name }))
    return now(deps, tx, id)
  })
}

/** A save is a new version, or nothing where nothing is new. What the version holds is proved before it is one. */
const save = async (
  deps: BrandDeps,
  actor: Actor,
  what: { id: string; version: number; endpoint: contract.Endpoint; restored?: number },
  change: (before: store.VersionRow) => Wanted,
): Promise<Brand> => {
  const { id, version } = what
  const before = await store.findBrand(deps.db, id)
  const wanted = before && before.version === version && !before.archivedAt ? change(before) : undefined
  const changed = before && wanted ? changesOf(before, wanted) : []
  const proof =
    before && wanted && changed.some((field) => field !== 'name')
      ? await proved(deps, actor, wanted)
      : (before?.proof ?? undefined)
  return act(deps, actor, { type: 'brand.edited', endpoint: what.endpoint }, async (tx, event) => {
    if (!before) throw new Refusal('not-found')
    event.about(about({ id, name: before.name }))
    if (before.archivedAt) throw archived()
    if (!wanted) throw changedMeanwhile('this kit')
    if (changed.length === 0) {
      event.changesNothing = true
      return now(deps, tx, id)
    }
    if (!proof) throw new Error('a version without a proof')
    requireScans(proof)
    const logoId = await held(tx, wanted.logo)
    const saved = await nameFree(
      wanted.name,
      store.saveBrand(tx, id, version, { name: wanted.name, design: wanted.design, logoId, proof }, byOf(actor)),
    )
    if (!saved) throw changedMeanwhile('this kit')
    event.about({
      ...about({ id, name: wanted.name }),
      detail: { version: version + 1, changed, ...(what.restored === undefined ? {} : { restored: what.restored }) },
    })
    return now(deps, tx, id)
  })
}
const changesOf = (before: store.VersionRow, wanted: Wanted): ('name' | 'design' | 'logo')[] => {
  const was = { name: before.name, design: contract.Design.parse(before.design), logo: logoOf(before) }
  return (['name', 'design', 'logo'] as const).filter((field) => JSON.stringify(was[field]) !== JSON.stringify(wanted[field]))
}
const logoOf = ({ logoId }: { logoId: string | null }): string | null => logoId && toId('lgo', logoId)

export const updateBrand = (
  deps: BrandDeps,
  actor: Actor,
  input: In<typeof contract.updateBrand>,
  version: number,
): Promise<Brand> =>
  save(deps, actor, { id: fromId(input.id), version, endpoint: contract.updateBrand }, (before) => ({
    name: input.name ?? before.name,
    // of one form whatever the order of its names
    design: input.design ?? contract.Design.parse(before.design),
    logo: input.logo === undefined ? logoOf(before) : input.logo,
  }))
export const restoreBrandVersion = async (
  deps: BrandDeps,
  actor: Actor,
  input: In<typeof contract.restoreBrandVersion>,
  version: number,
): Promise<Brand> => {
  const id = fromId(input.id)
  const then = await store.findBrandVersion(deps.db, id, input.version)
  if (!then) throw new Refusal('not-found', 'no such version')
  return save(deps, actor, { id, version, endpoint: contract.restoreBrandVersion, restored: input.version }, () => ({
    name: then.name,
    design: contract.Design.parse(then.design),
    logo: logoOf(then),
  }))
}

/** Acts on the kit, not on how it looks: no version. */
const settle = (
  deps: BrandDeps,
  actor: Actor,
  what: { type: 'brand.made-default' | 'brand.archived' | 'brand.unarchived'; endpoint: contract.Endpoint },
  brandId: string,
  work: (tx: Tx, before: store.BrandRow) => Promise<void>,
): Promise<Brand> =>
  act(deps, actor, what, async (tx, event) => {
    const id = fromId(brandId)
    const before = await store.findBrand(tx, id)
    if (!before) throw new Refusal('not-found')
    event.about(about(before))
    await work(tx, before)
    return now(deps, tx, id)
  })
export const makeBrandDefault = (deps: BrandDeps, actor: Actor, { id }: In<typeof contract.makeBrandDefault>) =>
  settle(deps, actor, { type: 'brand.made-default', endpoint: contract.makeBrandDefault }, id, async (tx, before) => {
    if (!(await store.makeDefault(tx, before.id))) throw archived()
  })
export const archiveBrand = (deps: BrandDeps, actor: Actor, { id }: In<typeof contract.archiveBrand>) =>
  settle(deps, actor, { type: 'brand.archived', endpoint: contract.archiveBrand }, id, async (tx, before) => {
    if (before.archivedAt || (await store.setArchived(tx, before.id, true))) return
    throw new Refusal('conflict', 'the default kit', {
      detail: 'This kit draws every code that names none. Make another kit the default first.',
    })
  })
export const unarchiveBrand = (deps: BrandDeps, actor: Actor, { id }: In<typeof contract.unarchiveBrand>) =>
  settle(deps, actor, { type: 'brand.unarchived', endpoint: contract.unarchiveBrand }, id, async (tx, before) => {
    if (before.archivedAt) await nameFree(before.name, store.setArchived(tx, before.id, false))
  })
const archived = (): Refusal =>
  new Refusal('conflict', 'archived', { detail: 'This kit is archived. Take it out of the archive first.' })

/** A logo, decoded and written anew before anything of it is kept. */
export const addLogo = async (
  deps: BrandDeps,
  actor: Actor,
  { data }: In<typeof contract.addLogo>,
): Promise<Out<typeof contract.addLogo>> => {
  const cleaned = await deps.proofs
    .run(ownerOf(actor), () => cleanLogo(Buffer.from(data, 'base64')))
    .catch((error: unknown) => (error instanceof Refusal ? error : Promise.reject(error)))
  return act(deps, actor, { type: 'brand.logo-added', endpoint: contract.addLogo }, async (tx, event) => {
    if (cleaned instanceof Refusal) throw cleaned
    const { png, width, height } = cleaned
    const id = await store.insertLogo(tx, { png, width, height })
    event.about({ detail: { width, height, bytes: png.length } })
    return { id: toId('lgo', id), width, height, bytes: png.length, png: png.toString('base64') }
  })
}

/** Draws and proves a design as a kit would be; nothing is kept, and who leaves is not served. */
export const previewBrand = async (
  deps: BrandDeps,
  actor: Actor,
  { design, logo }: In<typeof contract.previewBrand>,
  signal: AbortSignal,
): Promise<Out<typeof contract.previewBrand>> => {
  const png = await withLogo(deps, { design, logo })
  const content = sampleOf(deps)
  return deps.proofs.run(
    ownerOf(actor),
    async () => {
      const began = performance.now()
      const svg = svgOf(sceneOf(content, design, png && (await openLogo(png))))
      const proof = await prove(design, png, content)
      return { svg, proof, content, tookMs: Math.round(performance.now() - began) }
    },
    signal,
  )
}
