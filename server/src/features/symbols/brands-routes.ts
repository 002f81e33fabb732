import * as contract from '@postern/contract'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { tagged, versionOf } from '../../platform/versions.ts'
import {
  addLogo,
  archiveBrand,
  type BrandDeps,
  createBrand,
  makeBrandDefault,
  previewBrand,
  restoreBrandVersion,
  sampleOf,
  unarchiveBrand,
  updateBrand,
} from './brands.ts'
import { readBrandForPage, readBrands, readBrandVersions } from './brands-read.ts'
import { findLook } from './brands-store.ts'
import { symbolText } from './terminal.ts'
import { drawSymbol } from './workshop.ts'

export const brandsRoutes = (deps: BrandDeps): Route[] => {
  const look = async ({ id, version }: { id: string; version?: number | undefined }) => {
    const found = await findLook(deps.db, fromId(id), version)
    if (!found) throw new Refusal('not-found')
    return found
  }
  return [
    route(contract.listBrands, async ({ input }) => ({ value: await readBrands(deps, input) })),
    route(contract.createBrand, async ({ actor, input }) => tagged(await createBrand(deps, actor, input))),
    route(contract.getBrand, async ({ input }) => {
      const brand = await readBrandForPage(deps, fromId(input.id))
      if (!brand) throw new Refusal('not-found')
      return tagged(brand)
    }),
    route(contract.updateBrand, async ({ actor, input, ifMatch }) =>
      tagged(await updateBrand(deps, actor, input, versionOf(ifMatch))),
    ),
    route(contract.makeBrandDefault, async ({ actor, input }) => tagged(await makeBrandDefault(deps, actor, input))),
    route(contract.archiveBrand, async ({ actor, input }) => tagged(await archiveBrand(deps, actor, input))),
    route(contract.unarchiveBrand, async ({ actor, input }) => tagged(await unarchiveBrand(deps, actor, input))),
    route(contract.listBrandVersions, async ({ input }) => ({ value: await readBrandVersions(deps, input) })),
    route(contract.restoreBrandVersion, async ({ actor, input, ifMatch }) =>
      tagged(await restoreBrandVersion(deps, actor, input, versionOf(ifMatch))),
    ),
    route(contract.addLogo, async ({ actor, input }) => ({ value: await addLogo(deps, actor, input) })),
    route(contract.previewBrand, async ({ actor, input, signal }) => ({
      value: await previewBrand(deps, actor, input, signal),
    })),
    route(contract.sampleSymbol, async () => {
      const content = sampleOf(deps)
      return { value: { content, terminal: symbolText(content, 'blocks') } }
    }),
    route(contract.brandLogo, async ({ input }) => {
      const { png } = await look(input)
      if (!png) throw new Refusal('not-found', 'no logo', { detail: 'This kit has no logo.' })
      return { value: new Uint8Array(png) }
    }),
    route(contract.brandSymbol, async ({ input }) => {
      const { design, png } = await look(input)
      return { value: new Uint8Array(await drawSymbol(sampleOf(deps), { design, logo: png }, { format: 'svg' })) }
    }),
  ]
}
