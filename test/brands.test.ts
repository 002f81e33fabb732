import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import * as contract from '@postern/contract'
import { plainDesign } from '@postern/contract'
import sharp from 'sharp'
import { raw, said } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { readSymbols } from './support/chromium.ts'
import { scratchFolder } from './support/cluster.ts'
import { firstOperator, newPerson, partsOf } from './support/people.ts'
import { startProcess, startServer } from './support/server.ts'
import { pictureOf } from './support/symbol-files.ts'

const server = await startServer()
const olga = await firstOperator(server)
const { browser } = olga

const northfield: contract.Design = {
  modules: 'rounded',
  eyeFrames: 'rounded',
  eyeBalls: 'rounded',
  colours: { modules: '#0b2a34', eyes: '#066278', ground: '#ffffff' },
  frame: { text: 'Scan before you enter' },
  logo: null,
}
/** A picture with a hole in its middle, and what cameras and editors leave in a file. */
const logoFile = (format: 'png' | 'jpeg' | 'webp', size = 640): Promise<Buffer> =>
  sharp({ create: { width: size, height: size, channels: 3, background: '#066278' } })
    .composite([{ input: { create: { width: size >> 2, height: size >> 2, channels: 3, background: '#ffffff' } } }])
    .withExif({ IFD0: { Copyright: 'Mallory was here', Artist: 'Mallory' } })
    .toFormat(format)
    .toBuffer()
const upload = (file: Buffer, by: Browser = browser) => by.try(contract.addLogo, { data: file.toString('base64') })
const etagOf = ({ version }: { version: number }) => ({ headers: { 'if-match': `"${version}"` } })
let made = 0
const kit = (more: Partial<contract.CallIn<typeof contract.createBrand>> = {}) =>
  browser.call(contract.createBrand, { name: `Northfield ${++made}`, design: northfield, logo: null, ...more })
const link = (brand?: contract.Brand) =>
  browser.call(contract.createCode, {
    kind: 'link',
    label: 'Visitor safety',
    destination: { type: 'url', url: 'https://www.example.org/safety' },
    ...(brand ? { brand: brand.id } : {}),
  })
/** A file of a code, as bytes. */
const fileOf = async (path: string, by: Browser = browser) => {
  const response = await by.fetch('GET', path)
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}
/** What a phone would read off a file: paper formats are turned into pictures by programs of their own. */
const readOff = async (bytes: Buffer, format: string): Promise<string[]> => {
  const file = join(mkdtempSync(join(scratchFolder(), 'file')), `symbol.${format}`)
  writeFileSync(file, bytes)
  const picture = await pictureOf(file)
  return readSymbols(format === 'svg' ? await sharp(picture).resize(600).png().toBuffer() : picture)
}

test('one kit is there from the start, plain and proved, so that every code has a look', async () => {
  const { items } = await browser.call(contract.listBrands, {})
  assert.deepEqual(
    items.map(({ name, isDefault, version, savedBy, design }) => [name, isDefault, version, savedBy, design]),
    [['Plain', true, 1, '', plainDesign]],
  )
  const [plain] = items as [contract.Brand]
  assert.equal(plain.proof.passes, true)
  assert.deepEqual(
    plain.proof.rows.map(({ condition, zxing, qr }) => [condition, zxing, qr]),
    contract.proofConditions.map((condition) => [condition, 'read', 'read']),
  )
  const [kept] = await server.sql(`select proof from brand_version where brand_id = (select id from brand where is_default)`)
  assert.deepEqual(kept?.proof, plain.proof, 'proved once, then kept')
})

