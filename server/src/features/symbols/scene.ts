import type { Design } from '@postern/contract'
import { wordsPath } from './letters.ts'
import { type Level, type Matrix, matrixOf, quiet } from './matrix.ts'
import { eyePath, modulePath } from './modules.ts'
import { type Path, roundedRectangle } from './path.ts'

/** A cleaned logo: the PNG that is stored, and its pixels. */
export type Logo = { png: Uint8Array; width: number; height: number; rgba: Uint8Array }
export type Box = { x: number; y: number; width: number; height: number }
/** What all backends draw, in this order; the unit is the module, y runs down. */
export type Scene = {
  width: number
  height: number
  ground: string
  fills: { colour: string; path: Path }[]
  logo: (Box & { image: Logo }) | null
  /** The symbol with its quiet zone, of which a frame keeps off. */
  symbol: Box
  level: Level
  /** Modules a side, without the quiet zone. */
  modules: number
}

/** The symbol of a text in a design. A design with a logo is drawn without it where none is given, or the text leaves no room. */
export const sceneOf = (text: string, design: Design, logo: Logo | null = null, least: Level = 'M'): Scene => {
  const room = design.logo && logo ? roomFor(text, least, design.logo.widthPercent / 100, logo) : null
  const { matrix, level } = room ?? { matrix: matrixOf(text, least), level: least }
  const size = matrix.length
  const plate = size + 2 * quiet
  // the mock's proportions: its plate is 49 modules wide
  const unit = design.frame ? plate / 49 : 0
  const at = unit + quiet
  const cleared = room ? clearedFor(room.logo) : { width: 0, height: 0 }
  const hidden = (x: number, y: number): boolean =>
    inEye(x, y, size) || (Math.abs(2 * x + 1 - size) < cleared.width && Math.abs(2 * y + 1 - size) < cleared.height)
  const dark = (x: number, y: number): boolean => matrix[y]?.[x] === true && !hidden(x, y)
  const { modules, eyes, ground } = design.colours
  const fills = [
    { colour: modules, path: modulePath(size, dark, design.modules, at) },
    { colour: eyes, path: eyePath(size, design, at) },
  ]
  const bandHeight = 8.2 * unit
  if (design.frame) {
    const band = { x: unit, y: unit + plate, width: plate, height: bandHeight }
    fills.push({ colour: eyes, path: roundedRectangle(band.x, band.y, band.width, band.height, 1.85 * unit) })
    fills.push({ colour: ground, path: wordsPath(design.frame.text, band, 2.65 * unit) })
  }
  return {
    width: plate + 2 * unit,
    height: plate + 2 * unit + bandHeight,
    ground,
    fills,
    logo:
      room && logo
        ? { x: at + (size - room.logo.width) / 2, y: at + (size - room.logo.height) / 2, ...room.logo, image: logo }
        : null,
    symbol: { x: unit, y: unit, width: plate, height: plate },
    level,
    modules: size,
  }
}

const inEye = (x: number, y: number, size: number): boolean => (x < 7 && (y < 7 || y >= size - 7)) || (x >= size - 7 && y < 7)

type Extent = { width: number; height: number }
/** What a level restores, by ISO/IEC 18004. */
const restores = { L: 0.07, M: 0.15, Q: 0.25, H: 0.3 } as const
/** A logo may take a third of that: print, dirt and light want theirs too. */
const logoMayTake = 1 / 3
/** Eyes with their separators and format bits: no logo comes near. */
const reserved = 9
/** From version 7 on there is a pattern in the middle by which readers steer; a logo on it costs more than any level restores. */
const lastVersion = 6

const versionOf = (matrix: Matrix): number => (matrix.length - 17) / 4
/** A symbol has an odd number of modules, so what is cleared in its middle has one too; half a module stays free round the logo. */
const wholeModules = (side: number): number => 2 * Math.ceil(side / 2) + 1
/** What is cleared in the middle for a logo. */
export const clearedFor = ({ width, height }: Extent): Extent => ({ width: wholeModules(width), height: wholeModules(height) })
const spares = (size: number, level: Level, logo: Extent): boolean => {
  const { width, height } = clearedFor(logo)
  return width * height <= size * size * restores[level] * logoMayTake && size - Math.max(width, height) >= 2 * reserved
}

/**
 * The strongest level at which the logo fits, in the smallest symbol; else the strongest that there is room for, with the
 * logo as large as it can spare. Null: the text is too long for any.
 */
const roomFor = (
  text: string,
  least: Level,
  share: number,
  logo: Extent,
): { matrix: Matrix; level: Level; logo: Extent } | null => {
  const longer = Math.max(logo.width, logo.height)
  const drawn = (side: number): Extent => ({ width: (side * logo.width) / longer, height: (side * logo.height) / longer })
  const levels = (['H', 'Q', 'M', 'L'] as const).filter((level) => restores[level] >= restores[least])
  const roomy = levels
    .map((level) => ({ level, matrix: matrixOf(text, level) }))
    .filter(({ matrix }) => versionOf(matrix) <= lastVersion)
  for (const { level, matrix } of roomy)
    for (let version = versionOf(matrix); version <= lastVersion; version++) {
      const size = 17 + 4 * version
      const extent = drawn(share * size)
      if (spares(size, level, extent)) return { matrix: matrixOf(text, level, version), level, logo: extent }
    }
  const strongest = roomy[0]
  if (!strongest) return null
  const matrix = matrixOf(text, strongest.level, lastVersion)
  let side = Math.floor(share * matrix.length)
  while (!spares(matrix.length, strongest.level, drawn(side))) side--
  return { matrix, level: strongest.level, logo: drawn(side) }
}
