import type { CodeKind, In, SymbolFormat } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Db } from '../../platform/db.ts'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { drawSymbol, lookOf, outputOf } from '../symbols/index.ts'
import type { CodesDeps } from './codes.ts'
import { kinds } from './codes-life.ts'
import { readCode } from './codes-read.ts'

export const notDrawable = (kind?: CodeKind): Refusal =>
  new Refusal('code-not-drawable', 'only its hash is kept', {
    detail:
      kind && kinds[kind].symbol === 'moving'
        ? 'This code moves: the screen that shows it draws it anew each second, and nobody else does.'
        : 'This code authenticates, and only a hash of its secret is kept. Issue it again to print it again.',
  })
/** What the symbol holds, in the look of the code's kit as it is now, or of the default. In every state: a code that is over can be brought back without printing. */
const drawCode = async (deps: CodesDeps, codeId: string, format: SymbolFormat, size?: number) => {
  const code = await readCode(deps.db, deps.origin, fromId(codeId))
  if (!code) throw new Refusal('not-found')
  if (code.url === null) throw notDrawable(code.kind)
  const look = await lookOf(deps.db, code.brand && fromId(code.brand.id))
  const drawn = await drawSymbol(code.url, look, outputOf(format, size))
  return { value: new Uint8Array(drawn), fileName: fileNameOf(code, format) }
}

/** The kit that a code names; null: none. */
export const brandOf = async (db: Db, codeId: string): Promise<string | null> =>
  (await db.selectFrom('code').select('brandId').where('id', '=', codeId).executeTakeFirst())?.brandId ?? null

/** The label as a file name that every system takes; two codes of one label differ by the end of their id. */
const fileNameOf = ({ id, label }: Pick<contract.Code, 'id' | 'label'>, format: string): string => {
  const words = label
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80)
  return `${words || 'code'}-${id.slice(-6)}.${format}`
}

export const codeSymbolRoutes = (deps: CodesDeps): Route[] => {
  const draw =
    (format: SymbolFormat) =>
    ({
      input: { id, size },
    }: {
      input: In<typeof contract.codeSymbolPng> | (In<typeof contract.codeSymbolSvg> & { size?: never })
    }) =>
      drawCode(deps, id, format, size)
  return [
    route(contract.codeSymbolSvg, draw('svg')),
    route(contract.codeSymbolPng, draw('png')),
    route(contract.codeSymbolPdf, draw('pdf')),
    route(contract.codeSymbolEps, draw('eps')),
  ]
}