test('a kit that was proved where there was no older reader is proved again, by it too, where there is one', async () => {
  const bare = await startProcess({ DATABASE_URL: server.databaseUrl, POSTERN_KEY_FILE: server.keyFile, PATH: '/nowhere' })
  const machine = new Browser(bare.origin)
  machine.bearer = (await browser.call(contract.createToken, { name: 'bare', scopes: ['operator'] })).token
  const logo = await upload(await logoFile('png'))
  const design = { ...northfield, logo: { widthPercent: 20 } }
  const saved = await machine.call(contract.createBrand, { name: 'Bare', design, logo: logo.value.id })
  const older = ({ proof }: contract.Brand) => proof.rows.map((row) => row.older)
  assert.deepEqual([...new Set(older(saved))], ['not-tried'])
  assert.deepEqual(older(await machine.call(contract.getBrand, { id: saved.id })), older(saved))
  const now = await browser.call(contract.getBrand, { id: saved.id })
  assert.ok(older(now).includes('read') && !older(now).includes('not-tried'), String(older(now)))
  assert.deepEqual([now.version, now.proof.passes, now.proof.symbol.logo], [1, true, true], 'of the same version, with its logo')
  assert.deepEqual((await machine.call(contract.getBrand, { id: saved.id })).proof, now.proof, 'kept for all')
  assert.deepEqual(
    saved.proof.rows.map(({ zxing, qr }) => [zxing, qr]),
    now.proof.rows.map(({ zxing, qr }) => [zxing, qr]),
  )
})

test('a kit is made with its logo and its proof, saved in versions, and brought back', async () => {
  const logo = await upload(await logoFile('png'))
  assert.deepEqual([logo.status, logo.value.width, logo.value.height], [201, 512, 512])
  const design = { ...northfield, logo: { widthPercent: 20 } }
  const first = await browser.try(contract.createBrand, { name: ' Northfield ', design, logo: logo.value.id })
  assert.equal(first.status, 201, said(first))
  assert.deepEqual(
    [first.value.name, first.value.version, first.value.savedBy, first.value.logo?.id, first.value.proof.passes],
    ['Northfield', 1, olga.username, logo.value.id, true],
  )
  assert.equal(first.value.proof.symbol.level === 'H' || first.value.proof.symbol.level === 'Q', true, 'raised for the logo')
  const second = await browser.try(
    contract.updateBrand,
    { id: first.value.id, design: { ...northfield, modules: 'square' }, logo: null },
    etagOf(first.value),
  )
  assert.deepEqual([second.status, second.value.version, second.value.logo], [200, 2, null])
  const stale = await browser.try(contract.updateBrand, { id: first.value.id, name: 'Late' }, etagOf(first.value))
  assert.deepEqual([stale.status, stale.problem.code], [412, 'precondition-failed'])
  const blind = await browser.try(contract.updateBrand, { id: first.value.id, name: 'Late' })
  assert.equal(blind.problem.code, 'if-match-missing')
  const same = await browser.try(contract.updateBrand, { id: first.value.id, name: 'Northfield' }, etagOf(second.value))
  assert.equal(same.value.version, 2, 'what changes nothing makes no version, and no event')
  const back = await browser.try(contract.restoreBrandVersion, { id: first.value.id, version: 1 }, etagOf(second.value))
  assert.deepEqual([back.status, back.value.version, back.value.design, back.value.logo?.id], [200, 3, design, logo.value.id])
  const { items } = await browser.call(contract.listBrandVersions, { id: first.value.id })
  assert.deepEqual(
    items.map(({ version, by, proof, logo }) => [version, by, proof.passes, logo !== null]),
    [
      [3, olga.username, true, true],
      [2, olga.username, true, false],
      [1, olga.username, true, true],
    ],
  )
  const events = await browser.call(contract.listEvents, { type: 'brand.' })
  assert.deepEqual(
    events.items.slice(0, 3).map(({ type, outcome, subject, detail }) => [type, outcome, subject?.id, detail.version ?? null]),
    [
      ['brand.edited', 'success', first.value.id, 3],
      ['brand.edited', 'denied', first.value.id, null],
      ['brand.edited', 'success', first.value.id, 2],
    ],
  )
})

