import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Font, Glyph } from 'opentype.js'
import { invalid } from '../../platform/refusal.ts'
import type { Path } from './path.ts'
import type { Box } from './scene.ts'

const require = createRequire(import.meta.url)
/** Parts of Inter, semi-bold, by how likely a letter is in them; each is read when the first letter asks for it. */
const parts = ['latin', 'latin-ext', 'cyrillic', 'greek', 'vietnamese', 'cyrillic-ext', 'greek-ext']
const fonts = new Map<string, Font>()
const opened = (part: string): Font => {
  let font = fonts.get(part)
  if (!font) {
    const { parse } = require('opentype.js') as { parse: (file: ArrayBuffer) => Font }
    const file = readFileSync(fontFile(part, 600))
    font = parse(file.buffer.slice(file.byteOffset, file.byteOffset + file.length))
    fonts.set(part, font)
  }
  return font
}
export const fontFile = (part: string, weight: 400 | 600): string =>
  require.resolve(`@fontsource/inter/files/inter-${part}-${weight}-normal.woff`)
/** The part that has a letter; undefined: Inter has it not. */
export const partWith = (letter: string): string | undefined => parts.find((part) => opened(part).charToGlyphIndex(letter) > 0)
const fontOf = (letter: string): Font | undefined => {
  const part = partWith(letter)
  return part === undefined ? undefined : opened(part)
}

/** One line of words as outlines, centred in a box; smaller than wished where it would not fit. Refuses what Inter has not. */
export const wordsPath = (words: string, box: Box, wishedSize: number): Path => {
  // glyph by glyph, with kerning: ligatures and contextual forms of the font are left out
  const line: { glyph: Glyph; font: Font; x: number }[] = []
  let width = 0
  for (const letter of words.normalize('NFC')) {
    const font = fontOf(letter)
    if (!font) throw invalid('design.frame.text', `“${letter}” cannot be drawn: Latin, Greek and Cyrillic letters can`)
    const glyph = font.charToGlyph(letter)
    const before = line.at(-1)
    if (before?.font === font) width += font.getKerningValue(before.glyph, glyph) / font.unitsPerEm
    line.push({ glyph, font, x: width })
    width += glyph.advanceWidth / font.unitsPerEm
  }
  const size = Math.min(wishedSize, (box.width * 0.88) / width)
  const first = line[0]?.font as Font
  const capHeight = first.tables.os2.sCapHeight / first.unitsPerEm
  const left = box.x + (box.width - width * size) / 2
  const baseline = box.y + (box.height + capHeight * size) / 2
  return line.flatMap(({ glyph, x }) => outline(glyph, left + x * size, baseline, size))
}

const outline = (glyph: Glyph, x: number, y: number, size: number): Path => {
  const path: Path = []
  let [fromX, fromY] = [0, 0]
  for (const command of glyph.getPath(x, y, size).commands) {
    if (command.type === 'Z') {
      path.push(['Z'])
      continue
    }
    if (command.type === 'Q') {
      // a quadratic curve is a cubic whose handles reach two thirds of the way
      const reach = (from: number, to: number): number => from + (2 / 3) * (to - from)
      const { x1, y1, x: toX, y: toY } = command
      path.push(['C', reach(fromX, x1), reach(fromY, y1), reach(toX, x1), reach(toY, y1), toX, toY])
    } else if (command.type === 'C') path.push(['C', command.x1, command.y1, command.x2, command.y2, command.x, command.y])
    else path.push([command.type, command.x, command.y])
    ;[fromX, fromY] = [command.x, command.y]
  }
  return path
}
