import { cubic, type Path } from './path.ts'
import { inRows, pngFile, rgbOf } from './png.ts'
import type { Logo, Scene } from './scene.ts'

/** Pixels in rows, `channels` bytes each: 1 is light (what readers look at), 3 is red, green, blue. */
export type Raster = { width: number; height: number; channels: 1 | 3; data: Uint8Array }
/** As much of a scene as is seen. */
type Picture = Pick<Scene, 'width' | 'height' | 'ground' | 'fills' | 'logo'>
/** Where the scene lies in the picture: pixels a module, and the pixel of its top left corner. */
type Placement = { width: number; height: number; scale: number; x: number; y: number }

/** Light as cameras and readers weigh it (ITU-R BT.601). */
const luma = (red: number, green: number, blue: number): number => 0.299 * red + 0.587 * green + 0.114 * blue

/** A scene of so many pixels across, however they divide into modules: as a camera may see it. */
export const rasterOf = (scene: Picture, width: number, channels: 1 | 3): Raster => {
  const scale = width / scene.width
  return paint(scene, channels, { width, height: Math.round(scene.height * scale), scale, x: 0, y: 0 })
}

/** A scene as PNG, whole pixels a module as far as the width allows; what is left over widens the quiet zone. */
export const pngOf = (scene: Scene, width: number): Buffer => {
  const { scale, margin } = inRows(scene.width, width)
  const height = Math.round(scene.height * scale) + (width - Math.floor(scene.width * scale))
  const { data } = paint(scene, 3, { width, height, scale, x: margin, y: margin })
  const line = 3 * width
  const filtered = new Uint8Array((line + 1) * height)
  filtered.set(data.subarray(0, line), 1)
  // filter 2 says "as the line above": most lines of a module are noughts, which pack small in a tenth of the time
  for (let y = 1; y < height; y++) {
    const at = y * (line + 1)
    filtered[at] = 2
    const here = data.subarray(y * line, (y + 1) * line)
    const above = data.subarray((y - 1) * line, y * line)
    if (Buffer.compare(here, above) === 0) continue
    for (let byte = 0; byte < line; byte++) filtered[at + 1 + byte] = (here[byte] as number) - (above[byte] as number)
  }
  return pngFile({ width, height, bits: 8, palette: null, filtered, compression: 2 })
}

const paint = (scene: Picture, channels: 1 | 3, placement: Placement): Raster => {
  const { width, height } = placement
  const inkOf = (colour: string): number[] => (channels === 3 ? rgbOf(colour) : [luma(...rgbOf(colour))])
  const ground = inkOf(scene.ground)
  const data = new Uint8Array(width * height * channels)
  lay(data, 0, data.length, ground, 1)
  const raster: Raster = { width, height, channels, data }
  for (const { colour, path } of scene.fills) fill(raster, path, inkOf(colour), placement)
  if (scene.logo) pasteLogo(raster, scene.logo, placement)
  return raster
}

/**
 * Anti-aliased filling by exact areas: each edge adds to the pixels that it passes how much of them lies to its right, and
 * the running sum of a line is what the shape covers of each pixel.
 */
const fill = ({ width, height, channels, data }: Raster, path: Path, ink: readonly number[], placement: Placement): void => {
  const cover = new Float32Array((width + 2) * height)
  // what the path reaches
  let [left, right, top, bottom] = [width, 0, height, 0]
  const edge = (x0: number, y0: number, x1: number, y1: number): void => {
    left = Math.min(left, Math.floor(Math.min(x0, x1)))
    right = Math.max(right, Math.ceil(Math.max(x0, x1)) + 1)
    top = Math.min(top, y0, y1)
    bottom = Math.max(bottom, y0, y1)
    if (y0 === y1) return
    const direction = y0 < y1 ? 1 : -1
    const [topX, topY, bottomX, bottomY] = y0 < y1 ? [x0, y0, x1, y1] : [x1, y1, x0, y0]
    const slope = (bottomX - topX) / (bottomY - topY)
    for (let row = Math.max(0, Math.floor(topY)); row < Math.min(height, Math.ceil(bottomY)); row++) {
      const from = Math.max(row, topY)
      const to = Math.min(row + 1, bottomY)
      const share = direction * (to - from)
      const a = topX + slope * (from - topY)
      const b = topX + slope * (to - topY)
      const [near, far] = a < b ? [a, b] : [b, a]
      const line = row * (width + 2)
      const first = Math.floor(near)
      const last = Math.ceil(far)
      if (last <= first + 1) {
        const middle = (near + far) / 2 - first
        add(cover, line + first, share * (1 - middle))
        add(cover, line + first + 1, share * middle)
        continue
      }
      // the edge crosses several pixels of this line: what has been covered up to each pixel's right side
      const perPixel = share / (far - near)
      let covered = 0
      for (let pixel = first; pixel < last; pixel++) {
        const begin = Math.max(near, pixel)
        const end = Math.min(far, pixel + 1)
        const area = perPixel * (begin - near + ((pixel + 1 - begin) ** 2 - (pixel + 1 - end) ** 2) / 2)
        add(cover, line + pixel, area - covered)
        covered = area
      }
      add(cover, line + last, share - covered)
    }
  }
  flatten(path, placement, edge)
  right = Math.min(width, right)
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(height, Math.ceil(bottom)); y++) {
    const line = y * (width + 2)
    let sum = 0
    for (let x = Math.max(0, left), end = x; x < right; x = end) {
      sum += cover[line + x] as number
      // as far as no edge passes, pixels are covered alike
      end = x + 1
      while (end < right && cover[line + end] === 0) end++
      const share = Math.min(1, Math.abs(sum))
      if (share >= 1 / 512) lay(data, (y * width + x) * channels, (y * width + end) * channels, ink, share)
    }
  }
}
/** Ink over so many bytes, each pixel by its share. */
const lay = (data: Uint8Array, from: number, to: number, ink: readonly number[], share: number): void => {
  const channels = ink.length
  for (let channel = 0; channel < channels; channel++) {
    const colour = ink[channel] as number
    // inside a shape, where most pixels are, there is nothing to mix
    if (share > 511 / 512) for (let at = from + channel; at < to; at += channels) data[at] = colour
    else
      for (let at = from + channel; at < to; at += channels) {
        const below = data[at] as number
        data[at] = Math.round(below + share * (colour - below))
      }
  }
}
const add = (cover: Float32Array, at: number, share: number): void => {
  cover[at] = (cover[at] as number) + share
}