test('what does not pass is refused at its field, with what was measured and the nearest that passes', async () => {
  const cases: [Partial<contract.Design>, string, RegExp][] = [
    [
      { colours: { modules: '#8fa3ad', eyes: '#066278', ground: '#ffffff' } },
      'design.colours.modules',
      /^modules on the ground: 2\.[0-9] : 1; at least 4\.5 : 1.*modules #[0-9a-f]{6}$/,
    ],
    [
      { colours: { modules: '#0b2a34', eyes: '#e8a33d', ground: '#ffffff' } },
      'design.colours.eyes',
      /eyes on the ground: 2\.[0-9] : 1.*eyes #[0-9a-f]{6}$/,
    ],
    [
      { colours: { modules: '#ffffff', eyes: '#ffffff', ground: '#0b1013' } },
      'design.colours.modules',
      /lighter than the ground/,
    ],
  ]
  for (const [change, path, message] of cases) {
    const refused = await browser.try(contract.createBrand, { name: 'Pale', design: { ...northfield, ...change }, logo: null })
    assert.deepEqual([refused.status, refused.problem.code], [422, 'invalid-request'], said(refused))
    const error = refused.problem.errors?.find((each) => each.path === path)
    assert.match(error?.message ?? '', message)
  }
  assert.deepEqual(await server.sql(`select 1 from brand_version where name = 'Pale'`), [])
  // the colour that was named passes
  const pale = { ...northfield, colours: { ...northfield.colours, modules: '#8fa3ad' } }
  const refused = await browser.try(contract.createBrand, { name: 'Pale', design: pale, logo: null })
  const named = /modules (#[0-9a-f]{6})$/.exec(refused.problem.errors?.[0]?.message ?? '')?.[1] as string
  const better = { ...pale, colours: { ...pale.colours, modules: named } }
  const { proof } = await browser.call(contract.previewBrand, { design: better, logo: null })
  const contrast = proof.contrast.find(({ pair }) => pair === 'modules')
  assert.deepEqual([contrast?.passes, (contrast?.ratio ?? 0) < 4.8], [true, true], 'and no darker than it must be')
  // an edit is held to the same
  const saved = await kit()
  const edited = await browser.try(contract.updateBrand, { id: saved.id, design: pale }, etagOf(saved))
  assert.deepEqual([edited.status, edited.problem.errors?.[0]?.path], [422, 'design.colours.modules'])
  assert.equal((await browser.call(contract.getBrand, { id: saved.id })).version, 1)
})

test('designs that are none are refused by field', async () => {
  const tries: [unknown, string][] = [
    [{ ...northfield, colours: { ...northfield.colours, modules: 'red' } }, 'design.colours.modules'],
    [{ ...northfield, colours: { ...northfield.colours, eyes: 'url(https://evil.example/x)' } }, 'design.colours.eyes'],
    [{ ...northfield, modules: 'stars' }, 'design.modules'],
    [{ ...northfield, frame: { text: 'x'.repeat(29) } }, 'design.frame.text'],
    [{ ...northfield, frame: { text: 'two\nlines' } }, 'design.frame.text'],
    [{ ...northfield, logo: { widthPercent: 26 } }, 'design.logo.widthPercent'],
    [{ ...northfield, logo: { widthPercent: 20 } }, 'logo'],
    [{ ...northfield, inverted: true }, 'design.inverted'],
  ]
  for (const [design, path] of tries)
    for (const [method, url] of [
      ['POST', '/api/brands'],
      ['POST', '/api/brands/preview'],
    ] as const) {
      const body = url.endsWith('preview') ? { design, logo: null } : { name: 'Odd', design, logo: null }
      const answer = await browser.send(method, url, body)
      const problem = answer.body as contract.Problem
      assert.deepEqual([answer.status, problem.errors?.[0]?.path], [422, path], answer.text)
    }
  const lost = await browser.try(contract.createBrand, {
    name: 'Lost',
    design: { ...northfield, logo: { widthPercent: 20 } },
    logo: `lgo_${'0'.repeat(26)}`,
  })
  assert.deepEqual([lost.status, lost.problem.errors?.[0]?.path], [422, 'logo'])
})

test('a preview says whether a design scans, and keeps nothing', async () => {
  const [before] = await server.sql(
    'select (select count(*) from brand) as kits, (select count(*) from brand_version) as versions',
  )
  const good = await browser.call(contract.previewBrand, { design: northfield, logo: null })
  assert.equal(good.proof.passes, true)
  assert.deepEqual(await readOff(Buffer.from(good.svg), 'svg'), [good.content])
  assert.ok(good.content.startsWith(`${server.origin}/c/cod_`))
  const pale = { ...northfield, colours: { ...northfield.colours, modules: '#c8d2d6' } }
  const bad = await browser.call(contract.previewBrand, { design: pale, logo: null })
  assert.equal(bad.proof.passes, false)
  assert.match(bad.svg, /^<svg /, 'drawn all the same, so that it is seen')
  const [row] = bad.proof.contrast
  assert.deepEqual([row?.passes, Object.keys(row?.nearest ?? {})], [false, ['modules']])
  const [after] = await server.sql(
    'select (select count(*) from brand) as kits, (select count(*) from brand_version) as versions',
  )
  assert.deepEqual(after, before)
  // words of a person are outlines: nothing of them is in the picture
  const words = await browser.call(contract.previewBrand, {
    design: { ...northfield, frame: { text: '<script>&"' } },
    logo: null,
  })
  assert.doesNotMatch(words.svg, /script|&quot;/)
})

test('a caller has one preview at a time: a newer takes the place of one that waits', async () => {
  const asked = Array.from({ length: 6 }, () => browser.try(contract.previewBrand, { design: northfield, logo: null }))
  const answers = await Promise.all(asked)
  const refused = answers.filter(({ status }) => status === 429)
  assert.ok(refused.length >= 3, `${refused.length} of 6 gave way`)
  assert.ok(answers.some(({ status }) => status === 200))
  for (const { headers } of refused) assert.ok(Number(headers.get('retry-after')) >= 1)
})

test('logos are decoded and written anew: nothing else of a file is kept', async () => {
  for (const format of ['png', 'jpeg', 'webp'] as const) {
    const file = await logoFile(format)
    assert.ok(file.includes('Mallory'), 'the file carries what must not be kept')
    const { status, value } = await upload(file)
    assert.equal(status, 201, format)
    const png = Buffer.from(value.png, 'base64')
    const head = await sharp(png).metadata()
    assert.deepEqual([head.format, head.width, head.exif, head.icc, head.xmp], ['png', 512, undefined, undefined, undefined])
    assert.ok(!png.includes('Mallory'))
    const [kept] = await server.sql('select png from brand_logo order by id desc limit 1')
    assert.ok(png.equals(kept?.png as Buffer))
  }
  const polyglot = Buffer.concat([await logoFile('png'), Buffer.from('<script>alert(1)</script>')])
  const { value } = await upload(polyglot)
  assert.ok(!Buffer.from(value.png, 'base64').includes('script'))
})

/** A PNG that says it has so many pixels, with the data of a few. */
const bomb = (width: number, height: number): Buffer => {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const size = Buffer.alloc(4)
    size.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc(body))
    return Buffer.concat([size, body, sum])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(1 << 20))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
