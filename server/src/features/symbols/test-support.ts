import { type Design, plainDesign } from '@postern/contract'
import fc from 'fast-check'
import sharp from 'sharp'
import { blurred, faded, noisy, rotated, surrounded, tilted } from './degrade.ts'
import { type Raster, rasterOf } from './raster.ts'
import type { Scene } from './scene.ts'

/** A link such as is printed most, and one whose host is long. */
export const link = 'https://id.northfield.example/c/cod_01k9zq3v7m4k9q8w2x6t5r0p1n'
export const petrol = { modules: '#0b2a34', eyes: '#066278', ground: '#ffffff' }

const shapes = ['square', 'rounded', 'circle'] as const
/** Every module with every eye, frame and ball alike. */
export const styles: Design[] = (['square', 'rounded', 'dots', 'diamond'] as const).flatMap((modules) =>
  shapes.map((eye) => ({ ...plainDesign, modules, eyeFrames: eye, eyeBalls: eye, colours: petrol })),
)
export const anyDesign: fc.Arbitrary<Design> = fc.record({
  modules: fc.constantFrom('square', 'rounded', 'dots', 'diamond'),
  eyeFrames: fc.constantFrom(...shapes),
  eyeBalls: fc.constantFrom(...shapes),
  colours: fc.constantFrom(plainDesign.colours, petrol, { modules: '#5a1e00', eyes: '#003366', ground: '#fff4d6' }),
  frame: fc.option(fc.record({ text: fc.constantFrom('Scan me', 'Zażółć gęślą jaźń', 'Скануй', 'W'.repeat(28)) })),
  logo: fc.option(fc.record({ widthPercent: fc.integer({ min: 5, max: 25 }) })),
})

/** A gate on petrol, with transparent corners; as an upload would be. */
export const logoUpload = (width = 400, height = 400): Promise<Buffer> =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 20 20" preserveAspectRatio="none"><rect width="20" height="20" rx="4.5" fill="#066278"/><path d="M4.8 15.5L8.3 4.5M15.2 15.5L11.7 4.5M6.4 12.6h7.2M7.5 8.9h5" stroke="#fff" stroke-width="1.7" stroke-linecap="round" fill="none"/></svg>`,
    ),
  )
    .png()
    .toBuffer()

/** Whatever libvips reads, SVG by librsvg: a second opinion on what we wrote. */
export const pictureOf = async (file: Buffer, width?: number): Promise<Raster> => {
  const { data, info } = await sharp(file)
    .resize(width ? { width } : {})
    .flatten({ background: '#808080' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, channels: 3, data }
}

/** The inks of an imagined street of shops. */
export const inks = {
  petrol,
  black: plainDesign.colours,
  brown: { modules: '#5a1e00', eyes: '#003366', ground: '#fff4d6' },
  red: { modules: '#8c1d18', eyes: '#8c1d18', ground: '#ffffff' },
  green: { modules: '#14532d', eyes: '#166534', ground: '#ffffff' },
  navy: { modules: '#1e3a8a', eyes: '#1e3a8a', ground: '#ffffff' },
  purple: { modules: '#4a148c', eyes: '#6a1b9a', ground: '#f3e5f5' },
}
const each =
  (spoil: (channel: Raster, number: number) => Raster) =>
  (picture: Raster): Raster => {
    const [red, green, blue] = [0, 1, 2].map((number) =>
      spoil({ ...picture, channels: 1, data: picture.data.filter((_value, at) => at % 3 === number) }, number),
    ) as [Raster, Raster, Raster]
    const data = new Uint8Array(3 * red.data.length)
    for (let at = 0; at < red.data.length; at++)
      data.set([red.data[at] as number, green.data[at] as number, blue.data[at] as number], 3 * at)
    return { ...red, channels: 3, data }
  }
const inLight =
  (...gains: [number, number, number]) =>
  (picture: Raster): Raster => ({
    ...picture,
    data: picture.data.map((value, at) => Math.round(value * (gains[at % 3] as number))),
  })
const asJpeg = async ({ width, height, data }: Raster, quality: number): Promise<Raster> =>
  pictureOf(
    await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality })
      .toBuffer(),
  )
