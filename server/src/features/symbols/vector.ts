import { cubic, type Path } from './path.ts'
import { rgbOf } from './png.ts'
import type { Logo } from './scene.ts'

/** What PDF and EPS share: the same drawing model under different names, and no transparency in the old one. */
export type Operators = { move: string; line: string; curve: string; close: string; fill: string; colour: string }

export const pointsOf = (millimetres: number): number => (millimetres * 72) / 25.4
export const short = (value: number): string => String(Math.round(value * 10_000) / 10_000)

export const inks = (colour: string): string =>
  rgbOf(colour)
    .map((part) => short(part / 255))
    .join(' ')

/** A filled path in postfix operators. */
export const drawn = (path: Path, { move, line, curve, close, fill }: Operators): string => {
  const lines: string[] = []
  let [x, y] = [0, 0]
  for (const step of path) {
    if (step[0] === 'Z') {
      lines.push(close)
      continue
    }
    if (step[0] === 'M' || step[0] === 'L') lines.push(`${short(step[1])} ${short(step[2])} ${step[0] === 'M' ? move : line}`)
    else lines.push(`${cubic(x, y, step).map(short).join(' ')} ${curve}`)
    ;[x, y] = [step.at(-2) as number, step.at(-1) as number]
  }
  return [...lines, fill].join('\n')
}

/** A logo as red, green, blue on the ground: what a printer without transparency gets. */
export const flattened = ({ rgba, width, height }: Logo, ground: string): Uint8Array => {
  const below = rgbOf(ground)
  const rgb = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const share = (rgba[4 * pixel + 3] as number) / 255
    for (let channel = 0; channel < 3; channel++)
      rgb[3 * pixel + channel] = Math.round(
        share * (rgba[4 * pixel + channel] as number) + (1 - share) * (below[channel] as number),
      )
  }
  return rgb
}