const crc = (bytes: Buffer): number => {
  let value = ~0
  for (const byte of bytes) {
    value ^= byte
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0)
  }
  return ~value >>> 0
}

test('what is no logo is refused with why: scripts, bombs, large files, broken ones', async () => {
  const svg = Buffer.from(
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:1/x"/></svg>',
  )
  const tries: [string, Buffer, RegExp][] = [
    ['SVG', svg, /SVG, which can carry scripts/],
    ['a page', Buffer.from('<!doctype html><script>1</script>'), /PNG, JPEG or WebP/],
    ['GIF', Buffer.from('GIF89a'), /GIF/],
    ['nothing', Buffer.alloc(0), /empty/],
    ['text', Buffer.from('hello'), /no picture/],
    ['20,000 pixels a side', bomb(20_000, 20_000), /20000 x 20000 pixels/],
    [
      '5000 pixels wide',
      await sharp(await logoFile('png'))
        .resize(5_000, 1_000, { fit: 'fill' })
        .png()
        .toBuffer(),
      /5000/,
    ],
    ['cut short', (await logoFile('jpeg')).subarray(0, 900), /broken/],
  ]
  const [before] = await server.sql('select count(*) from brand_logo')
  for (const [what, file, message] of tries) {
    const refused = await upload(file)
    assert.deepEqual([refused.status, refused.problem.errors?.[0]?.path], [422, 'data'], `${what}: ${said(refused)}`)
    assert.match(refused.problem.errors?.[0]?.message ?? '', message, what)
  }
  const heavy = await upload(Buffer.alloc(contract.mostLogoBytes + 10_000, 0xff))
  assert.deepEqual([heavy.status, heavy.problem.code], [413, 'too-large'], said(heavy))
  assert.match(heavy.problem.detail ?? '', / 13\d\d KiB/)
  const mine = await browser.send('POST', '/api/brands/logos', { data: 'http://127.0.0.1:1/logo.png' })
  assert.equal(mine.status, 422, 'an address is no file: nothing is fetched')
  const [after] = await server.sql('select count(*) from brand_logo')
  assert.deepEqual(after, before)
  // the limit is that of this one call
  const other = await browser.send('POST', '/api/brands/preview', { design: northfield, logo: null, x: 'y'.repeat(70_000) })
  assert.deepEqual([other.status, (other.body as contract.Problem).code], [413, 'too-large'])
  const denied = await browser.call(contract.listEvents, { type: 'brand.logo-added', outcome: 'denied' })
  assert.ok(denied.items.length >= tries.length, 'each is on record')
})

