import type { SymbolFiles, SymbolFormat } from '@postern/contract'
import type { Db, Tx } from '../../platform/db.ts'
import { findLook } from './brands-store.ts'
import type { Look, Output } from './draw.ts'
import { drawFiles } from './workshop.ts'

/** Sizes of files that come without being asked for one: sharp on a screen, and large enough on paper for any phone. */
const usualPixels = 1024
const usualMm = 40

export const outputOf = (format: SymbolFormat, size?: number): Output => {
  if (format === 'svg') return { format }
  return format === 'png' ? { format, width: size ?? usualPixels } : { format, widthMm: size ?? usualMm }
}
/** How codes of a kit look now; null: those that name none. */
export const lookOf = async (db: Db | Tx, brandId: string | null): Promise<Look> => {
  const found = await findLook(db, brandId)
  if (!found) throw new Error('no brand kit draws this code')
  return { design: found.design, logo: found.png }
}
/** Files of a symbol for a JSON answer: SVG and EPS as text, PNG and PDF in base64. Each was read back. */
export const symbolFiles = async (text: string, look: Look, formats: readonly SymbolFormat[]): Promise<SymbolFiles> => {
  const wanted = [...new Set(formats)]
  const drawn = await drawFiles(
    text,
    look,
    wanted.map((format) => outputOf(format)),
  )
  return Object.fromEntries(
    wanted.map((format, at) => [format, drawn[at]?.toString(format === 'svg' || format === 'eps' ? 'utf8' : 'base64')]),
  )
}
