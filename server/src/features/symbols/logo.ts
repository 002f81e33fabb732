import { invalid } from '../../platform/refusal.ts'
import type { Logo } from './scene.ts'
import { pictureKind } from './upload.ts'

/** Bytes and pixels that a logo may have as it comes, and pixels of its longer side as it is kept. */
const mostBytes = 1024 * 1024
const mostPixels = 4096
const keptPixels = 512

const taken = 'A logo is a PNG, JPEG or WebP picture of at most 1 MB and 4096 pixels a side.'
const refuse = (what: string): never => {
  throw invalid('data', `${what}. ${taken}`)
}

/**
 * A logo as it is kept: decoded, shrunk, written anew. Names, places, profiles, comments and whatever hung behind the
 * picture are gone. Size is judged by the file's head, before a pixel is decoded.
 */
export const cleanLogo = async (upload: Uint8Array): Promise<{ png: Buffer; width: number; height: number }> => {
  if (upload.length > mostBytes) refuse(`This file has ${Math.ceil(upload.length / 1024).toLocaleString('en')} kB`)
  const bytes = Buffer.from(upload.buffer, upload.byteOffset, upload.length)
  const kind = pictureKind(bytes)
  if (typeof kind !== 'string') return refuse(kind.not)
  const { default: sharp } = await import('sharp')
  // the head alone: no pixel is decoded for it, however many it announces
  const head = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined)
  if (head?.format !== kind) return refuse(`This ${kind.toUpperCase()} is broken`)
  if (head.width > mostPixels || head.height > mostPixels) return refuse(`This picture has ${head.width} x ${head.height} pixels`)
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: mostPixels * mostPixels, failOn: 'truncated', pages: 1 })
      .autoOrient()
      .toColourspace('srgb')
      .resize(keptPixels, keptPixels, { fit: 'inside', withoutEnlargement: true })
      .png()
      .toBuffer({ resolveWithObject: true })
    return { png: data, width: info.width, height: info.height }
  } catch {
    return refuse(`This ${kind.toUpperCase()} is broken or cut short`)
  }
}

/** The pixels of a logo that cleanLogo made. */
export const openLogo = async (png: Uint8Array): Promise<Logo> => {
  const { default: sharp } = await import('sharp')
  const { data, info } = await sharp(png, { limitInputPixels: keptPixels * keptPixels })
    .ensureAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { png, width: info.width, height: info.height, rgba: data }
}