test('a logo is served as a picture and nothing else', async () => {
  const { value: logo } = await upload(await logoFile('webp'))
  const made = await kit({ design: { ...northfield, logo: { widthPercent: 15 } }, logo: logo.id })
  const file = await fileOf(`/api/brands/${made.id}/logo.png`)
  assert.equal(file.status, 200)
  assert.equal(file.headers.get('content-type'), 'image/png')
  assert.equal(file.headers.get('x-content-type-options'), 'nosniff')
  assert.match(file.headers.get('content-security-policy') ?? '', /default-src 'none'.*sandbox/)
  assert.ok(file.bytes.equals(Buffer.from(logo.png, 'base64')))
  const without = await kit()
  assert.equal((await fileOf(`/api/brands/${without.id}/logo.png`)).status, 404)
  const drawn = await fileOf(`/api/brands/${made.id}/symbol.svg`)
  assert.equal((await readOff(drawn.bytes, 'svg')).length, 1)
  assert.equal((await fileOf(`/api/brands/${made.id}/symbol.svg?version=2`)).status, 404)
})

test('the symbol of a code is a file in every format, in the look of its kit, and is read as its address', async () => {
  const brand = await kit()
  for (const code of [await link(), await link(brand)])
    for (const [format, type] of [
      ['svg', 'image/svg+xml'],
      ['png', 'image/png'],
      ['pdf', 'application/pdf'],
      ['eps', 'application/postscript'],
    ] as const) {
      const file = await fileOf(`/api/codes/${code.id}/symbol.${format}`)
      assert.equal(file.status, 200, file.bytes.toString())
      assert.equal(file.headers.get('content-type'), type)
      assert.equal(
        file.headers.get('content-disposition'),
        `attachment; filename="Visitor-safety-${code.id.slice(-6)}.${format}"`,
      )
      assert.match(file.headers.get('content-security-policy') ?? '', /sandbox/)
      assert.deepEqual(await readOff(file.bytes, format), [code.url], `${format} of ${code.brand?.name ?? 'the default'}`)
      if (format === 'svg') assert.equal(file.bytes.includes('#066278'), code.brand !== null)
    }
})

test('sizes are pixels for screens and millimetres for paper, within limits that are named', async () => {
  const code = await link(await kit())
  const png = await fileOf(`/api/codes/${code.id}/symbol.png?size=600`)
  assert.equal((await sharp(png.bytes).metadata()).width, 600)
  const pdf = await fileOf(`/api/codes/${code.id}/symbol.pdf?size=80`)
  const info = spawnSync('pdfinfo', ['-'], { input: pdf.bytes }).stdout.toString()
  assert.match(info, /Page size:\s+226\.\d+ x/, '80 mm are 226.8 points')
  const eps = await fileOf(`/api/codes/${code.id}/symbol.eps?size=20`)
  assert.match(eps.bytes.toString(), /%%HiResBoundingBox: 0 0 56\.69/)
  for (const query of ['png?size=100', 'png?size=5000', 'png?size=x', 'pdf?size=5', 'eps?size=2000', 'svg?size=100']) {
    const refused = await browser.send('GET', `/api/codes/${code.id}/symbol.${query}`)
    const problem = refused.body as contract.Problem
    assert.deepEqual([refused.status, problem.errors?.[0]?.path], [422, 'size'], query)
  }
})

