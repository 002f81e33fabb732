import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Design, plainDesign } from '@postern/contract'
import fc from 'fast-check'
import { drawOne, readBack } from './draw.ts'
import { contrastOf, drawSymbol, type Look, symbolSvg } from './index.ts'
import { cleanLogo } from './logo.ts'
import { readByQr, readByZbar, readByZxing } from './readers.ts'
import { anyDesign, link, logoUpload, petrol, pictureOf, styles } from './test-support.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-symbols-'))
after(() => rmSync(folder, { recursive: true }))
let logo: Buffer
before(async () => {
  logo = (await cleanLogo(await logoUpload())).png
})
const framed = (text: string): Design => ({
  ...plainDesign,
  modules: 'rounded',
  colours: petrol,
  frame: { text },
  logo: { widthPercent: 22 },
})

test('SVG: as another program draws it, each style is read, with frame and logo too', async () => {
  for (const design of [...styles, framed('Zażółć gęślą jaźń')]) {
    const svg = await drawOne(link, { design, logo }, { format: 'svg' })
    const picture = await pictureOf(svg, 600)
    assert.equal(await readByZxing(picture), link)
    assert.equal(readByQr(picture), link)
  }
})

test('SVG: what a person wrote is nowhere in it as text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(`<&>"']]>`, '</path><script>', '" onload="x', '&lt;&#60;'), async (words) => {
      for (const design of [plainDesign, framed(words)]) {
        const svg = (await drawOne(`https://a.example/${words}`, { design }, { format: 'svg' })).toString()
        // elements, and attributes of numbers, colours, path letters and base64
        assert.match(
          svg,
          /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 [\d.]+ [\d.]+"(?: shape-rendering="crispEdges")?>(?:<path fill="#[0-9a-f]{6}" d="[MLHVACZhvz\d. -]+"\/>)+<\/svg>$/,
        )
      }
    }),
  )
})

test('the plain look for our own screens is one path, and is read', async () => {
  const svg = symbolSvg(link)
  assert.equal(await readByZxing(await pictureOf(Buffer.from(svg), 500)), link)
  assert.ok(svg.length < 8_000)
})

test('PNG: the plain look is a bit a pixel, has the pixels asked for, and is read by all three', async () => {
  for (const width of [64, 150, 333, 1024]) {
    const png = await drawOne(link, { design: plainDesign }, { format: 'png', width })
    const picture = await pictureOf(png)
    assert.deepEqual([picture.width, picture.height], [width, width])
    assert.equal(png[24], 1, 'bit depth')
    assert.equal(await readByZxing(picture), link)
    assert.equal(readByQr(picture), link)
    if (width > 100) assert.deepEqual(await readByZbar([picture]), [link])
    assert.deepEqual([...picture.data.subarray(0, 3)], [255, 255, 255])
    const inks = new Set<string>()
    for (let at = 0; at < picture.data.length; at += 3) inks.add(picture.data.subarray(at, at + 3).join())
    assert.deepEqual([...inks].sort(), ['11,16,19', '255,255,255'])
  }
})

test('PNG: styled ones have their width, their colours and their words', async () => {
  const png = await drawOne(link, { design: framed('Scan before you enter'), logo }, { format: 'png', width: 800 })
  const picture = await pictureOf(png)
  assert.equal(picture.width, 800)
  assert.ok(picture.height > 900 && picture.height < 1_000)
  assert.equal(await readByZxing(picture), link)
  const has = (wanted: readonly number[]): boolean => {
    for (let at = 0; at < picture.data.length; at += 3)
      if (wanted.every((part, channel) => picture.data[at + channel] === part)) return true
    return false
  }
  assert.ok(has([0x0b, 0x2a, 0x34]) && has([0x06, 0x62, 0x78]) && has([255, 255, 255]))
})

test('PNG: too few pixels, and widths that are none, are refused', async () => {
  for (const design of [plainDesign, { ...plainDesign, modules: 'dots' as const }])
    await assert.rejects(drawOne(link, { design }, { format: 'png', width: 20 }), { code: 'invalid-request' })
})

/** Pixels a millimetre at so many dots an inch. */
const dpi = 300
const pixels = (mm: number): number => (mm * dpi) / 25.4

test('PDF: as poppler draws it, it has the millimetres asked for and is read', async () => {
  for (const [index, design] of [plainDesign, ...styles.slice(3, 5), framed('Zażółć gęślą jaźń')].entries()) {
    const pdf = await drawOne(link, { design, logo }, { format: 'pdf', widthMm: 42 })
    const path = join(folder, `${index}`)
    writeFileSync(`${path}.pdf`, pdf)
    execFileSync('pdftoppm', ['-r', String(dpi), '-png', '-singlefile', `${path}.pdf`, path])
    const picture = await pictureOf(readFileSync(`${path}.png`))
    assert.ok(Math.abs(picture.width - pixels(42)) <= 1.5, `${picture.width} pixels wide`)
    assert.deepEqual(await readByZbar([picture]), [link])
    assert.equal(await readByZxing(picture), link)
    assert.doesNotMatch(pdf.toString('latin1'), /\/Font|\/Info|JavaScript/)
  }
})