/** A path as straight edges, in pixels. */
const flatten = (
  path: Path,
  { scale, x: offsetX, y: offsetY }: Placement,
  edge: (x0: number, y0: number, x1: number, y1: number) => void,
): void => {
  let [startX, startY, x, y] = [0, 0, 0, 0]
  const line = (toX: number, toY: number): void => {
    edge(offsetX + x * scale, offsetY + y * scale, offsetX + toX * scale, offsetY + toY * scale)
    ;[x, y] = [toX, toY]
  }
  for (const step of path) {
    if (step[0] === 'M') [startX, startY, x, y] = [step[1], step[2], step[1], step[2]]
    else if (step[0] === 'Z') line(startX, startY)
    else if (step[0] === 'L') line(step[1], step[2])
    else {
      const [fromX, fromY] = [x, y]
      const [x1, y1, x2, y2, toX, toY] = cubic(x, y, step)
      // chords of about two pixels are off by less than anybody sees
      const length = (Math.hypot(x1 - x, y1 - y) + Math.hypot(x2 - x1, y2 - y1) + Math.hypot(toX - x2, toY - y2)) * scale
      const chords = Math.min(64, Math.max(2, Math.ceil(length / 2)))
      for (let chord = 1; chord <= chords; chord++) {
        const t = chord / chords
        const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3]
        line(a * fromX + b * x1 + c * x2 + d * toX, a * fromY + b * y1 + c * y2 + d * toY)
      }
    }
  }
}

/** A logo, each pixel the mean of those that fall on it. */
const pasteLogo = ({ width, height, channels, data }: Raster, logo: NonNullable<Scene['logo']>, placement: Placement): void => {
  const { scale } = placement
  const [left, top] = [placement.x + logo.x * scale, placement.y + logo.y * scale]
  const image = logo.image
  const stepX = image.width / (logo.width * scale)
  const stepY = image.height / (logo.height * scale)
  for (let y = Math.max(0, Math.round(top)); y < Math.min(height, Math.round(top + logo.height * scale)); y++)
    for (let x = Math.max(0, Math.round(left)); x < Math.min(width, Math.round(left + logo.width * scale)); x++) {
      const [red, green, blue, share] = meanOf(image, (x - left) * stepX, (y - top) * stepY, stepX, stepY)
      const at = (y * width + x) * channels
      const ink = channels === 3 ? [red, green, blue] : [luma(red, green, blue)]
      for (let channel = 0; channel < channels; channel++)
        data[at + channel] = Math.round((data[at + channel] as number) * (1 - share) + (ink[channel] as number) * share)
    }
}
const meanOf = (image: Logo, x: number, y: number, width: number, height: number): [number, number, number, number] => {
  const clamp = (value: number, most: number): number => Math.min(most - 1, Math.max(0, Math.floor(value)))
  let [red, green, blue, alpha, count] = [0, 0, 0, 0, 0]
  for (let row = clamp(y, image.height); row <= clamp(y + height - 1e-6, image.height); row++)
    for (let column = clamp(x, image.width); column <= clamp(x + width - 1e-6, image.width); column++) {
      const at = 4 * (row * image.width + column)
      const weight = image.rgba[at + 3] as number
      red += weight * (image.rgba[at] as number)
      green += weight * (image.rgba[at + 1] as number)
      blue += weight * (image.rgba[at + 2] as number)
      alpha += weight
      count++
    }
  return alpha === 0 ? [0, 0, 0, 0] : [red / alpha, green / alpha, blue / alpha, alpha / (255 * count)]
}
