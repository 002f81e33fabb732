import type { Scene } from './scene.ts'
import { drawn, flattened, inks, type Operators, pointsOf, short } from './vector.ts'

const operators: Operators = { move: 'm', line: 'l', curve: 'c', close: 'h', fill: 'f', colour: 'k' }

/** Encapsulated PostScript, level 2: plain ASCII for the oldest of print shops; words are outlines, so it needs no font. */
export const epsOf = (scene: Scene, widthMm: number): Buffer => {
  const { width, height, ground, fills, logo } = scene
  const scale = pointsOf(widthMm) / width
  const [right, top] = [scale * width, scale * height]
  return Buffer.from(
    [
      '%!PS-Adobe-3.0 EPSF-3.0',
      `%%BoundingBox: 0 0 ${Math.ceil(right)} ${Math.ceil(top)}`,
      `%%HiResBoundingBox: 0 0 ${short(right)} ${short(top)}`,
      '%%LanguageLevel: 2',
      '%%EndComments',
      'save',
      '/m {moveto} bind def /l {lineto} bind def /c {curveto} bind def',
      '/h {closepath} bind def /f {fill} bind def /k {setrgbcolor} bind def',
      // from here on a unit is a module and y runs down
      `0 ${short(top)} translate ${short(scale)} ${short(-scale)} scale`,
      `${inks(ground)} k 0 0 ${short(width)} ${short(height)} rectfill`,
      ...fills.flatMap(({ colour, path }) => [`${inks(colour)} ${operators.colour}`, drawn(path, operators)]),
      ...(logo ? picture(logo, ground) : []),
      'restore',
      'showpage',
      '%%EOF',
      '',
    ].join('\n'),
    'latin1',
  )
}

/** In hexadecimal and packed by LZW, for level 2 knows no zlib. */
const picture = (logo: NonNullable<Scene['logo']>, ground: string): string[] => {
  const { image, x, y, width, height } = logo
  const hex = `${lzw(flattened(image, ground)).toString('hex')}>`
  return [
    'gsave /DeviceRGB setcolorspace',
    `${short(x)} ${short(y)} translate ${short(width)} ${short(height)} scale`,
    `<< /ImageType 1 /Width ${image.width} /Height ${image.height} /BitsPerComponent 8 /Decode [0 1 0 1 0 1]`,
    `/ImageMatrix [${image.width} 0 0 ${image.height} 0 0]`,
    '/DataSource currentfile /ASCIIHexDecode filter /LZWDecode filter >> image',
    ...(hex.match(/.{1,254}/g) ?? []),
    'grestore',
  ]
}

/** LZW as PostScript's filter reads it: codes of 9 to 12 bits, high bit first, wider by one code earlier than needed. */
const lzw = (data: Uint8Array): Buffer => {
  const [clear, end, full] = [256, 257, 4095]
  const out: number[] = []
  let [bits, held, width, next] = [0, 0, 9, 258]
  // known strings, each as its beginning's code and its last byte
  let known = new Map<number, number>()
  const put = (code: number): void => {
    bits = (bits << width) | code
    held += width
    for (; held >= 8; held -= 8) out.push((bits >> (held - 8)) & 255)
    bits &= (1 << held) - 1
  }
  put(clear)
  let string = -1
  for (const byte of data) {
    const longer = known.get((string << 8) | byte)
    if (string === -1) string = byte
    else if (longer !== undefined) string = longer
    else {
      put(string)
      known.set((string << 8) | byte, next++)
      if (next === full) {
        put(clear)
        known = new Map()
        ;[width, next] = [9, 258]
      } else if (next === 1 << width) width++
      string = byte
    }
  }
  if (string !== -1) put(string)
  if (next + 1 === 1 << width) width++
  put(end)
  if (held > 0) out.push((bits << (8 - held)) & 255)
  return Buffer.from(out)
}
