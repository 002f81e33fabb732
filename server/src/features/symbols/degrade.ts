import type { Raster } from './raster.ts'

/** What print, light and cameras do to a symbol, done to pictures of one channel. All of it is the same in each run. */

/** Gaussian, the edge pixels going on outside. */
export const blurred = (picture: Raster, sigma: number): Raster => ({
  ...picture,
  data: toBytes(blur(picture.data, picture, sigma)),
})

/**
 * Noise of a small sensor in poor light: the lens blurs a little, then each pixel is off by sigma, neighbours alike, for
 * cameras smooth and sharpen what they saw. (Noise that differs from pixel to pixel is harder, and no camera's.)
 */
export const noisy = (picture: Raster, sigma: number, seed: number): Raster => {
  const grain = blur(gaussians(picture.data.length, seed), picture, 1)
  const deviation = Math.sqrt(grain.reduce((sum, value) => sum + value * value, 0) / grain.length)
  const seen = blur(picture.data, picture, 0.8)
  for (let at = 0; at < seen.length; at++) seen[at] = (seen[at] as number) + ((grain[at] as number) * sigma) / deviation
  return { ...picture, data: toBytes(seen) }
}

/** Nearer to middle grey by a share: 0.4 leaves 60 % of the contrast. */
export const faded = (picture: Raster, share: number): Raster => ({
  ...picture,
  data: picture.data.map((value) => Math.round(128 + (value - 128) * (1 - share))),
})

/** On a wall of one shade that begins where the picture ends. */
export const surrounded = (picture: Raster, margin: number, shade: number): Raster => {
  const [width, height] = [picture.width + 2 * margin, picture.height + 2 * margin]
  const data = new Uint8Array(width * height).fill(shade)
  for (let y = 0; y < picture.height; y++)
    data.set(picture.data.subarray(y * picture.width, (y + 1) * picture.width), (y + margin) * width + margin)
  return { ...picture, width, height, data }
}

/** Turned about its middle, on paper of its own ground. */
export const rotated = (picture: Raster, degrees: number): Raster => {
  const [sine, cosine] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
  const width = Math.ceil(picture.width * Math.abs(cosine) + picture.height * Math.abs(sine))
  const height = Math.ceil(picture.width * Math.abs(sine) + picture.height * Math.abs(cosine))
  return warped(picture, width, height, (x, y) => [cosine * x + sine * y, cosine * y - sine * x])
}

/** Turned away about its upright axis, seen from four times its width: one side is nearer than the other. */
export const tilted = (picture: Raster, degrees: number): Raster => {
  const [sine, cosine] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
  const distance = 4 * picture.width
  // a point u of the picture lies at (u cos, v, u sin) and is seen at distance / (distance + u sin) of that
  return warped(picture, Math.ceil(picture.width * 1.2), Math.ceil(picture.height * 1.2), (x, y) => {
    const u = (x * distance) / (distance * cosine - x * sine)
    return [u, (y * (distance + u * sine)) / distance]
  })
}

/** Each pixel of the new picture looked up in the old one, by a point that both measure from their middle. */
const warped = (
  { width: fromWidth, height: fromHeight, data: from, channels }: Raster,
  width: number,
  height: number,
  source: (x: number, y: number) => [number, number],
): Raster => {
  const ground = from[0] as number
  const data = new Uint8Array(width * height).fill(ground)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [u, v] = source(x + 0.5 - width / 2, y + 0.5 - height / 2)
      const [left, top] = [u + fromWidth / 2 - 0.5, v + fromHeight / 2 - 0.5]
      // the picture begins and ends in its quiet zone, so its outermost pixels may go
      if (left < 0 || top < 0 || left >= fromWidth - 1 || top >= fromHeight - 1) continue
      const [column, row] = [Math.floor(left), Math.floor(top)]
      const [right, down] = [left - column, top - row]
      const at = row * fromWidth + column
      const above = (from[at] as number) * (1 - right) + (from[at + 1] as number) * right
      const below = (from[at + fromWidth] as number) * (1 - right) + (from[at + fromWidth + 1] as number) * right
      data[y * width + x] = Math.round(above * (1 - down) + below * down)
    }
  return { width, height, channels, data }
}

const toBytes = (values: Float32Array): Uint8Array => {
  const bytes = new Uint8ClampedArray(values)
  return new Uint8Array(bytes.buffer)
}

/** Across, then down. */
const blur = (values: ArrayLike<number>, { width, height }: Raster, sigma: number): Float32Array => {
  const reach = Math.ceil(3 * sigma)
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, index) =>
    Math.exp(-((index - reach) ** 2) / (2 * sigma * sigma)),
  )
  const total = weights.reduce((sum, weight) => sum + weight)
  const pass = (from: ArrayLike<number>, length: number, lines: number, step: number, lineStep: number): Float32Array => {
    const to = new Float32Array(from.length)
    // a line with its ends drawn out, so that no tap asks where the picture ends
    const line = new Float32Array(length + 2 * reach)
    for (let number = 0; number < lines; number++) {
      const start = number * lineStep
      for (let index = 0; index < length; index++) line[reach + index] = from[start + index * step] as number
      line.fill(line[reach] as number, 0, reach)
      line.fill(line[reach + length - 1] as number, reach + length)
      for (let index = 0; index < length; index++) {
        let sum = 0
        for (let tap = 0; tap < weights.length; tap++) sum += (weights[tap] as number) * (line[index + tap] as number)
        to[start + index * step] = sum / total
      }
    }
    return to
  }
  return pass(pass(values, width, height, 1, width), height, width, width, 1)
}

/** Normally distributed numbers by a seed: mulberry32 through Box and Muller. */
const gaussians = (count: number, seed: number): Float32Array => {
  let state = seed
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const values = new Float32Array(count)
  for (let at = 0; at < count; at += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
    const angle = 2 * Math.PI * uniform()
    values[at] = radius * Math.cos(angle)
    if (at + 1 < count) values[at + 1] = radius * Math.sin(angle)
  }
  return values
}