const grey = (picture: Raster): Raster => {
  const data = new Uint8Array(picture.data.length)
  for (let at = 0; at < data.length; at += 3) {
    const [red, green, blue] = [picture.data[at] as number, picture.data[at + 1] as number, picture.data[at + 2] as number]
    data.fill(Math.round(0.299 * red + 0.587 * green + 0.114 * blue), at, at + 3)
  }
  return { ...picture, data }
}
const warm = inLight(1, 0.86, 0.66)
const usual = 600
/** How a symbol is photographed: pixels across, and what light, lens and file do, told the pixels a module. */
export const photographs: Record<string, [number, (picture: Raster, module: number) => Raster | Promise<Raster>]> = {
  clean: [usual, (picture) => picture],
  small: [150, (picture) => picture],
  blurred: [usual, (picture, module) => each((channel) => blurred(channel, 0.5 * module))(picture)],
  noisy: [usual, each((channel, number) => noisy(channel, 20, 1 + number))],
  rotated: [usual, each((channel) => rotated(channel, 11))],
  tilted: [usual, each((channel) => tilted(channel, 15))],
  'low contrast': [usual, each((channel) => faded(channel, 0.4))],
  'dark surround': [usual, each((channel) => surrounded(channel, 60, 18))],
  'warm light': [usual, warm],
  'cool light': [usual, inLight(0.75, 0.88, 1)],
  'JPEG 60': [usual, (picture) => asJpeg(picture, 60)],
  'all of it': [
    420,
    (picture, module) =>
      asJpeg(
        each((channel, number) => noisy(blurred(tilted(rotated(channel, 7), 10), 0.25 * module), 8, 3 + number))(warm(picture)),
        60,
      ),
  ],
  'without colour': [usual, grey],
  photocopied: [
    usual,
    (picture) => {
      const soft = grey(each((channel) => blurred(channel, 1.5))(picture))
      return { ...soft, data: soft.data.map((value) => (value < 150 ? 20 : 250)) }
    },
  ],
}
export const photograph = async (scene: Scene, condition: string): Promise<Raster> => {
  const [width, spoil] = photographs[condition] as (typeof photographs)[string]
  return spoil(rasterOf(scene, width, 3), width / scene.width)
}

/**
 * A photo taken anyhow, the same for a number in each run: turned and tilted freely, from near or far, soft, noisy, under some
 * lamp and half in shade, with the camera's own colours and contrast, specks on the paper, saved small.
 */
export const anyhow = async (scene: Scene, seed: number): Promise<Raster> => {
  let state = seed
  const random = (least: number, most: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39)
    return least + (((state ^ (state >>> 15)) >>> 0) / 2 ** 32) * (most - least)
  }
  for (let count = 0; count < 5; count++) random(0, 1)
  const width = Math.round(random(220, 1_000))
  const module = width / scene.width
  const drawn = rasterOf(scene, width, 3)
  for (let speck = 0; speck < 4; speck++) {
    const [left, top, size, shade] = [
      random(0, 0.9) * width,
      random(0, 0.9) * drawn.height,
      random(0.5, 2) * module,
      random(20, 235),
    ]
    for (let y = Math.floor(top); y < Math.min(drawn.height, top + size); y++)
      drawn.data.fill(shade, 3 * (y * width + Math.floor(left)), 3 * (y * width + Math.floor(Math.min(width, left + size))))
  }
  const [turn, tilt, softness, grain] = [random(0, 360), random(-22, 22), random(0.05, 0.4) * module, random(0, 14)]
  const lens = each((channel, number) => noisy(blurred(tilted(rotated(channel, turn), tilt), softness), grain, seed + number))(
    drawn,
  )
  const lamp = [1, random(0.82, 1), random(0.62, 1)]
  const [shade, gamma, saturation] = [random(0, 0.5), random(0.8, 1.25), random(0.75, 1.3)]
  const data = new Uint8ClampedArray(lens.data.length)
  for (let at = 0; at < data.length; at += 3) {
    const light = 1 - (shade * ((at / 3) % lens.width)) / lens.width
    const lit = lamp.map((gain, channel) => 255 * (((lens.data[at + channel] as number) * gain * light) / 255) ** gamma)
    const grey = 0.299 * (lit[0] as number) + 0.587 * (lit[1] as number) + 0.114 * (lit[2] as number)
    for (const [channel, value] of lit.entries()) data[at + channel] = grey + (value - grey) * saturation
  }
  return asJpeg({ ...lens, data: new Uint8Array(data.buffer) }, Math.round(random(45, 92)))
}
