import { mostPhotoBytes, mostPhotoPixels } from '@postern/contract'
import { invalid, Refusal } from '../../platform/refusal.ts'
import type { Raster } from './raster.ts'
import { openZxing } from './readers.ts'
import type { Corners } from './rectify.ts'
import { pictureKind } from './upload.ts'

/** Longer side of what is looked at, in pixels: a symbol that fills a fifth of it still has ten a module. */
const lookedAt = 2_048
/** Symbols of one photo that are read: more stand on no wall that somebody doubts. */
const mostSymbols = 8
/** Seconds that decoding may take: the pixels are limited, so only a file made to be slow needs them. */
const decodeSeconds = 5

/** A symbol in a photo: what it holds, where it lies, and which of its modules the reader took for dark. */
export type Seen = { text: string; corners: Corners; modules: number; dark: (x: number, y: number) => boolean; inverted: boolean }

const taken = 'A photo is a PNG, JPEG or WebP picture of at most 5 MB and 25 million pixels.'
const refuse = (what: string): Refusal => {
  const { code, why, extras } = invalid('image', `${what}. ${taken}`)
  return new Refusal(code, why, { ...extras, detail: `${what}. ${taken}` })
}

/** The pixels of an uploaded photo, upright. Size is judged by the file's head, before a pixel is decoded. */
export const openPhoto = async (upload: Uint8Array): Promise<Raster> => {
  const bytes = Buffer.from(upload.buffer, upload.byteOffset, upload.length)
  if (bytes.length > mostPhotoBytes) throw refuse(`This file has ${Math.ceil(bytes.length / 1024).toLocaleString('en')} kB`)
  const kind = pictureKind(bytes)
  if (typeof kind !== 'string') throw refuse(kind.not)
  const { default: sharp } = await import('sharp')
  // the head alone: no pixel is decoded for it, however many it announces
  const head = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined)
  if (head?.format !== kind) throw refuse(`This ${kind.toUpperCase()} is broken`)
  if (head.width * head.height > mostPhotoPixels) throw refuse(`This picture has ${head.width} x ${head.height} pixels`)
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: mostPhotoPixels, failOn: 'truncated', pages: 1 })
      .timeout({ seconds: decodeSeconds })
      .autoOrient()
      .resize(lookedAt, lookedAt, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true })
    return { width: info.width, height: info.height, channels: 3, data }
  } catch {
    throw refuse(`This ${kind.toUpperCase()} is broken or cut short`)
  }
}

/** Whatever symbols a reader finds in a picture, the largest first. */
export const findSymbols = async (picture: Raster): Promise<Seen[]> => {
  const { readBarcodes } = await openZxing()
  const { width, height, data } = picture
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let channel = 0; channel < 3; channel++) rgba[4 * pixel + channel] = data[3 * pixel + channel] as number
  const image = { width, height, data: rgba, colorSpace: 'srgb' } as Parameters<typeof readBarcodes>[0]
  const found = await readBarcodes(image, { formats: ['QRCode'], maxNumberOfSymbols: mostSymbols })
  return found
    .filter(({ isValid, text }) => isValid && text !== '')
    .map(({ text, position: { topLeft, topRight, bottomRight, bottomLeft }, symbol, isInverted }) => ({
      text,
      corners: [topLeft, topRight, bottomRight, bottomLeft] as const,
      modules: symbol.width,
      dark: (x: number, y: number) => x >= 0 && x < symbol.width && symbol.data[y * symbol.width + x] === 0,
      inverted: isInverted,
    }))
    .sort((a, b) => areaOf(b.corners) - areaOf(a.corners))
}
const areaOf = (corners: Corners): number =>
  Math.abs(
    corners.reduce((sum, { x, y }, index) => {
      const next = corners[(index + 1) % 4] as { x: number; y: number }
      return sum + x * next.y - next.x * y
    }, 0),
  ) / 2
