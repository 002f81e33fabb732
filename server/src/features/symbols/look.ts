import type { Design } from '@postern/contract'
import { type Inks, inksOf } from './look-colours.ts'
import { apartness, type Darkness, type Fits, fitEyes, fitModules, maskOf } from './look-shapes.ts'
import { quiet } from './matrix.ts'
import type { Seen } from './photo.ts'
import type { Raster } from './raster.ts'
import { type Corners, colourAt, type Flat, flatMargin, flatten, perspective, pixelsPerModule, settle } from './rectify.ts'

/** What was measured of a photographed symbol, once for all designs that it is laid beside. */
export type Measured = {
  text: string
  flat: Flat
  /** Pixels of the photo a module. */
  pixels: number
  inverted: boolean
  inks: Inks
  modules: Fits<Design['modules']>
  eyes: Fits<Pick<Design, 'eyeFrames' | 'eyeBalls'>>
  /** How far the middle is from being modules like the rest, 0 to 1: a logo is. */
  middleApart: number
  /** Share of ink in the band below the symbol where a frame has its words; null: that is not in the photo. */
  band: number | null
}

/** Side of the middle that no shape is judged by, in shares of the symbol: no logo that we draw is larger. */
const middle = 0.36

export const measure = (picture: Raster, { text, corners: found, modules, dark, inverted }: Seen): Measured => {
  const corners = settle(picture, found, modules, dark)
  const flat = flatten(picture, corners, modules)
  const inMiddle = (x: number, y: number): boolean =>
    Math.abs(2 * x + 1 - modules) < middle * modules && Math.abs(2 * y + 1 - modules) < middle * modules
  const inEye = (x: number, y: number): boolean => (x < 8 && (y < 8 || y >= modules - 8)) || (x >= modules - 8 && y < 8)
  const [darks, lights]: [[number, number][], [number, number][]] = [[], []]
  for (let y = 0; y < modules; y++)
    for (let x = 0; x < modules; x++) if (!inMiddle(x, y) && !inEye(x, y)) (dark(x, y) ? darks : lights).push([x, y])
  const darkness = darknessOf(flat, dark, darks, lights)
  const inks = inksOf(flat, darks, lights)
  const shapes = fitModules(darkness, inMiddle)
  return {
    text,
    flat,
    pixels: pixelsPerModule(corners, modules),
    inverted,
    inks,
    modules: shapes,
    eyes: fitEyes(darkness),
    middleApart: apartness(darkness.values, shapes.best.picture, maskOf(flat, inMiddle)),
    band: bandOf(picture, corners, modules, inks),
  }
}

/** The band of a frame, in modules from the symbol's top left: see sceneOf. */
const bandOf = (picture: Raster, corners: Corners, modules: number, { light, dark }: Inks): number | null => {
  const place = perspective(corners, modules)
  const unit = (modules + 2 * quiet) / 49
  const middle = [0, 1, 2].map((channel) => ((light[channel] as number) + (dark[channel] as number)) / 2)
  const colour: [number, number, number] = [0, 0, 0]
  let [inked, points] = [0, 0]
  for (let row = 1; row <= 8; row++)
    for (let column = 1; column < 49; column++) {
      const { x, y } = place(column * unit - quiet, modules + quiet + (row - 0.4) * unit)
      if (x < 0 || y < 0 || x >= picture.width || y >= picture.height) return null
      colourAt(picture, x, y, colour)
      points++
      if (colour.reduce((sum, part, channel) => sum + part - (middle[channel] as number), 0) < 0) inked++
    }
  return inked / points
}

type Cells = readonly (readonly [x: number, y: number])[]
/** Light falls unevenly: what is light and what is dark is a plane over the symbol each, through the middles of its modules. */
const darknessOf = (flat: Flat, dark: Darkness['dark'], darks: Cells, lights: Cells): Darkness => {
  const { side, modules, scale, data } = flat
  const values = new Float32Array(side * side)
  for (let at = 0; at < values.length; at++)
    values[at] = 0.299 * (data[3 * at] as number) + 0.587 * (data[3 * at + 1] as number) + 0.114 * (data[3 * at + 2] as number)
  const at = (x: number): number => Math.round((x + 0.5 + flatMargin) * scale)
  const planeThrough = (cells: Cells): ((x: number, y: number) => number) =>
    plane(cells.map(([x, y]) => [at(x), at(y), values[at(y) * side + at(x)] as number]))
  const [lightAt, darkAt] = [planeThrough(lights), planeThrough(darks)]
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const [light, ink] = [lightAt(x, y), darkAt(x, y)]
      values[y * side + x] = (light - (values[y * side + x] as number)) / Math.max(1, light - ink)
    }
  return { side, modules, scale, dark, values }
}
/** The plane of least squares through points. */
const plane = (points: readonly (readonly [x: number, y: number, z: number])[]): ((x: number, y: number) => number) => {
  const n = points.length
  const mean = (of: (point: readonly [number, number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / n
  const [mx, my, mz] = [mean(([x]) => x), mean(([, y]) => y), mean(([, , z]) => z)]
  const moment = (of: (x: number, y: number, z: number) => number): number => mean(([x, y, z]) => of(x - mx, y - my, z - mz))
  const [xx, yy, xy] = [moment((x) => x * x), moment((_, y) => y * y), moment((x, y) => x * y)]
  const [xz, yz] = [moment((x, _, z) => x * z), moment((_, y, z) => y * z)]
  const whole = xx * yy - xy * xy
  const [a, b] = whole > 0 ? [(xz * yy - yz * xy) / whole, (yz * xx - xz * xy) / whole] : [0, 0]
  return (x, y) => mz + a * (x - mx) + b * (y - my)
}
