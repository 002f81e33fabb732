import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { cleanLogo, openLogo } from './logo.ts'
import { logoUpload } from './test-support.ts'

const refused = async (bytes: Uint8Array, what: RegExp): Promise<void> => {
  await assert.rejects(cleanLogo(bytes), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'invalid-request')
    assert.match(error.message, what)
    assert.match(error.message, /PNG, JPEG or WebP/)
    return true
  })
}
const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
const pngHeader = (width: number, height: number): Buffer => {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header)])
}

test('PNG, JPEG and WebP are taken by their bytes, and kept as a PNG of at most 512 pixels', async () => {
  const upload = sharp(await logoUpload(900, 300)).flatten({ background: '#ffffff' })
  for (const file of [await upload.png().toBuffer(), await upload.jpeg().toBuffer(), await upload.webp().toBuffer()]) {
    const { png, width, height } = await cleanLogo(file)
    assert.deepEqual([width, height], [512, 171])
    const kept = await openLogo(png)
    assert.deepEqual([kept.width, kept.height, kept.rgba.length], [512, 171, 512 * 171 * 4])
  }
  const little = await cleanLogo(await logoUpload(40, 20))
  assert.deepEqual([little.width, little.height], [40, 20], 'a small one is not blown up')
})

test('nothing is kept but pixels: no place, no author, no comment, no profile, nothing behind the picture', async () => {
  const secret = 'taken at 50.0614 N 19.9366 E by Ada'
  const jpeg = await sharp(await logoUpload())
    .flatten({ background: '#ffffff' })
    .withExif({ IFD0: { Artist: secret, ImageDescription: secret } })
    .withIccProfile('p3')
    .jpeg()
    .toBuffer()
  assert.ok(jpeg.includes(secret))
  const polyglot = Buffer.concat([await logoUpload(), Buffer.from(`<script>${secret}</script>PK\x03\x04`, 'latin1')])
  const upload = await logoUpload()
  const commented = Buffer.concat([upload.subarray(0, 33), chunk('tEXt', Buffer.from(`Comment\0${secret}`)), upload.subarray(33)])
  for (const file of [jpeg, polyglot, commented]) {
    assert.ok(file.includes(secret))
    const { png } = await cleanLogo(file)
    const kinds: string[] = []
    for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) kinds.push(png.toString('latin1', at + 4, at + 8))
    assert.deepEqual(
      [...new Set(kinds)].filter((kind) => !['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND', 'pHYs'].includes(kind)),
      [],
    )
    assert.ok(!png.includes(secret) && !png.includes('<script>'))
  }
})

test('a turned photograph is turned upright', async () => {
  const turned = await sharp(await logoUpload(300, 100))
    .withMetadata({ orientation: 6 })
    .toBuffer()
  const { width, height } = await cleanLogo(turned)
  assert.deepEqual([width, height], [100, 300])
})

test('what is no picture of the three kinds is refused by what it is', async () => {
  await refused(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), /an SVG/)
  await refused(Buffer.from('\ufeff<?xml version="1.0"?>\n<!-- logo -->\n<svg/>'), /an SVG/)
  await refused(Buffer.from('GIF89a\x01\0\x01\0', 'latin1'), /a GIF/)
  await refused(Buffer.from('  <!doctype html><title>x</title>'), /a page/)
  await refused(Buffer.from('%PDF-1.4'), /no picture that we know/)
  await refused(Buffer.alloc(0), /empty/)
  // a name or a type is not asked: an SVG that calls itself a PNG stays one
  await refused(Buffer.from('\u0089PNG <svg/>'), /an SVG|no picture/)
})

test('a file of more than a megabyte, and a picture of more than 4096 pixels a side, are refused by their head', async () => {
  await refused(Buffer.concat([await logoUpload(), Buffer.alloc(1024 * 1024)]), /1,0\d\d kB/)
  const wide = await sharp({ create: { width: 4_097, height: 4, channels: 3, background: '#066278' } })
    .png()
    .toBuffer()
  await refused(wide, /4097 x 4 pixels/)
  const photo = await sharp({ create: { width: 5_000, height: 4_000, channels: 3, background: '#066278' } })
    .jpeg()
    .toBuffer()
  await refused(photo, /5000 x 4000 pixels/)
})

test('a decompression bomb is refused before it is unpacked', async () => {
  // 30,000 x 30,000 pixels: 2.7 GB of noughts, packed as far as a megabyte goes
  const bomb = Buffer.concat([
    pngHeader(30_000, 30_000),
    chunk('IDAT', deflateSync(Buffer.alloc(90_001 * 400))),
    chunk('IEND', Buffer.alloc(0)),
  ])
  assert.ok(bomb.length < 1024 * 1024)
  const before = process.memoryUsage().rss
  const startedAt = performance.now()
  await refused(bomb, /30000 x 30000 pixels/)
  assert.ok(performance.now() - startedAt < 1_000)
  assert.ok(process.memoryUsage().rss - before < 200e6)
})

test('property: cut short or changed anywhere, a file is cleaned or refused, and never anything else', async () => {
  const files = await Promise.all([
    logoUpload(60, 60),
    sharp(await logoUpload(60, 60))
      .flatten()
      .jpeg()
      .toBuffer(),
    sharp(await logoUpload(60, 60))
      .webp()
      .toBuffer(),
  ])
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.nat(), fc.nat(255), async (file, cut, place, byte) => {
      // what is cut off is more than the sums and marks behind the pixels
      const short = file.subarray(0, cut % Math.floor(0.8 * file.length))
      await assert.rejects(cleanLogo(short), { code: 'invalid-request' })
      const changed = Buffer.from(file)
      changed[place % file.length] = byte
      try {
        const { png } = await cleanLogo(changed)
        await openLogo(png)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'invalid-request', String(error))
      }
    }),
    { numRuns: 150 },
  )
})