test('EPS: as Ghostscript draws it, its box has the millimetres asked for and it is read', async () => {
  for (const [index, design] of [plainDesign, ...styles.slice(3, 5), framed('Zażółć gęślą jaźń')].entries()) {
    const eps = await drawOne(link, { design, logo }, { format: 'eps', widthMm: 42 })
    const head = /%%HiResBoundingBox: 0 0 ([\d.]+) ([\d.]+)/.exec(eps.toString('latin1'))
    assert.equal(Number(head?.[1]).toFixed(2), ((42 * 72) / 25.4).toFixed(2))
    // printable ASCII and no line too long, so that no mail or editor harms it
    assert.match(eps.toString('latin1'), /^(?:[\x20-\x7e]{0,255}\n)+$/)
    const path = join(folder, `${index}`)
    writeFileSync(`${path}.eps`, eps)
    // -dSAFER as print shops run it; level 2, as the oldest do
    execFileSync('gs', [
      '-q',
      '-dNOPAUSE',
      '-dBATCH',
      '-dSAFER',
      '-dEPSCrop',
      '-sDEVICE=png16m',
      `-r${dpi}`,
      '-dLanguageLevel=2',
      `-sOutputFile=${path}.eps.png`,
      `${path}.eps`,
    ])
    const picture = await pictureOf(readFileSync(`${path}.eps.png`))
    assert.ok(Math.abs(picture.width - pixels(42)) <= 1.5, `${picture.width} pixels wide`)
    assert.deepEqual(await readByZbar([picture]), [link])
    assert.equal(await readByZxing(picture), link)
  }
})

test('PDF and EPS show the same picture, logo and words included', async () => {
  // a noisy logo: every byte of the packed image counts
  const noise = Buffer.alloc(200 * 120 * 3)
  for (let at = 0, value = 7; at < noise.length; at++) noise[at] = value = (value * 131 + 17) % 251
  const { default: sharp } = await import('sharp')
  const { png } = await cleanLogo(
    await sharp(noise, { raw: { width: 200, height: 120, channels: 3 } })
      .png()
      .toBuffer(),
  )
  const look: Look = { design: { ...plainDesign, frame: { text: 'Łódź' }, logo: { widthPercent: 25 } }, logo: png }
  const path = join(folder, 'same')
  writeFileSync(`${path}.pdf`, await drawOne(link, look, { format: 'pdf', widthMm: 50 }))
  writeFileSync(`${path}.eps`, await drawOne(link, look, { format: 'eps', widthMm: 50 }))
  const drawn = ['pdf', 'eps'].map((kind) => {
    execFileSync('gs', [
      '-q',
      '-dNOPAUSE',
      '-dBATCH',
      '-dSAFER',
      '-dEPSCrop',
      '-sDEVICE=png16m',
      '-r150',
      '-g295x342',
      `-sOutputFile=${path}.${kind}.png`,
      `${path}.${kind}`,
    ])
    return pictureOf(readFileSync(`${path}.${kind}.png`))
  })
  const [pdf, eps] = (await Promise.all(drawn)) as [Awaited<(typeof drawn)[0]>, Awaited<(typeof drawn)[0]>]
  const apart = pdf.data.reduce((sum, value, at) => sum + Math.abs(value - (eps.data[at] ?? 0)), 0) / pdf.data.length
  assert.ok(apart < 2, `on the mean ${apart} of 255 apart`)
})

test('a symbol does not leave with too little contrast, and the refusal names a colour that would do', async () => {
  const design = { ...plainDesign, colours: { modules: '#5a9aa8', eyes: '#0b1013', ground: '#ffffff' } }
  const nearest = contrastOf(design)[0]?.nearest?.modules
  await assert.rejects(drawSymbol(link, { design }, { format: 'svg' }), {
    code: 'invalid-request',
    message: new RegExp(`design\\.colours\\.modules: 3\\.\\d : 1 .*modules ${nearest}`),
  })
})

test('a picture that says nothing, or something else, is a bug', async () => {
  const picture = await pictureOf(await drawOne(link, { design: plainDesign }, { format: 'png', width: 300 }))
  await readBack(link, picture)
  await assert.rejects(readBack('https://evil.example/', picture), /read back as another text/)
  await assert.rejects(readBack(link, { ...picture, data: new Uint8Array(picture.data.length) }), /could not be read back/)
})

test('property: what leaves is read as what went in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1, maxLength: 90, unit: 'grapheme' }), anyDesign, async (text, design) => {
      const png = await drawOne(text, { design, logo }, { format: 'png', width: 600 })
      const picture = await pictureOf(png)
      assert.ok([readByQr(picture), await readByZxing(picture)].includes(text))
    }),
    { numRuns: 25 },
  )
})
