import type { Design } from '@postern/contract'
import { type Matrix, quiet } from './matrix.ts'
import { inRows, pngFile } from './png.ts'
import type { Raster } from './raster.ts'

/** The quick ways of designs that are nothing but squares in one ink: no outlines, no anti-aliasing, a bit a pixel. */
export const isPlain = ({ modules, eyeFrames, eyeBalls, colours, frame, logo }: Design): boolean =>
  modules === 'square' &&
  eyeFrames === 'square' &&
  eyeBalls === 'square' &&
  colours.modules === colours.eyes &&
  frame === null &&
  logo === null

type Colours = Pick<Design['colours'], 'modules' | 'ground'>

/** One path of runs of dark modules on a plate, quiet zone included. The text is in no attribute. */
export const plainSvg = (rows: Matrix, { modules: ink, ground }: Colours): string => {
  const size = rows.length + 2 * quiet
  let path = ''
  for (let y = 0; y < rows.length; y++) {
    const row = rows[y] as boolean[]
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue
      let run = 1
      while (row[x + run]) run++
      path += `M${x + quiet} ${y + quiet}h${run}v1h-${run}z`
      x += run
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="${ground}" d="M0 0h${size}v${size}H0z"/><path fill="${ink}" d="${path}"/></svg>`
}

/** Whole pixels a module, as many as go into the width; the rest widens the quiet zone. */
export const plainPng = (rows: Matrix, { modules: ink, ground }: Colours, width: number): Buffer => {
  const { scale, margin } = inRows(rows.length + 2 * quiet, width)
  const start = margin + quiet * scale
  const lineBytes = 1 + Math.ceil(width / 8)
  const pixels = Buffer.alloc(lineBytes * width)
  // filter 2 says "as the line above": all but the first line of a module are noughts
  for (let y = 0; y < width; y++) pixels[y * lineBytes] = 2
  const line = new Uint8Array(lineBytes)
  const above = new Uint8Array(lineBytes)
  for (let y = 0; y <= rows.length; y++) {
    line.fill(0)
    const row = rows[y] ?? []
    for (let x = 0; x < row.length; x++)
      if (row[x])
        for (let bit = start + x * scale; bit < start + (x + 1) * scale; bit++) {
          const at = 1 + (bit >> 3)
          line[at] = (line[at] as number) | (128 >> (bit & 7))
        }
    const at = (start + y * scale) * lineBytes
    for (let byte = 1; byte < lineBytes; byte++) pixels[at + byte] = ((line[byte] as number) - (above[byte] as number)) & 255
    above.set(line)
  }
  return pngFile({ width, height: width, bits: 1, palette: [ground, ink], filtered: pixels, compression: 1 })
}

/** The modules as a picture that a reader takes, in black and white: enough to tell that they say what they should. */
export const plainRaster = (rows: Matrix): Raster => {
  const scale = 3
  const side = (rows.length + 2 * quiet) * scale
  const data = new Uint8Array(side * side).fill(255)
  rows.forEach((row, y) => {
    const first = (y + quiet) * scale * side
    row.forEach((dark, x) => {
      if (dark) data.fill(0, first + (x + quiet) * scale, first + (x + quiet + 1) * scale)
    })
    for (let copy = 1; copy < scale; copy++) data.copyWithin(first + copy * side, first, first + side)
  })
  return { width: side, height: side, channels: 1, data }
}
