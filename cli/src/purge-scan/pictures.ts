import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import sharp from 'sharp'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'

// Pictures come from strangers' mail: only these four decoders are let at them, one thread, nothing kept.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'] })
sharp.cache(false)
sharp.concurrency(1)

/** Pixels of a picture, all its frames together, before it is refused unread. */
const mostPixels = 100_000_000
/** Frames of a moving picture that are looked at. */
const mostFrames = 20
/** The longer side, in pixels, of what the reader gets: once with detail, once small, since blur is found better so. */
const sides = [4_000, 1_200]

export type Grey = { width: number; height: number; data: Uint8Array }

let zxing: Promise<unknown> | undefined
/** What the symbols in a picture say. ZXing-C++ as wasm, out of node_modules: nothing is fetched. */
export const readSymbols = async ({ width, height, data }: Grey): Promise<string[]> => {
  zxing ??= prepareZXingModule({
    overrides: {
      wasmBinary: readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'))
        .buffer as ArrayBuffer,
    },
    fireImmediately: true,
  })
  await zxing
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let at = 0; at < width * height; at++) rgba.fill(data[at] as number, 4 * at, 4 * at + 3)
  const found = await readBarcodes({ width, height, data: rgba } as Parameters<typeof readBarcodes>[0], {
    formats: ['QRCode', 'MicroQRCode'],
    tryHarder: true,
    tryRotate: true,
    tryInvert: true,
    tryDownscale: true,
    maxNumberOfSymbols: 255,
  })
  return found.filter(({ isValid }) => isValid).map(({ text }) => text)
}

/** What a picture in PNG, JPEG, WebP or GIF says, however it is turned. Throws where it cannot be decoded. */
export const readPicture = async (bytes: Uint8Array): Promise<string[]> => {
  const options = { limitInputPixels: mostPixels, failOn: 'none' as const, sequentialRead: true }
  const { pages = 1 } = await sharp(bytes, options).metadata()
  const texts = new Set<string>()
  for (let page = 0; page < Math.min(pages, mostFrames); page++) {
    const grey = (side: number, turned = 0) =>
      sharp(bytes, { ...options, page })
        .autoOrient()
        .flatten({ background: '#fff' })
        .rotate(turned, { background: '#fff' })
        .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
        .toColourspace('b-w')
        .raw()
        .toBuffer({ resolveWithObject: true })
    const look = async (side: number, turned = 0): Promise<void> => {
      const { data, info } = await grey(side, turned)
      for (const text of await readSymbols({ width: info.width, height: info.height, data: everyNth(data, info.channels) }))
        texts.add(text)
    }
    for (const side of sides) await look(side)
    if (texts.size === 0) await look(sides[1] as number, 45)
  }
  return [...texts]
}
/** The first channel alone, where there are more. */
const everyNth = (data: Uint8Array, channels: number): Uint8Array =>
  channels === 1 ? data : Uint8Array.from({ length: data.length / channels }, (_, at) => data[at * channels] as number)
