import { type Design, plainDesign } from '@postern/contract'
import fc from 'fast-check'
import sharp from 'sharp'
import type { Raster } from './raster.ts'

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
