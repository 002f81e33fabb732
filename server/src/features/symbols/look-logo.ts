import type { Design } from '@postern/contract'
import { blurred } from './degrade.ts'
import { type Raster, rasterOf } from './raster.ts'
import { type Flat, flatMargin } from './rectify.ts'
import { clearedFor, type Logo, type Scene } from './scene.ts'

/** How much a picture's middle is like a logo: 1 the very same, 0 nothing in common, in colours as the light modules show them. */
export const likenessOf = (
  flat: Flat,
  light: readonly number[],
  design: Design,
  image: Logo,
  scene: Scene | null,
  sigma: number,
): number => {
  const { modules, side } = flat
  const drawn = scene?.modules === modules ? scene.logo : null
  const longer = ((design.logo?.widthPercent ?? 20) / 100) * modules
  const scale = longer / Math.max(image.width, image.height)
  const { width, height } = drawn ?? { width: image.width * scale, height: image.height * scale }
  const cleared = clearedFor({ width, height })
  const wished = rasterOf(
    {
      ...cleared,
      ground: design.colours.ground,
      fills: [],
      logo: { x: (cleared.width - width) / 2, y: (cleared.height - height) / 2, width, height, image },
    },
    cleared.width * flat.scale,
    3,
  )
  const soft = channelsOf(wished).map((channel) => blurred({ ...wished, channels: 1, data: channel }, sigma * flat.scale).data)
  const ground = channelsOf(rasterOf({ width: 1, height: 1, ground: design.colours.ground, fills: [], logo: null }, 1, 3)).map(
    ([value]) => value as number,
  )
  const left = ((modules - cleared.width) / 2 + flatMargin) * flat.scale
  const top = ((modules - cleared.height) / 2 + flatMargin) * flat.scale
  const [a, b]: [number[], number[]] = [[], []]
  for (let row = 0; row < wished.height; row++)
    for (let column = 0; column < wished.width; column++)
      for (let channel = 0; channel < 3; channel++) {
        a.push((flat.data[3 * ((top + row) * side + left + column) + channel] as number) / (light[channel] as number))
        b.push(((soft[channel] as Uint8Array)[row * wished.width + column] as number) / Math.max(1, ground[channel] as number))
      }
  return Math.max(0, correlation(a, b))
}
const channelsOf = ({ channels, data }: Raster): Uint8Array[] =>
  Array.from({ length: channels }, (_, channel) => data.filter((_value, at) => at % channels === channel))

const correlation = (a: readonly number[], b: readonly number[]): number => {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [ma, mb] = [mean(a), mean(b)]
  let [aa, bb, ab] = [0, 0, 0]
  for (const [at, value] of a.entries()) {
    const [p, q] = [value - ma, (b[at] as number) - mb]
    aa += p * p
    bb += q * q
    ab += p * q
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb)
}