test('a static code holds its content; one that authenticates is never drawn again', async () => {
  const fixed = await browser.call(contract.createCode, {
    kind: 'static',
    label: 'Muster point',
    destination: { type: 'text', text: 'Muster point: car park P2, by the north gate' },
  })
  const file = await fileOf(`/api/codes/${fixed.id}/symbol.png`)
  assert.deepEqual(await readOff(file.bytes, 'png'), ['Muster point: car park P2, by the north gate'])
  const dana = await browser.call(contract.createUser, { username: 'dana' })
  const { code } = await browser.call(contract.enrolUser, { id: dana.id, factor: 'totp' })
  for (const format of contract.symbolFormats) {
    const refused = await browser.send('GET', `/api/codes/${code.id}/symbol.${format}`)
    const problem = refused.body as contract.Problem
    assert.deepEqual([refused.status, problem.code], [409, 'code-not-drawable'])
    assert.match(problem.detail ?? '', /hash.*Issue it again/)
  }
  const unknown = await browser.send('GET', `/api/codes/cod_${'0'.repeat(26)}/symbol.png`)
  assert.equal(unknown.status, 404)
})

test('files of a code that authenticates come with its issue and never again', async () => {
  const person = await browser.call(contract.createUser, { username: 'erik' })
  const key = { headers: { 'idempotency-key': 'symbols-1' } }
  const symbols = [...contract.symbolFormats]
  const first = await browser.try(contract.enrolUser, { id: person.id, factor: 'totp', symbols }, key)
  const { code } = first.value
  assert.equal(first.status, 201, said(first))
  const bytesOf = (files: contract.SymbolFiles, format: contract.SymbolFormat): Buffer =>
    Buffer.from(files[format] ?? '', format === 'svg' || format === 'eps' ? 'utf8' : 'base64')
  for (const format of symbols)
    assert.deepEqual(await readOff(bytesOf(code.symbols as contract.SymbolFiles, format), format), [code.url], format)
  assert.equal((await browser.call(contract.inspectCode, partsOf(code.url as string))).state, 'live')
  const repeat = await browser.try(contract.enrolUser, { id: person.id, factor: 'totp', symbols }, key)
  assert.deepEqual(repeat.value.code.symbols, code.symbols, 'a repeat gets the same answer')
  await server.sql(`update idempotency set full_until = now() - interval '1 s'`)
  const later = await browser.try(contract.enrolUser, { id: person.id, factor: 'totp', symbols }, key)
  assert.deepEqual(
    [later.value.code.id, later.value.code.url, later.value.code.symbols, later.value.code.symbolSvg],
    [code.id, undefined, undefined, undefined],
  )
  const again = await browser.call(contract.reissueCode, { id: code.id, symbols: ['png'] })
  assert.deepEqual(Object.keys(again.symbols ?? {}), ['png'])
  assert.deepEqual(await readOff(bytesOf(again.symbols as contract.SymbolFiles, 'png'), 'png'), [again.url])
  assert.notEqual(again.url, code.url)
  const brand = await kit()
  const printed = await browser.call(contract.reissueCode, { id: (await link(brand)).id, symbols: ['svg'] })
  assert.deepEqual(await readOff(bytesOf(printed.symbols as contract.SymbolFiles, 'svg'), 'svg'), [printed.code.url])
  assert.ok(printed.symbols?.svg?.includes('#066278'), 'in the look of its kit')
  const own = await browser.call(contract.enrolAnotherPhone, { factor: 'totp', symbols: ['pdf'] })
  assert.deepEqual(await readOff(bytesOf(own.code.symbols as contract.SymbolFiles, 'pdf'), 'pdf'), [own.code.url])
  const none = await browser.call(contract.enrolAnotherPhone, { factor: 'totp' })
  assert.equal(none.code.symbols, undefined)
})

test('a symbol is downloaded by an address that works once', async () => {
  const code = await browser.call(contract.createCode, {
    kind: 'link',
    label: 'Wejście "B" / 100 %',
    destination: { type: 'text', text: 'x' },
  })
  const { url } = await browser.call(contract.createDownload, { path: `/api/codes/${code.id}/symbol.png?size=512` })
  const plain = (path: string) => raw(server.origin, 'GET', path.replace(server.origin, ''))
  const response = await fetch(url)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'image/png')
  const tail = code.id.slice(-6)
  assert.equal(
    response.headers.get('content-disposition'),
    `attachment; filename="Wej_cie-B-100-${tail}.png"; filename*=UTF-8''Wej%C5%9Bcie-B-100-${tail}.png`,
  )
  assert.deepEqual(await readOff(Buffer.from(await response.arrayBuffer()), 'png'), [code.url])
  assert.equal((await plain(url)).status, 404, 'once')
  const wrong = await browser.try(contract.createDownload, { path: `/api/codes/${code.id}/symbol.png?size=7` })
  assert.equal(wrong.status, 404)
})

