import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Design, plainDesign } from '@postern/contract'
import fc from 'fast-check'
import { cleanLogo, openLogo } from './logo.ts'
import { type Level, matrixOf } from './matrix.ts'
import { rasterOf } from './raster.ts'
import { readByQr, readByZbar, readByZxing } from './readers.ts'
import { type Logo, sceneOf } from './scene.ts'
import { anyDesign, link, logoUpload, styles } from './test-support.ts'

let logo: Logo
before(async () => {
  logo = await openLogo((await cleanLogo(await logoUpload())).png)
})

test('every style is read at every level by both proof readers', async () => {
  for (const design of styles)
    for (const level of ['L', 'M', 'Q', 'H'] as const) {
      const scene = sceneOf(link, design, null, level)
      const picture = rasterOf(scene, 500, 1)
      const what = `${design.modules}, ${design.eyeFrames} at ${level}`
      assert.equal(scene.level, level)
      assert.equal(await readByZxing(picture), link, `zxing: ${what}`)
      assert.equal(readByQr(picture), link, `qr: ${what}`)
    }
})

test('the older reader reads squares and rounded modules with square eyes', async () => {
  const designs = styles.filter(({ modules, eyeFrames }) => ['square', 'rounded'].includes(modules) && eyeFrames === 'square')
  const pictures = designs.map((design) => rasterOf(sceneOf(link, design), 500, 1))
  assert.deepEqual(
    await readByZbar(pictures),
    designs.map(() => link),
  )
})

test('property: any text in any design is read back, and four modules about it are ground', async () => {
  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
    fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme-ascii' }),
    fc.webUrl(),
  )
  const level = fc.constantFrom<Level>('L', 'M', 'Q', 'H')
  await fc.assert(
    fc.asyncProperty(text, anyDesign, level, async (wish, design, least) => {
      const scene = sceneOf(wish, design, logo, least)
      const picture = rasterOf(scene, Math.round(scene.width * 6), 1)
      const scale = picture.width / scene.width
      assert.ok([await readByZxing(picture), readByQr(picture)].includes(wish))
      const { x, y, width, height } = scene.symbol
      assert.equal(width, scene.modules + 8)
      assert.equal(height, scene.modules + 8)
      const ground = picture.data[0]
      for (let row = Math.ceil(y * scale); row < Math.floor((y + height) * scale) - 1; row++)
        for (let column = Math.ceil(x * scale); column < Math.floor((x + width) * scale) - 1; column++) {
          const inside = (at: number, from: number, size: number): boolean =>
            at >= (from + 4) * scale - 1 && at <= (from + size - 4) * scale
          if (inside(column, x, width) && inside(row, y, height)) continue
          assert.equal(picture.data[row * picture.width + column], ground, `ink in the quiet zone at ${column}, ${row}`)
        }
    }),
    { numRuns: 60 },
  )
})

test('a logo raises the correction, is as wide as asked where that can be spared, and keeps off what readers steer by', () => {
  const asked = { ...plainDesign, logo: { widthPercent: 22 } }
  const scene = sceneOf('https://a.example/c/1', asked, logo)
  assert.equal(scene.level, 'H')
  assert.equal(Math.round((100 * (scene.logo?.width ?? 0)) / scene.modules), 22)
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 5, max: 25 }),
      fc.constantFrom(1, 0.3, 4),
      (length, widthPercent, shape) => {
        const text = 'x'.repeat(length)
        const drawn = sceneOf(text, { ...asked, logo: { widthPercent } }, { ...logo, height: Math.round(logo.width * shape) })
        // from version 7 on a pattern lies in the middle: such a symbol has no logo
        if (!drawn.logo) return assert.ok(matrixOf(text, 'M').length > 41)
        assert.ok(drawn.modules <= 41)
        const longer = Math.max(drawn.logo.width, drawn.logo.height)
        assert.ok(longer <= (drawn.modules * widthPercent) / 100 + 1e-9)
        assert.ok(longer >= 1)
        return assert.ok(drawn.modules - longer >= 19, 'eyes and format bits stay free')
      },
    ),
  )
})

test('what lies below a logo is cleared in whole modules, with room about it', async () => {
  const scene = sceneOf(link, { ...plainDesign, logo: { widthPercent: 20 } }, { ...logo, rgba: new Uint8Array(logo.rgba.length) })
  assert.ok(scene.logo)
  const picture = rasterOf(scene, Math.round(scene.width * 8), 1)
  const half = scene.logo.width / 2 + 0.5
  for (let y = scene.width / 2 - half; y < scene.width / 2 + half; y += 0.2)
    for (let x = scene.width / 2 - half; x < scene.width / 2 + half; x += 0.2)
      assert.equal(picture.data[Math.floor(y * 8) * picture.width + Math.floor(x * 8)], 255)
  assert.equal(await readByZxing(picture), link, 'the correction makes up for it')
})

test('a text is refused where no symbol holds it', () => {
  for (const text of ['', '\ud800', 'x'.repeat(3_000)])
    assert.throws(() => sceneOf(text, plainDesign), { code: 'invalid-request' })
})

test('a frame’s words are outlines in Latin, Greek and Cyrillic; other scripts are refused by their letter', () => {
  const framed = (text: string): Design => ({ ...plainDesign, frame: { text } })
  for (const text of ['Zażółć gęślą jaźń ĄĘŁŃÓŚŹŻ', 'Σάρωσέ με', 'Скануй мене', 'Quét mã'.normalize('NFD')]) {
    const words = sceneOf(link, framed(text)).fills.at(-1)
    assert.ok((words?.path.length ?? 0) > 100, text)
    const xs = (words?.path ?? []).flatMap((step) => (step[0] === 'Z' ? [] : [step.at(-2) as number]))
    assert.ok(Math.min(...xs) > 1 && Math.max(...xs) < sceneOf(link, framed(text)).width - 1, `${text} stays on its band`)
  }
  assert.throws(() => sceneOf(link, framed('扫我')), { code: 'invalid-request', message: /“扫”/ })
})

test('a design is checked to be one', () => {
  assert.equal(
    Design.parse({ ...plainDesign, colours: { ...plainDesign.colours, modules: '#ABCDEF' } }).colours.modules,
    '#abcdef',
  )
  for (const wrong of [
    { ...plainDesign, modules: 'hearts' },
    { ...plainDesign, colours: { ...plainDesign.colours, eyes: 'red' } },
    { ...plainDesign, colours: { ...plainDesign.colours, ground: '#fff"/><script>' } },
    { ...plainDesign, frame: { text: 'x'.repeat(29) } },
    { ...plainDesign, frame: { text: 'two\nlines' } },
    { ...plainDesign, logo: { widthPercent: 26 } },
    { ...plainDesign, quietZone: 2 },
  ])
    assert.equal(Design.safeParse(wrong).success, false, JSON.stringify(wrong))
})
