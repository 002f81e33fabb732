import { crc32, deflateSync } from 'node:zlib'
import { invalid } from '../../platform/refusal.ts'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

const chunk = (type: string, data: Uint8Array): Buffer => {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  bytes.set(data, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}

export const rgbOf = (colour: string): [number, number, number] => {
  const value = Number.parseInt(colour.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

/**
 * A PNG of lines that are filtered already: each begins with its filter's number. With a palette, a pixel is its place in
 * it; without one, red, green and blue.
 */
export const pngFile = (picture: {
  width: number
  height: number
  bits: 1 | 8
  palette: readonly string[] | null
  filtered: Uint8Array
  compression: number
}): Buffer => {
  const { width, height, bits, palette, filtered, compression } = picture
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = bits
  header[9] = palette ? 3 : 2
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', Buffer.from(palette.flatMap(rgbOf)))] : []),
    chunk('IDAT', deflateSync(filtered, { level: compression })),
    chunk('IEND', new Uint8Array()),
  ])
}

/** How many whole pixels each of so many units gets in a width, and what is left on the one side. */
export const inRows = (units: number, width: number): { scale: number; margin: number } => {
  const scale = Math.floor(width / units)
  if (scale < 1) throw invalid('width', `${width} pixels are too few: this symbol needs ${Math.ceil(units)} at least`)
  return { scale, margin: Math.floor((width - units * scale) / 2) }
}
