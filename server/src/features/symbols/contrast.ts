import type { ContrastRow, Design } from '@postern/contract'
import { rgbOf } from './png.ts'

/** WCAG 2.x for words, taken for modules too: what a poor camera needs in poor light. */
const least = 4.5

const linear = (part: number): number => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
const encoded = (light: number): number => (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055)

/** Relative luminance by WCAG 2.2. */
const luminance = (colour: string): number => {
  const [red, green, blue] = rgbOf(colour).map((part) => linear(part / 255)) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
export const contrastRatio = (one: string, other: string): number => {
  const [a, b] = [luminance(one), luminance(other)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}
/** Dark on light, and enough of it. */
const passes = (ink: string, ground: string): boolean => luminance(ink) < luminance(ground) && contrastRatio(ink, ground) >= least

/** Each ink on what lies below it. Rounded down, so that 4.49 is not told as a 4.5 that does not pass. */
export const contrastOf = ({ colours, frame }: Design): ContrastRow[] => {
  const row = (pair: ContrastRow['pair'], part: 'modules' | 'eyes'): ContrastRow => {
    const [ink, ground] = [colours[part], colours.ground]
    const good = passes(ink, ground)
    return {
      pair,
      ratio: Math.floor(contrastRatio(ink, ground) * 10) / 10,
      passes: good,
      inverted: luminance(ink) > luminance(ground),
      nearest: good ? null : nearest(part, ink, ground),
    }
  }
  return [row('modules', 'modules'), row('eyes', 'eyes'), ...(frame ? [row('words', 'eyes')] : [])]
}

/** The ink is darkened; where the ground is too dark even for black, the ground is lightened first, as little as does. */
const nearest = (part: 'modules' | 'eyes', ink: string, ground: string): NonNullable<ContrastRow['nearest']> => {
  const darker = nearestLightness(ink, -1, (colour) => passes(colour, ground))
  if (darker) return { [part]: darker }
  const lighter = nearestLightness(ground, 1, (colour) => passes(ink, colour))
  if (lighter) return { ground: lighter }
  return { [part]: nearestLightness(ink, -1, (colour) => passes(colour, '#ffffff')) ?? '#000000', ground: '#ffffff' }
}

/** How finely lightness is searched, in OKLCH: a step is less than the eye tells. */
export const lightnessStep = 1 / 512

/** The same hue, nearest in lightness, of which the condition holds; chroma gives way where the screen has no such colour. */
const nearestLightness = (colour: string, direction: 1 | -1, holds: (colour: string) => boolean): string | null => {
  const [lightness, chroma, hue] = oklchOf(colour)
  for (let step = 1; step * lightnessStep <= 1; step++) {
    const at = lightness + direction * step * lightnessStep
    const candidate = at <= 0 ? '#000000' : at >= 1 ? '#ffffff' : colourOf(at, chroma, hue)
    if (holds(candidate)) return candidate
    if (at <= 0 || at >= 1) return null
  }
  return null
}

/** Björn Ottosson's OKLab, in polar form. */
const oklchOf = (colour: string): [lightness: number, chroma: number, hue: number] => {
  const [red, green, blue] = rgbOf(colour).map((part) => linear(part / 255)) as [number, number, number]
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s
  const b = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, Math.hypot(a, b), Math.atan2(b, a)]
}
const rgbFrom = (lightness: number, chroma: number, hue: number): [number, number, number] => {
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)]
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
}
const colourOf = (lightness: number, chroma: number, hue: number): string => {
  const within = (rgb: readonly number[]): boolean => rgb.every((part) => part >= -1e-4 && part <= 1 + 1e-4)
  let [low, high] = [0, chroma]
  if (within(rgbFrom(lightness, chroma, hue))) low = chroma
  else
    for (let round = 0; round < 16; round++) {
      const middle = (low + high) / 2
      if (within(rgbFrom(lightness, middle, hue))) low = middle
      else high = middle
    }
  const hex = rgbFrom(lightness, low, hue).map((part) => {
    const byte = Math.round(encoded(Math.min(1, Math.max(0, part))) * 255)
    return byte.toString(16).padStart(2, '0')
  })
  return `#${hex.join('')}`
}
