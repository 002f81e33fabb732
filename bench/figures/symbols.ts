import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Design, plainDesign, proofConditions } from '@postern/contract'
import sharp from 'sharp'
import { drawOne } from '../../server/src/features/symbols/draw.ts'
import { type Level, matrixOf } from '../../server/src/features/symbols/matrix.ts'
import { plainPng, plainSvg } from '../../server/src/features/symbols/plain.ts'
import { frames, trialOf } from '../../server/src/features/symbols/prove.ts'
import type { Raster } from '../../server/src/features/symbols/raster.ts'
import { readByQr, readByZbar, readByZxing } from '../../server/src/features/symbols/readers.ts'
import { atLeast, type Figure, type Row, rounds } from '../lib/figure.ts'
import { median } from '../lib/load.ts'

const peers = createRequire(join(import.meta.dirname, '../peers/package.json'))
type QrCode = {
  toString: (text: string, options: object, done: (error: unknown, svg: string) => void) => void
  toBuffer: (text: string, options: object, done: (error: unknown, png: Buffer) => void) => void
}
/** 80 and 300 characters, as links are; another text at each call, so that no memory helps. */
const texts = { 80: 'https://id.northfield.example/c/', 300: 'https://id.northfield.example/c/' }
let calls = 0
const textOf = (length: 80 | 300): string => `${texts[length]}${++calls}-`.padEnd(length, 'aB3_kQ7w')

/** Calls a second, one after the other, for as long as was said. */
const rateOf = async (ms: number, call: () => unknown): Promise<number> => {
  const began = performance.now()
  let count = 0
  while (performance.now() - began < ms) {
    await call()
    count++
  }
  return (count * 1_000) / (performance.now() - began)
}
const compared = async (figure: string, goal: number, ours: () => unknown, theirs: () => unknown): Promise<Row> => {
  const [mine, other]: [number[], number[]] = [[], []]
  await rateOf(300, ours)
  await rateOf(300, theirs)
  for (let round = 0; round < rounds; round++) {
    mine.push(await rateOf(1_000, ours))
    other.push(await rateOf(1_000, theirs))
  }
  return atLeast(figure, median(mine), median(other), goal)
}

const link = 'https://id.northfield.example/c/cod_01k9zq3v7m4k9q8w2x6t5r0p1n'
/** Short, as printed, and with a secret in its fragment. */
const read = ['https://id.example/c/cod_01k9zq3v', link, `${link}#AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-abcde`]
/** The same shapes by their names and ours. */
const modules = { square: 'square', rounded: 'rounded', dots: 'dots' } as const
const eyes = {
  square: ['square', 'square'],
  rounded: ['extra-rounded', 'square'],
  circle: ['dot', 'dot'],
} as const

type Styling = new (options: object) => { getRawData: (kind: 'svg') => Promise<Buffer> }
const theirSvg = async (text: string, design: Design): Promise<Buffer> => {
  const { QRCodeStyling } = peers('qr-code-styling/lib/qr-code-styling.common.js') as { QRCodeStyling: Styling }
  const { JSDOM } = peers('jsdom') as { JSDOM: unknown }
  const modulesAcross = matrixOf(text).length + 8
  const [square, dot] = eyes[design.eyeFrames]
  const styled = new QRCodeStyling({
    jsdom: JSDOM,
    type: 'svg',
    // ten pixels a module and a quiet zone of four: without it, as it comes, it would be read more rarely
    width: modulesAcross * 10,
    height: modulesAcross * 10,
    margin: 40,
    data: text,
    qrOptions: { errorCorrectionLevel: 'M' },
    dotsOptions: { type: modules[design.modules as keyof typeof modules], color: design.colours.modules },
    cornersSquareOptions: { type: square, color: design.colours.eyes },
    cornersDotOptions: { type: dot, color: design.colours.eyes },
  })
  return styled.getRawData('svg')
}

/** One renderer draws both SVGs. */
const picturesOf = async (svg: Buffer): Promise<(width: number) => Raster> => {
  const drawn = await Promise.all(
    frames
      .flatMap((frame) => [600, 150].map((usual) => Math.round(usual * frame)))
      .map(async (width): Promise<[number, Raster]> => {
        const { data, info } = await sharp(svg, { density: 200 })
          .resize(width, width)
          .flatten({ background: '#ffffff' })
          .toColourspace('b-w')
          .extractChannel(0)
          .raw()
          .toBuffer({ resolveWithObject: true })
        return [width, { width: info.width, height: info.height, channels: 1, data }]
      }),
  )
  const byWidth = new Map(drawn)
  return (width) => byWidth.get(width) as Raster
}

