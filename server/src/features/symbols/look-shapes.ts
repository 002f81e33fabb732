import type { Design } from '@postern/contract'
import { blurred } from './degrade.ts'
import { eyeCorners, modulePath, oneEye } from './modules.ts'
import type { Path } from './path.ts'
import { rasterOf } from './raster.ts'
import { flatMargin } from './rectify.ts'

/** Darkness of a flat symbol, 0 as its light modules and 1 as its dark ones, and which modules are dark. */
export type Darkness = {
  side: number
  modules: number
  scale: number
  dark: (x: number, y: number) => boolean
  values: Float32Array
}

const moduleShapes = ['square', 'rounded', 'dots', 'diamond'] as const
const eyeShapes = ['square', 'rounded', 'circle'] as const
type ModuleShape = Design['modules']
type Eyes = Pick<Design, 'eyeFrames' | 'eyeBalls'>

/**
 * How soft a photo may be: each shape is softened by these before it is laid beside it. Deviations in modules, in steps so fine
 * that no shape gains by lying nearer to one. Most photos are about as soft as the one that is tried first.
 */
const softness = [0.05, 0.1, 0.14, 0.18, 0.23, 0.28, 0.34, 0.4, 0.46, 0.53, 0.6]
const triedFirst = 3

/** One shape beside the photo: how far the two are apart, 0 (the same) to 1 (nothing in common), at the softness that fits best. */
type Fit<T> = { shape: T; apart: number; sigma: number; picture: Float32Array }

/** How far two pictures are apart where the mask says: the share of one that no scaling and shifting of the other explains. */
export const apartness = (a: ArrayLike<number>, b: ArrayLike<number>, mask: Uint8Array): number => {
  let [n, sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0, 0]
  for (let at = 0; at < mask.length; at++) {
    if (!mask[at]) continue
    const [p, q] = [a[at] as number, b[at] as number]
    n++
    sa += p
    sb += q
    saa += p * p
    sbb += q * q
    sab += p * q
  }
  const [va, vb, ab] = [saa - (sa * sa) / n, sbb - (sb * sb) / n, sab - (sa * sb) / n]
  if (n === 0 || va <= 0 || vb <= 0 || ab <= 0) return 1
  return 1 - (ab * ab) / (va * vb)
}

/** A path in a square of so many modules, as soft as it is asked for: 0 where nothing is, 1 in the middle of the dark. */
const painted = (width: number, scale: number, path: Path): ((sigma: number) => Float32Array) => {
  const fills = [{ colour: '#000000', path }]
  const picture = rasterOf({ width, height: width, ground: '#ffffff', fills, logo: null }, width * scale, 1)
  return (sigma) => Float32Array.from(blurred(picture, sigma * scale).data, (value) => 1 - value / 255)
}
/** A shape at the softness that fits best: from the first one tried, towards whichever side is better, as long as it is. */
const fitOf = <T>(values: Float32Array, mask: Uint8Array, shape: T, soften: (sigma: number) => Float32Array): Fit<T> => {
  const at = (index: number): Fit<T> => {
    const sigma = softness[index] as number
    const picture = soften(sigma)
    return { shape, sigma, picture, apart: apartness(values, picture, mask) }
  }
  let best = at(triedFirst)
  for (const step of [1, -1]) {
    const before = best
    for (let index = triedFirst + step; index >= 0 && index < softness.length; index += step) {
      const fit = at(index)
      if (fit.apart >= best.apart) break
      best = fit
    }
    if (best !== before) break
  }
  return best
}

/** What shapes a photo was laid beside, and the means to ask for two of them which it is nearer to. */
export class Fits<T> {
  readonly all: readonly Fit<T>[]
  readonly #mask: Uint8Array
  readonly #distances = new Map<Fit<T>, Map<Fit<T>, number>>()
  constructor(all: readonly Fit<T>[], mask: Uint8Array) {
    this.all = all
    this.#mask = mask
  }
  get best(): Fit<T> {
    return this.all.reduce((best, fit) => (fit.apart < best.apart ? fit : best))
  }
  /**
   * Where the photo stands between two shapes: -1 at the first, 1 at the second. `distance`: how far these are apart at this
   * softness; of two that a blur made alike nothing can be told.
   */
  between(one: Fit<T>, other: Fit<T>): { at: number; distance: number } {
    const known = this.#distances.get(one) ?? new Map<Fit<T>, number>()
    const distance = known.get(other) ?? apartness(one.picture, other.picture, this.#mask)
    this.#distances.set(one, known.set(other, distance))
    return { at: distance === 0 ? 0 : (one.apart - other.apart) / distance, distance }
  }
}

/** An eye with its separator, which is light. */
const eye = 8
const inEye = (x: number, y: number, size: number): boolean =>
  (x < eye && (y < eye || y >= size - eye)) || (x >= size - eye && y < eye)
/** Pixels of the modules that a condition names. */
export const maskOf = (
  { modules, scale }: Pick<Darkness, 'modules' | 'scale'>,
  take: (x: number, y: number) => boolean,
): Uint8Array => {
  const side = (modules + 2 * flatMargin) * scale
  const mask = new Uint8Array(side * side)
  for (let y = 0; y < modules; y++)
    for (let x = 0; x < modules; x++) {
      if (!take(x, y)) continue
      for (let row = (y + flatMargin) * scale; row < (y + flatMargin + 1) * scale; row++)
        mask.fill(1, row * side + (x + flatMargin) * scale, row * side + (x + flatMargin + 1) * scale)
    }
  return mask
}

/** The modules beside each shape of ours, without the eyes and what `hidden` says. */
export const fitModules = (photo: Darkness, hidden: (x: number, y: number) => boolean): Fits<ModuleShape> => {
  const { modules, scale } = photo
  const mask = maskOf(photo, (x, y) => !inEye(x, y, modules) && !hidden(x, y))
  const dark = (x: number, y: number): boolean => photo.dark(x, y) && !inEye(x, y, modules)
  return new Fits(
    moduleShapes.map((shape) => {
      const path = modulePath(modules, dark, shape, flatMargin)
      return fitOf(photo.values, mask, shape, painted(modules + 2 * flatMargin, scale, path))
    }),
    mask,
  )
}

/** Modules of an eye with one of its quiet zone and its separator. */
const eyeWidth = 9
/** The three eyes, one below the other, beside each pair of frame and ball of ours. */
export const fitEyes = ({ side, modules, scale, values }: Darkness): Fits<Eyes> => {
  const width = eyeWidth * scale
  const eyes = new Float32Array(3 * width * width)
  for (const [index, [left, top]] of eyeCorners(modules).entries())
    for (let row = 0; row < width; row++) {
      const from = ((top + flatMargin - 1) * scale + row) * side + (left + flatMargin - 1) * scale
      eyes.set(values.subarray(from, from + width), (index * width + row) * width)
    }
  const mask = new Uint8Array(eyes.length).fill(1)
  const thrice = (one: Float32Array): Float32Array => {
    const all = new Float32Array(eyes.length)
    for (let index = 0; index < 3; index++) all.set(one, index * one.length)
    return all
  }
  return new Fits(
    eyeShapes.flatMap((eyeFrames) =>
      eyeShapes.map((eyeBalls) => {
        const path = oneEye({ eyeFrames, eyeBalls }, 1, 1)
        const one = painted(eyeWidth, scale, path)
        return fitOf(eyes, mask, { eyeFrames, eyeBalls }, (sigma) => thrice(one(sigma)))
      }),
    ),
    mask,
  )
}