test('a download that brings no file is on record as refused, not as fetched', async () => {
  const { code } = await browser.call(contract.enrolAnotherPhone, { factor: 'totp' })
  const path = `/api/codes/${code.id}/symbol.svg`
  const { url } = await browser.call(contract.createDownload, { path })
  assert.equal((await fetch(url)).status, 409)
  const { items } = await browser.call(contract.listEvents, { type: 'download.fetched', limit: 1 })
  assert.deepEqual([items[0]?.outcome, items[0]?.detail.code, items[0]?.detail.path], ['denied', 'code-not-drawable', path])
})

test('the default draws what names no kit; a kit that is archived is offered no more and draws what it drew', async () => {
  const brand = await kit()
  const [named, unnamed] = [await link(brand), await link()]
  assert.equal((await browser.call(contract.getBrand, { id: brand.id })).codes, 1)
  const made = await browser.call(contract.makeBrandDefault, { id: brand.id })
  assert.equal(made.isDefault, true)
  assert.ok((await fileOf(`/api/codes/${unnamed.id}/symbol.svg`)).bytes.includes('#066278'))
  const refused = await browser.try(contract.archiveBrand, { id: brand.id })
  assert.deepEqual([refused.status, refused.problem.code], [409, 'conflict'])
  const { items } = await browser.call(contract.listBrands, {})
  const plain = items.find(({ name }) => name === 'Plain') as contract.Brand
  assert.equal(items.filter(({ isDefault }) => isDefault).length, 1)
  await browser.call(contract.makeBrandDefault, { id: plain.id })
  const away = await browser.call(contract.archiveBrand, { id: brand.id })
  assert.ok(away.archivedAt)
  assert.ok((await fileOf(`/api/codes/${named.id}/symbol.svg`)).bytes.includes('#066278'), 'it keeps its look')
  const chosen = await browser.try(contract.updateCode, { id: unnamed.id, brand: brand.id }, etagOf(unnamed))
  assert.deepEqual([chosen.status, chosen.problem.errors?.[0]?.path], [422, 'brand'])
  const edited = await browser.try(contract.updateBrand, { id: brand.id, name: 'X' }, etagOf(away))
  assert.equal(edited.problem.code, 'conflict')
  assert.equal((await browser.try(contract.makeBrandDefault, { id: brand.id })).problem.code, 'conflict')
  const listed = async (archived: 'no' | 'yes') =>
    (await browser.call(contract.listBrands, { archived, limit: 200 })).items.some(({ id }) => id === brand.id)
  assert.deepEqual([await listed('no'), await listed('yes')], [false, true])
  // its name is free while it is away
  const other = await kit({ name: brand.name })
  const clash = await browser.try(contract.unarchiveBrand, { id: brand.id })
  assert.deepEqual([clash.status, clash.problem.errors?.[0]?.path], [409, 'name'])
  await browser.call(contract.archiveBrand, { id: other.id })
  assert.equal((await browser.call(contract.unarchiveBrand, { id: brand.id })).archivedAt, null)
  const twice = await browser.try(contract.createBrand, { name: brand.name.toUpperCase(), design: northfield, logo: null })
  assert.deepEqual([twice.status, twice.problem.errors?.[0]?.path], [409, 'name'])
})