type Counts = { zxing: number; qr: number; zbar: number; of: number }
/** How many conditions each reader reads: by the rule of the proof, in one of the frames, which differ as a camera's do. */
const readings = async (svgOf: (text: string, design: Design) => Promise<Buffer>): Promise<Counts> => {
  const counts: Counts = { zxing: 0, qr: 0, zbar: 0, of: 0 }
  for (const style of ['square', 'rounded', 'dots'] as const)
    for (const eye of ['square', 'rounded', 'circle'] as const) {
      const design: Design = { ...plainDesign, modules: style, eyeFrames: eye, eyeBalls: eye === 'rounded' ? 'square' : eye }
      for (const text of read) {
        const drawn = await picturesOf(await svgOf(text, design))
        const across = matrixOf(text).length + 8
        const pictures = frames.flatMap((frame) => proofConditions.map((condition) => trialOf(drawn, across, condition, frame)))
        const older = await readByZbar(pictures)
        if (!older) throw new Error('zbarimg is not installed (Debian: zbar-tools)')
        const readBy = { zxing: new Set(), qr: new Set(), zbar: new Set() }
        for (const [index, picture] of pictures.entries()) {
          const condition = proofConditions[index % proofConditions.length]
          if ((await readByZxing(picture)) === text) readBy.zxing.add(condition)
          if (readByQr(picture) === text) readBy.qr.add(condition)
          if (older[index] === text) readBy.zbar.add(condition)
        }
        for (const reader of ['zxing', 'qr', 'zbar'] as const) counts[reader] += readBy[reader].size
        counts.of += proofConditions.length
      }
    }
  return counts
}

/** Drawing plain symbols beside `qrcode`; reading styled ones beside those of `qr-code-styling`. */
export const symbols: Figure = async () => {
  const qrcode = peers('qrcode') as QrCode
  const svg = (length: 80 | 300, level: Level) => () => plainSvg(matrixOf(textOf(length), level), plainDesign.colours)
  const theirs = (length: 80 | 300, level: Level) => () =>
    qrcode.toString(textOf(length), { type: 'svg', errorCorrectionLevel: level }, () => undefined)
  const png = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const done = (error: unknown, file: Buffer): void => (error ? reject(error as Error) : resolve(file))
      qrcode.toBuffer(textOf(80), { type: 'png', width: 1024, errorCorrectionLevel: 'M' }, done)
    })
  const rows = [
    await compared('symbol as SVG, 80 characters, level M (qrcode)', 6, svg(80, 'M'), theirs(80, 'M')),
    await compared('symbol as SVG, 300 characters, level Q (qrcode)', 8, svg(300, 'Q'), theirs(300, 'Q')),
    await compared(
      'symbol as PNG, 1024 pixels, 80 characters (qrcode)',
      100,
      () => plainPng(matrixOf(textOf(80)), plainDesign.colours, 1_024),
      png,
    ),
    await compared(
      'the same PNG, read back before it leaves (qrcode: not read back)',
      50,
      () => drawOne(textOf(80), { design: plainDesign }, { format: 'png', width: 1_024 }),
      png,
    ),
  ]
  const mine = await readings((text, design) => drawOne(text, { design }, { format: 'svg' }))
  const other = await readings(theirSvg)
  const counted = (what: string, ours: number, reference: number, of: number, more: boolean): Row => ({
    figure: `spoiled symbols read, ${what} (qr-code-styling, same styles)`,
    ours: `${ours} of ${of}`,
    reference: `${reference} of ${of}`,
    ratio: `${ours - reference >= 0 ? '+' : ''}${ours - reference}`,
    goal: more ? 'more' : 'no fewer',
    met: more ? ours > reference : ours >= reference,
  })
  const sum = ({ zxing, qr, zbar }: Counts): number => zxing + qr + zbar
  return [
    ...rows,
    counted('zxing-wasm', mine.zxing, other.zxing, mine.of, false),
    counted('qr', mine.qr, other.qr, mine.of, false),
    counted('zbarimg', mine.zbar, other.zbar, mine.of, false),
    counted('all three', sum(mine), sum(other), 3 * mine.of, true),
  ]
}
