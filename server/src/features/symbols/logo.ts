import { invalid } from '../../platform/refusal.ts'
import type { Logo } from './scene.ts'

/** Bytes and pixels that a logo may have as it comes, and pixels of its longer side as it is kept. */
const mostBytes = 1024 * 1024
const mostPixels = 4096
const keptPixels = 512

type Kind = 'png' | 'jpeg' | 'webp'
const taken = 'A logo is a PNG, JPEG or WebP picture of at most 1 MB and 4096 pixels a side.'
const refuse = (what: string): never => {
  throw invalid('logo', `${what}. ${taken}`)
}

/** What a file is by its first bytes, whatever its name says. */
const kindOf = (bytes: Buffer): Kind => {
  const head = bytes.toString('latin1', 0, 16)
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'webp'
  if (head.startsWith('GIF8')) return refuse('This is a GIF')
  const start = bytes.toString('utf8', 0, 4_096).trimStart().toLowerCase()
  if (start.includes('<svg')) return refuse('This is an SVG, which can carry scripts and links')
  if (start.startsWith('<')) return refuse('This is a page or another text in angle brackets')
  return refuse(bytes.length === 0 ? 'The file is empty' : 'This is no picture that we know')
}

/**
 * A logo as it is kept: decoded, shrunk, written anew. Names, places, profiles, comments and whatever hung behind the
 * picture are gone. Size is judged by the file's head, before a pixel is decoded.
 */
export const cleanLogo = async (upload: Uint8Array): Promise<{ png: Buffer; width: number; height: number }> => {
  if (upload.length > mostBytes) refuse(`This file has ${Math.ceil(upload.length / 1024).toLocaleString('en')} kB`)
  const bytes = Buffer.from(upload.buffer, upload.byteOffset, upload.length)
  const kind = kindOf(bytes)
  const { default: sharp } = await import('sharp')
  const picture = sharp(bytes, { limitInputPixels: mostPixels * mostPixels, failOn: 'truncated', pages: 1 })
  const head = await picture.metadata().catch(() => undefined)
  if (head?.format !== kind) return refuse(`This ${kind.toUpperCase()} is broken`)
  if (head.width > mostPixels || head.height > mostPixels) return refuse(`This picture has ${head.width} x ${head.height} pixels`)
  try {
    const { data, info } = await picture
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
