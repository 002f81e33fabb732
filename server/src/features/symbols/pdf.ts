import { deflateSync } from 'node:zlib'
import type { Scene } from './scene.ts'
import { drawn, flattened, inks, type Operators, pointsOf, short } from './vector.ts'

const operators: Operators = { move: 'm', line: 'l', curve: 'c', close: 'h', fill: 'f', colour: 'rg' }

/** One page of the symbol's size: vectors, words as outlines, no fonts, no dates, no names (PDF 1.4). */
export const pdfOf = (scene: Scene, widthMm: number): Buffer => {
  const { width, height, ground, fills, logo } = scene
  const scale = pointsOf(widthMm) / width
  const content = [
    // from here on a unit is a module and y runs down
    `${short(scale)} 0 0 ${short(-scale)} 0 ${short(scale * height)} cm`,
    `${inks(ground)} rg`,
    `0 0 ${short(width)} ${short(height)} re f`,
    ...fills.flatMap(({ colour, path }) => [`${inks(colour)} ${operators.colour}`, drawn(path, operators)]),
    ...(logo
      ? [`q ${short(logo.width)} 0 0 ${short(-logo.height)} ${short(logo.x)} ${short(logo.y + logo.height)} cm /Logo Do Q`]
      : []),
  ].join('\n')
  const objects = [
    dictionary('/Type /Catalog /Pages 2 0 R'),
    dictionary('/Type /Pages /Kids [3 0 R] /Count 1'),
    dictionary(
      `/Type /Page /Parent 2 0 R /MediaBox [0 0 ${short(scale * width)} ${short(scale * height)}] /Contents 4 0 R /Resources << ${logo ? '/XObject << /Logo 5 0 R >>' : ''} >>`,
    ),
    stream('', Buffer.from(content, 'latin1')),
  ]
  if (logo)
    objects.push(
      stream(
        `/Type /XObject /Subtype /Image /Width ${logo.image.width} /Height ${logo.image.height} /ColorSpace /DeviceRGB /BitsPerComponent 8 `,
        flattened(logo.image, ground),
      ),
    )
  return file(objects)
}

const dictionary = (entries: string): Buffer => Buffer.from(`<< ${entries} >>`, 'latin1')
const stream = (entries: string, data: Uint8Array): Buffer => {
  const packed = deflateSync(data)
  return Buffer.concat([
    Buffer.from(`<< ${entries}/Filter /FlateDecode /Length ${packed.length} >>\nstream\n`, 'latin1'),
    packed,
    Buffer.from('\nendstream', 'latin1'),
  ])
}

/** Numbers the objects from 1 and writes the table of where each begins; the first is the catalogue. */
const file = (objects: readonly Buffer[]): Buffer => {
  // the second line tells tools that this is no text
  const parts = [Buffer.from('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n', 'latin1')]
  const offsets: number[] = []
  let length = parts[0]?.length ?? 0
  objects.forEach((object, index) => {
    offsets.push(length)
    const whole = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')])
    parts.push(whole)
    length += whole.length
  })
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const size = objects.length + 1
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${entries}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  )
  return Buffer.concat(parts)
}
