import { listBrands } from '@postern/contract'
import type { Command, Group } from './command.ts'
import { allPages, limitOption } from './pages.ts'
import { columns, minute } from './text.ts'

const list: Command = {
  name: 'list',
  does: 'List brand kits, the default first',
  options: { archived: { says: 'those in the archive instead' }, ...limitOption },
  runs: 'anywhere',
  run: async (io, given) => {
    const archived = given.flag('archived') ? ('yes' as const) : ('no' as const)
    const page = await allPages(given, (paging) => io.call(listBrands, { archived, ...paging }))
    const rows = page.items.map((brand) => [
      brand.id,
      brand.isDefault ? `${brand.name} (default)` : brand.name,
      String(brand.version),
      String(brand.codes),
      brand.proof.passes ? 'scans' : 'does not scan',
      minute(brand.savedAt),
      brand.savedBy,
    ])
    return io.done(page, columns(['ID', 'NAME', 'VERSION', 'CODES', 'PROOF', 'SAVED', 'BY'], rows))
  },
}
export const brandGroup: Group = { name: 'brand', does: 'Brand kits: how symbols look', commands: [list] }
