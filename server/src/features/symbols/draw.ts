import { type Design, plainDesign } from '@postern/contract'
import { invalid } from '../../platform/refusal.ts'
import { contrastOf } from './contrast.ts'
import { epsOf } from './eps.ts'
import { openLogo } from './logo.ts'
import { type Level, matrixOf } from './matrix.ts'
import { pdfOf } from './pdf.ts'
import { isPlain, plainPng, plainRaster, plainSvg } from './plain.ts'
import { pngOf, type Raster, rasterOf } from './raster.ts'
import { readByQr, readByZxing } from './readers.ts'
import { type Logo, type Scene, sceneOf } from './scene.ts'
import { svgOf } from './svg.ts'

/** A design with the bytes of its logo (a PNG by cleanLogo), and the least error correction. */
export type Look = { design: Design; logo?: Uint8Array | null; level?: Level }
/** Pixels for screens, millimetres for paper; both across the whole picture, quiet zone and frame included. */
export type Output = { format: 'svg' } | { format: 'png'; width: number } | { format: 'pdf' | 'eps'; widthMm: number }

/** The plain look as SVG, for a screen of ours; read back. */
export const symbolSvg = (text: string): string => {
  const rows = matrixOf(text)
  mustSay(text, readByQr(plainRaster(rows)))
  return plainSvg(rows, plainDesign.colours)
}

/**
 * A symbol's files as they may leave: its contrast is enough and a reader read it, once for all of them, or it is refused.
 * Heavy: see drawSymbol.
 */
export const drawNow = async (text: string, look: Look, outputs: readonly Output[]): Promise<Buffer[]> => {
  const { design, level = 'M' } = look
  const poor = contrastOf(design).find(({ passes }) => !passes)
  if (poor)
    throw invalid(
      `design.colours.${poor.pair === 'modules' ? 'modules' : 'eyes'}`,
      `${poor.ratio} : 1 ${poor.inverted ? 'and lighter than the ground' : ''} is too little contrast; ${Object.entries(
        poor.nearest ?? {},
      )
        .map(([part, colour]) => `${part} ${colour}`)
        .join(' with ')} would pass`,
    )
  if (outputs.every((output) => isQuick(design, output))) {
    const rows = matrixOf(text, level)
    mustSay(text, readByQr(plainRaster(rows)))
    return outputs.map((output) =>
      output.format === 'png' ? plainPng(rows, design.colours, output.width) : Buffer.from(plainSvg(rows, design.colours)),
    )
  }
  const scene = sceneOf(text, design, look.logo ? await opened(look.logo) : null, level)
  await readBack(text, rasterOf(scene, Math.ceil(scene.width * 8), 1))
  return outputs.map((output) => written(scene, output))
}
export const drawOne = async (text: string, look: Look, output: Output): Promise<Buffer> =>
  (await drawNow(text, look, [output]))[0] as Buffer
/** Squares in one ink, as pixels or SVG: some milliseconds. */
export const isQuick = (design: Design, { format }: Output): boolean => isPlain(design) && (format === 'svg' || format === 'png')

/** The logo that was drawn last: a thousand symbols of a kit decode it once. */
let lastLogo: { png: Uint8Array; logo: Logo } | undefined
const opened = async (png: Uint8Array): Promise<Logo> => {
  if (!lastLogo || Buffer.compare(lastLogo.png, png) !== 0) lastLogo = { png, logo: await openLogo(png) }
  return lastLogo.logo
}
const written = (scene: Scene, output: Output): Buffer => {
  if (output.format === 'svg') return Buffer.from(svgOf(scene))
  if (output.format === 'png') return pngOf(scene, output.width)
  return output.format === 'pdf' ? pdfOf(scene, output.widthMm) : epsOf(scene, output.widthMm)
}

/** One reader must read a picture as the text that it was made of. */
export const readBack = async (text: string, picture: Raster): Promise<void> => {
  const read = readByQr(picture)
  mustSay(text, read === text ? read : await readByZxing(picture))
}
/** A symbol that says something else is a bug of ours: it must not leave. The text may be a secret and is not told. */
export const mustSay = (text: string, read: string | null): void => {
  if (read !== text) throw new Error(read === null ? 'a symbol could not be read back' : 'a symbol was read back as another text')
}
