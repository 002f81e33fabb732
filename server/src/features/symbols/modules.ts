import type { Design } from '@postern/contract'
import { type Path, roundedRectangle } from './path.ts'

/** Whether a module is to be drawn; false outside of the symbol, in its eyes and below a logo. */
type Dark = (x: number, y: number) => boolean

/** Dots all but touch, and diamonds do by their points: the eye sees each, and readers take a run of them for a bar. */
const dotRadius = 0.49
const diamondReach = 0.5

export const modulePath = (size: number, dark: Dark, style: Design['modules'], at: number): Path => {
  if (style === 'square' || style === 'rounded') return outlines(size, dark, style === 'rounded' ? 0.5 : 0, at)
  const shape = style === 'dots' ? dot : diamond
  const path: Path = []
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) if (dark(x, y)) path.push(...shape(at + x + 0.5, at + y + 0.5))
  return path
}
const dot = (x: number, y: number): Path =>
  roundedRectangle(x - dotRadius, y - dotRadius, 2 * dotRadius, 2 * dotRadius, dotRadius)
const diamond = (x: number, y: number): Path => [
  ['M', x, y - diamondReach],
  ['L', x + diamondReach, y],
  ['L', x, y + diamondReach],
  ['L', x - diamondReach, y],
  ['Z'],
]

/**
 * The borders of touching modules, followed with the dark side on the right: neighbours are one shape without a seam.
 * Where two shapes meet at a corner only, they stay two. Outer corners are rounded, inner ones stay sharp, which keeps ink.
 */
const outlines = (size: number, dark: Dark, radius: number, at: number): Path => {
  const path: Path = []
  const step = [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ] as const
  // every outline runs along the top of some module: its eastward borders, from left to right
  const seen = new Uint8Array((size + 1) * (size + 1))
  for (let top = 0; top < size; top++)
    for (let left = 0; left < size; left++) {
      if (!dark(left, top) || dark(left, top - 1) || seen[top * (size + 1) + left]) continue
      let [x, y, heading] = [left, top, 0]
      const corners: { x: number; y: number; heading: number; outer: boolean }[] = []
      do {
        if (heading === 0) seen[y * (size + 1) + x] = 1
        const [dx, dy] = step[heading] as (typeof step)[number]
        x += dx
        y += dy
        // the two modules ahead: on the right hand and on the left
        const [right, ahead] = aheadOf(x, y, heading)
        const turn = !dark(...right) ? 1 : dark(...ahead) ? 3 : 0
        if (turn !== 0) {
          heading = (heading + turn) % 4
          corners.push({ x, y, heading, outer: turn === 1 })
        }
      } while (x !== left || y !== top || heading !== 0)
      for (const [index, { x, y, heading, outer }] of corners.entries()) {
        const verb = index === 0 ? 'M' : 'L'
        if (!outer || radius === 0) {
          path.push([verb, at + x, at + y])
          continue
        }
        const before = step[(heading + 3) % 4] as (typeof step)[number]
        const after = step[heading] as (typeof step)[number]
        path.push([verb, at + x - radius * before[0], at + y - radius * before[1]])
        path.push(['R', at + x, at + y, at + x + radius * after[0], at + y + radius * after[1]])
      }
      path.push(['Z'])
    }
  return path
}
const aheadOf = (x: number, y: number, heading: number): [[number, number], [number, number]] => {
  const around: [number, number][] = [
    [x, y],
    [x - 1, y],
    [x - 1, y - 1],
    [x, y - 1],
  ]
  return [around[heading] as [number, number], around[(heading + 3) % 4] as [number, number]]
}

/**
 * Radii of the frame's outside (7 modules), its inside (5) and the ball (3). The frame of the circle is not quite one: by
 * the corners of an eye ZXing tells how a symbol is tilted, and of true circles it reads no tilted one at all.
 */
const radii = {
  square: { outside: 0, inside: 0, ball: 0 },
  rounded: { outside: 2, inside: 1.2, ball: 0.8 },
  circle: { outside: 3, inside: 1.6, ball: 1.5 },
} as const

type Eyes = Pick<Design, 'eyeFrames' | 'eyeBalls'>
export const oneEye = ({ eyeFrames, eyeBalls }: Eyes, x: number, y: number): Path => [
  ...roundedRectangle(x, y, 7, 7, radii[eyeFrames].outside),
  ...roundedRectangle(x + 1, y + 1, 5, 5, radii[eyeFrames].inside, true),
  ...roundedRectangle(x + 2, y + 2, 3, 3, radii[eyeBalls].ball),
]
/** Where the eyes of a symbol of that size begin. */
export const eyeCorners = (size: number): readonly (readonly [x: number, y: number])[] => [
  [0, 0],
  [size - 7, 0],
  [0, size - 7],
]
/** The three eyes of a symbol of that size. */
export const eyePath = (size: number, eyes: Eyes, at: number): Path =>
  eyeCorners(size).flatMap(([left, top]) => oneEye(eyes, at + left, at + top))
