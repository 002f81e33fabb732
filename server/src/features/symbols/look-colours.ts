import type { Design } from '@postern/contract'
import { eyeCorners } from './modules.ts'
import { rgbOf } from './png.ts'
import { type Flat, flatMargin } from './rectify.ts'

type Rgb = readonly [red: number, green: number, blue: number]
/**
 * What an ink takes from the light that its ground gives back, by channel, and made free of how much it takes in all: noughts
 * for grey. Warm light, a veil over the picture and softness change how much, and hardly the tint.
 */
export type Tint = Rgb
/** Below this an ink takes so little that its tint is noise. */
const leastTaken = 0.12

const tintFrom = (ink: Rgb, ground: Rgb): Tint | null => {
  const taken = ink.map((part, channel) => 1 - part / Math.max(1, ground[channel] as number))
  const mean = taken.reduce((sum, part) => sum + part, 0) / 3
  return mean < leastTaken ? null : (taken.map((part) => part / mean - 1) as unknown as Tint)
}
/** The tint that an ink of a design has on its ground. */
export const tintOf = (ink: string, ground: string): Tint => tintFrom(rgbOf(ink), rgbOf(ground)) ?? [0, 0, 0]
/** How far a tint is from grey. The petrol of our own mark has 0.47, a pure red 0.8. */
const strengthOf = (tint: Tint): number => Math.hypot(...tint)

/** Share of a module, in its middle, that is looked at: its borders are mixed with what lies beside. */
const core = 0.5
/** Mean colour of the cores of modules. */
const meanOf = ({ side, scale, data }: Flat, modules: readonly (readonly [x: number, y: number])[]): Rgb => {
  const sum: [number, number, number] = [0, 0, 0]
  const rim = Math.round((scale * (1 - core)) / 2)
  let count = 0
  for (const [x, y] of modules)
    for (let row = rim; row < scale - rim; row++)
      for (let column = rim; column < scale - rim; column++) {
        const at = 3 * (((y + flatMargin) * scale + row) * side + (x + flatMargin) * scale + column)
        for (let channel = 0; channel < 3; channel++) sum[channel] = (sum[channel] as number) + (data[at + channel] as number)
        count++
      }
  return sum.map((value) => value / Math.max(1, count)) as unknown as Rgb
}

/** What of a photo's colours is asked: light as its light modules have it, and the tints of its inks; null: too pale. */
export type Inks = { light: Rgb; dark: Rgb; modules: Tint | null; eyes: Tint | null }

/** Modules of an eye whose middle is ink in every shape: the frame's four sides and the ball. */
const eyeInk = [
  [3, 0],
  [3, 6],
  [0, 3],
  [6, 3],
  [2, 3],
  [3, 3],
  [4, 3],
  [3, 2],
  [3, 4],
] as const

export const inksOf = (
  flat: Flat,
  darks: readonly (readonly [number, number])[],
  lights: readonly (readonly [number, number])[],
): Inks => {
  const light = meanOf(flat, lights)
  const eyes = eyeCorners(flat.modules).flatMap(([left, top]) => eyeInk.map(([x, y]) => [left + x, top + y] as const))
  const dark = meanOf(flat, darks)
  return { light, dark, modules: tintFrom(dark, light), eyes: tintFrom(meanOf(flat, eyes), light) }
}

/** Below the first a tint is grey, from the second on a colour; between the two nobody can tell a dark ink from black. */
const [grey, colourful] = [0.2, 0.34]
/** A colour that has lost this much was printed or copied without colour. */
const faded = 0.35
/** Cosine of the angle between tints that are alike, and of those that are not: 28 and 60 degrees. */
const [alike, unlike] = [0.88, 0.5]

/** One ink beside the design's. `grey`: a colour is wished and there is none, which is what a copy without colour does. */
export const compareTint = (seen: Tint | null, wished: Tint): 'like' | 'unlike' | 'unclear' | 'grey' => {
  if (!seen) return 'unclear'
  const [strength, wishedStrength] = [strengthOf(seen), strengthOf(wished)]
  if (wishedStrength < grey) return strength < grey ? 'like' : strength >= colourful ? 'unlike' : 'unclear'
  if (strength < faded * wishedStrength || strength < grey / 2) return 'grey'
  const cosine = seen.reduce((sum, part, channel) => sum + part * (wished[channel] as number), 0) / (strength * wishedStrength)
  return cosine >= alike ? 'like' : cosine < unlike ? 'unlike' : 'unclear'
}
/** Whether a design has a colour by which people would know it. */
export const isColourful = ({ colours: { modules, eyes, ground } }: Design): boolean =>
  [modules, eyes].some((ink) => strengthOf(tintOf(ink, ground)) >= colourful)