test('of many that make different kits the default at once, one is the default', async () => {
  const kits = await Promise.all(
    Array.from({ length: 4 }, () =>
      server.sql(`insert into brand (id, name) select gen_random_uuid(), 'race ' || gen_random_uuid() returning id`),
    ),
  )
  const ids = kits.map(([row]) => row?.id as string)
  for (const id of ids)
    await server.sql(
      `insert into brand_version (brand_id, version, name, design, proof) select $1, 1, 'race', design, proof from brand_version where version = 1 and proof is not null limit 1`,
      [id],
    )
  const { toId } = await import('../server/src/platform/ids.ts')
  const asked = ids.flatMap((id) => [id, id]).map((id) => browser.try(contract.makeBrandDefault, { id: toId('brd', id) }))
  for (const answer of await Promise.all(asked)) assert.equal(answer.status, 200, said(answer))
  assert.equal((await server.sql('select 1 from brand where is_default')).length, 1)
  const [plain] = await server.sql(`select id from brand where name = 'Plain'`)
  await browser.call(contract.makeBrandDefault, { id: toId('brd', plain?.id as string) })
})

test('operators write, auditors read, others see nothing', async () => {
  const brand = await kit()
  const code = await link(brand)
  const auditor = await newPerson(server, olga, 'b-auditor', ['auditor'])
  const user = await newPerson(server, olga, 'b-user', ['user'])
  const reads = [
    `/api/brands`,
    `/api/brands/${brand.id}`,
    `/api/brands/${brand.id}/versions`,
    `/api/brands/${brand.id}/symbol.svg`,
    `/api/codes/${code.id}/symbol.pdf`,
  ]
  for (const path of reads) {
    assert.equal((await fileOf(path, auditor.browser)).status, 200, path)
    assert.equal((await fileOf(path, user.browser)).status, 403, path)
    assert.equal((await fileOf(path, server.browser())).status, 401, path)
  }
  for (const { browser: by } of [auditor, user]) {
    for (const answer of [
      await by.try(contract.createBrand, { name: 'No', design: northfield, logo: null }),
      await by.try(contract.previewBrand, { design: northfield, logo: null }),
      await by.try(contract.updateBrand, { id: brand.id, name: 'No' }, etagOf(brand)),
      await by.try(contract.archiveBrand, { id: brand.id }),
      await upload(await logoFile('png'), by),
    ])
      assert.deepEqual([answer.status, answer.problem.code], [403, 'not-allowed'])
  }
})

test('pages of a link code carry its kit, within the content policy', async () => {
  const { value: logo } = await upload(await logoFile('png'))
  const brand = await kit({ name: 'North <field>', design: { ...northfield, logo: { widthPercent: 15 } }, logo: logo.id })
  const code = await browser.call(contract.createCode, {
    kind: 'link',
    label: 'Notice',
    destination: { type: 'text', text: 'Gate B opens at six.' },
    brand: brand.id,
  })
  const shown = await raw(server.origin, 'GET', `/c/${code.id}`)
  assert.match(shown.text, /<b>North &lt;field&gt;<\/b>/)
  assert.match(shown.text, /<img src="data:image\/png;base64,/)
  assert.match(shown.text, /fill="#066278"/)
  assert.doesNotMatch(shown.text, / style=/)
  assert.match(String(shown.headers['content-security-policy']), /style-src 'self'; img-src 'self' data:/)
  await browser.call(contract.revokeCode, { id: code.id, reason: 'over' })
  const over = await raw(server.origin, 'GET', `/c/${code.id}`)
  assert.deepEqual([over.status, /North &lt;field&gt;/.test(over.text), /fill="#066278"/.test(over.text)], [410, true, true])
  const plain = await link()
  await browser.call(contract.revokeCode, { id: plain.id, reason: 'over' })
  assert.doesNotMatch((await raw(server.origin, 'GET', `/c/${plain.id}`)).text, /class="stripe"/)
})

test('a logo that no kit has is deleted after a day, one in use never', async () => {
  const { value: loose } = await upload(await logoFile('png'))
  const { value: used } = await upload(await logoFile('jpeg'))
  await kit({ design: { ...northfield, logo: { widthPercent: 15 } }, logo: used.id })
  await server.sql(`update brand_logo set at = now() - interval '25 h'`)
  const { deleteUnusedLogos } = await import('../server/src/features/symbols/index.ts')
  await deleteUnusedLogos(server.core.db)
  const { fromId } = await import('../server/src/platform/ids.ts')
  const left = (await server.sql('select id from brand_logo')).map(({ id }) => id)
  assert.deepEqual([left.includes(fromId(loose.id)), left.includes(fromId(used.id))], [false, true])
})
