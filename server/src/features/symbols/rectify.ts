import type { Raster } from './raster.ts'

export type Point = { x: number; y: number }
/** Corners of a symbol without its quiet zone, in the order in which they are read: its own top left first. */
export type Corners = readonly [topLeft: Point, topRight: Point, bottomRight: Point, bottomLeft: Point]

/** Modules of margin on each side of a symbol that was laid flat. */
export const flatMargin = 2
/** Pixels a module of it: eight, and fewer of a symbol of many, whose modules are all the more witnesses of their shape. */
const [finest, coarsest, mostAcross] = [8, 4, 330]
const scaleOf = (modules: number): number =>
  Math.max(coarsest, Math.min(finest, Math.floor(mostAcross / (modules + 2 * flatMargin))))

/** A photographed symbol laid flat: red, green and blue in rows, `scale` pixels a module, `modules` a side and the margin. */
export type Flat = { side: number; modules: number; scale: number; data: Float32Array }

/** Where a point of a symbol, in modules from its top left corner, lies in the picture: the perspective that four corners fix. */
export const perspective = (corners: Corners, modules: number): ((x: number, y: number) => Point) => {
  const [a, b, c, d] = corners
  const [dx1, dx2, dx3] = [b.x - c.x, d.x - c.x, a.x - b.x + c.x - d.x]
  const [dy1, dy2, dy3] = [b.y - c.y, d.y - c.y, a.y - b.y + c.y - d.y]
  const whole = dx1 * dy2 - dx2 * dy1
  const [g, h] = [(dx3 * dy2 - dx2 * dy3) / whole, (dx1 * dy3 - dx3 * dy1) / whole]
  const [ax, bx, ay, by] = [b.x - a.x + g * b.x, d.x - a.x + h * d.x, b.y - a.y + g * b.y, d.y - a.y + h * d.y]
  return (x, y) => {
    const [u, v] = [x / modules, y / modules]
    const depth = g * u + h * v + 1
    return { x: (ax * u + bx * v + a.x) / depth, y: (ay * u + by * v + a.y) / depth }
  }
}

/** Pixels of the picture a module, at the side where the symbol is smallest. */
export const pixelsPerModule = (corners: Corners, modules: number): number =>
  Math.min(
    ...corners.map((corner, index) => {
      const next = corners[(index + 1) % 4] as Point
      return Math.hypot(next.x - corner.x, next.y - corner.y)
    }),
  ) / modules

/** No pixel of a flat symbol is the mean of more points than this squared: more smoothness costs and tells nothing. */
const mostTaps = 4

/** Lays a symbol flat. What lies outside of the picture is as its nearest pixel. */
export const flatten = (picture: Raster, corners: Corners, modules: number): Flat => {
  const place = perspective(corners, modules)
  const scale = scaleOf(modules)
  const side = (modules + 2 * flatMargin) * scale
  const data = new Float32Array(3 * side * side)
  const taps = Math.min(mostTaps, Math.max(1, Math.ceil(pixelsPerModule(corners, modules) / scale)))
  const colour: [number, number, number] = [0, 0, 0]
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const at = 3 * (row * side + column)
      for (let tap = 0; tap < taps * taps; tap++) {
        const [right, down] = [((tap % taps) + 0.5) / taps, (Math.floor(tap / taps) + 0.5) / taps]
        const { x, y } = place((column + right) / scale - flatMargin, (row + down) / scale - flatMargin)
        colourAt(picture, x, y, colour)
        for (let channel = 0; channel < 3; channel++)
          data[at + channel] = (data[at + channel] as number) + (colour[channel] as number) / (taps * taps)
      }
    }
  return { side, modules, scale, data }
}

/** The colour at a point between pixels, from the four round it. */
export const colourAt = ({ width, height, data }: Raster, x: number, y: number, colour: [number, number, number]): void => {
  const [left, top] = [Math.min(width - 1.001, Math.max(0, x - 0.5)), Math.min(height - 1.001, Math.max(0, y - 0.5))]
  const [column, row] = [Math.floor(left), Math.floor(top)]
  const [right, down] = [left - column, top - row]
  for (let channel = 0; channel < 3; channel++) {
    const at = 3 * (row * width + column) + channel
    const above = (data[at] as number) * (1 - right) + (data[at + 3] as number) * right
    const below = (data[at + 3 * width] as number) * (1 - right) + (data[at + 3 * width + 3] as number) * right
    colour[channel] = above * (1 - down) + below * down
  }
}

/** Points of a module that are asked for light, in shares of it from its middle: inside of every shape, near where a shift shows. */
const asked = [
  [0, 0],
  [0.36, 0],
  [-0.36, 0],
  [0, 0.36],
  [0, -0.36],
] as const
/** Modules of a row that are asked, spread over it: enough to find a place by. */
const mostAsked = 41
/** By how much corners are moved on the way to their place, in modules, and how often each. */
const moves = [0.24, 0.12, 0.06, 0.03]
const mostRounds = 3

/**
 * Moves the corners that a reader found to where the modules lie best: readers are content with less, most of all with round
 * eyes. Best is where the modules that are dark differ most from those that are light.
 */
export const settle = (picture: Raster, found: Corners, modules: number, dark: (x: number, y: number) => boolean): Corners => {
  const lights = lightOf(picture)
  const points: [x: number, y: number, sign: number][] = []
  const step = Math.ceil(modules / mostAsked)
  for (let y = 0; y < modules; y += step)
    for (let x = 0; x < modules; x += step)
      for (const [right, down] of asked) points.push([x + 0.5 + right, y + 0.5 + down, dark(x, y) ? -1 : 1])
  const contrast = (corners: Corners): number => {
    const place = perspective(corners, modules)
    let sum = 0
    for (const [x, y, sign] of points) sum += sign * lightAt(lights, picture.width, picture.height, place(x, y))
    return sum
  }
  const module = pixelsPerModule(found, modules)
  let [best, most] = [found, contrast(found)]
  const better = (corners: Corners): boolean => {
    const reached = contrast(corners)
    if (reached <= most) return false
    ;[best, most] = [corners, reached]
    return true
  }
  for (const move of moves)
    for (let round = 0, moved = true; moved && round < mostRounds; round++) {
      moved = false
      for (const axis of ['x', 'y'] as const)
        for (const step of [move * module, -move * module]) {
          const shifted = (index: number) => ({ ...(best[index] as Point), [axis]: (best[index] as Point)[axis] + step })
          if (better([shifted(0), shifted(1), shifted(2), shifted(3)])) moved = true
          for (const index of [0, 1, 2, 3]) if (better(best.with(index, shifted(index)) as unknown as Corners)) moved = true
        }
    }
  return best
}
const lightOf = ({ width, height, data }: Raster): Float32Array => {
  const lights = new Float32Array(width * height)
  for (let at = 0; at < lights.length; at++)
    lights[at] = 0.299 * (data[3 * at] as number) + 0.587 * (data[3 * at + 1] as number) + 0.114 * (data[3 * at + 2] as number)
  return lights
}
const lightAt = (lights: Float32Array, width: number, height: number, { x, y }: Point): number => {
  const [left, top] = [Math.min(width - 1.001, Math.max(0, x - 0.5)), Math.min(height - 1.001, Math.max(0, y - 0.5))]
  const [column, row] = [Math.floor(left), Math.floor(top)]
  const [right, down] = [left - column, top - row]
  const at = row * width + column
  const above = (lights[at] as number) * (1 - right) + (lights[at + 1] as number) * right
  const below = (lights[at + width] as number) * (1 - right) + (lights[at + width + 1] as number) * right
  return above * (1 - down) + below * down
}
