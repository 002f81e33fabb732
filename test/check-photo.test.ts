import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import * as contract from '@postern/contract'
import { plainDesign } from '@postern/contract'
import sharp from 'sharp'
import { fromId } from '../server/src/platform/ids.ts'
import { from } from './support/attack.ts'
import { scratchFolder } from './support/cluster.ts'
import { firstOperator, type Person } from './support/people.ts'
import { symbolPng } from './support/photos.ts'
import { startServer } from './support/server.ts'

/** Ours, and a server of somebody who knows our look to the last pixel. */
const [server, theirs] = [await startServer(), await startServer()]
const [olga, mallory] = [await firstOperator(server), await firstOperator(theirs)]
const northfield: contract.Design = {
  ...plainDesign,
  modules: 'rounded',
  eyeFrames: 'rounded',
  eyeBalls: 'rounded',
  colours: { modules: '#0b2a34', eyes: '#066278', ground: '#ffffff' },
  frame: { text: 'Scan before you enter' },
}
const orchard: contract.Design = {
  ...plainDesign,
  modules: 'dots',
  eyeFrames: 'circle',
  eyeBalls: 'circle',
  colours: { modules: '#8c1d18', eyes: '#8c1d18', ground: '#ffffff' },
}
const logoFile = await sharp({ create: { width: 320, height: 320, channels: 3, background: '#066278' } })
  .composite([{ input: { create: { width: 90, height: 160, channels: 3, background: '#ffffff' } } }])
  .png()
  .toBuffer()
const kitOf = async (person: Person, name: string, design: contract.Design, withLogo = false): Promise<string> => {
  const logo = withLogo ? (await person.browser.call(contract.addLogo, { data: logoFile.toString('base64') })).id : null
  const drawn = { ...design, logo: withLogo ? { widthPercent: 22 } : null }
  return (await person.browser.call(contract.createBrand, { name, design: drawn, logo })).id
}
const linkIn = (brand?: string) =>
  olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Gate',
    destination: { type: 'url', url: 'https://www.example.org/gate' },
    ...(brand ? { brand } : {}),
  })
/** A static code of theirs: any address, in any look. What their server would refuse they write into their own table. */
const forged = async (url: string, brand: string) => {
  const destination = { type: 'text' as const, text: 'Prize' }
  const code = await mallory.browser.call(contract.createCode, { kind: 'static', label: 'Prize', destination, brand })
  await theirs.sql(`update code set destination = $2 where id = $1`, [fromId(code.id), JSON.stringify({ type: 'url', url })])
  return symbolPng(mallory.browser, code.id)
}
let addresses = 0
type Answer = contract.Out<typeof contract.checkCode> & contract.Problem
const send = async (picture: Buffer, type = 'image/png', address = `192.0.2.${++addresses}`) => {
  const answer = await fetch(`${server.origin}/api/codes/check`, {
    method: 'POST',
    headers: { 'content-type': type, 'x-forwarded-for': address },
    body: new Uint8Array(picture),
  })
  return { status: answer.status, headers: answer.headers, value: (await answer.json()) as Answer }
}
const judged = async (picture: Buffer) => {
  let answer = await send(picture)
  // a reader that a busy machine starves is ended after half a minute, and the answer says to come again
  for (let tries = 1; answer.status === 503 && tries < 5; tries++) answer = await send(picture)
  const { value } = answer
  return [value.verdict, value.reasons?.[0]?.code, value.look?.verdict, value.look?.brand ?? value.look?.because]
}
const differing = ({ look }: Answer) => look?.traits.filter(({ verdict }) => verdict === 'unlike').map(({ trait }) => trait)
/** As a phone sees it: at an angle, in warm light, a little soft, as JPEG. */
const photographed = (picture: Buffer): Promise<Buffer> =>
  sharp(picture)
    .rotate(9, { background: '#ffffff' })
    .resize(640)
    .blur(1.2)
    .recomb([
      [1, 0, 0],
      [0, 0.9, 0],
      [0, 0, 0.7],
    ])
    .jpeg({ quality: 60 })
    .toBuffer()

const ours = await kitOf(olga, 'Northfield', northfield, true)
const gate = await linkIn(ours)
const gatePicture = await symbolPng(olga.browser, gate.id)

test('a photo of a code of ours in its own look: genuine, and drawn as its kit draws, in every file and light', async () => {
  const { value } = await send(gatePicture)
  assert.deepEqual([value.verdict, value.content, value.leadsTo], ['genuine', gate.url, 'www.example.org'])
  assert.deepEqual([value.look?.verdict, value.look?.brand], ['like', 'Northfield'])
  assert.deepEqual(
    value.look?.traits.map(({ trait, verdict }) => `${trait} ${verdict}`),
    ['colours like', 'modules like', 'eyes like', 'logo like', 'frame like'],
  )
  assert.match(value.look?.text ?? '', /^It looks as our kit “Northfield” draws it/)
  const files: [Buffer, string][] = [
    [await sharp(gatePicture).jpeg({ quality: 60 }).toBuffer(), 'image/jpeg'],
    [await sharp(gatePicture).webp().toBuffer(), 'image/webp'],
    [await photographed(gatePicture), 'image/jpeg; charset=binary'],
    // turned as phones do: by a note beside the pixels
    [await sharp(gatePicture).rotate(90).withMetadata({ orientation: 8 }).jpeg().toBuffer(), 'image/jpeg'],
  ]
  for (const [file, type] of files) {
    const { value: said } = await send(file, type)
    assert.deepEqual([said.verdict, said.content, said.look?.verdict], ['genuine', gate.url, 'like'], type)
  }
})

test('the same through curl, as the documents say, and in JSON; of several symbols the one that is meant', async () => {
  const file = join(scratchFolder(), 'photo.png')
  writeFileSync(file, gatePicture)
  const { stdout } = await promisify(execFile)('curl', [
    '-s',
    `${server.origin}/api/codes/check`,
    '-H',
    'content-type: image/png',
    '--data-binary',
    `@${file}`,
  ])
  assert.equal(JSON.parse(stdout).look.verdict, 'like')
  const other = await linkIn()
  const wall = await sharp({ create: { width: 1_400, height: 1_000, channels: 3, background: '#ffffff' } })
    .composite([
      { input: gatePicture, left: 0, top: 0 },
      { input: await symbolPng(olga.browser, other.id, 500), left: 850, top: 200 },
    ])
    .png()
    .toBuffer()
  const largest = await send(wall)
  assert.equal(largest.value.content, gate.url)
  const meant = await from(server, '192.0.2.90').try(
    contract.checkCode,
    { content: other.url as string, image: wall.toString('base64') },
    { proof: false },
  )
  assert.deepEqual(
    [meant.value.verdict, meant.value.content, meant.value.look?.verdict, meant.value.look?.brand],
    ['genuine', undefined, 'like', 'Plain'],
  )
  const missing = await from(server, '192.0.2.91').try(
    contract.checkCode,
    { content: `${server.origin}/c/cod_01jd0000000000000000000000`, image: wall.toString('base64') },
    { proof: false },
  )
  assert.deepEqual([missing.value.verdict, missing.value.look?.because], ['not-ours', 'no-symbol'])
})

test('phishing: our look with another address is the strongest warning, in a photo as well', async () => {
  const stolen = await kitOf(mallory, 'Taken', northfield, true)
  const prize = await forged('https://prizes.example/win', stolen)
  for (const picture of [prize, await photographed(prize)])
    assert.deepEqual(await judged(picture), ['look-alike', 'our-look', 'like', 'Northfield'])
  const { value } = await send(prize)
  assert.deepEqual(
    value.reasons.map(({ code }) => code),
    ['our-look', 'foreign'],
  )
  // the picture says more than its text alone
  const alone = await from(server, '192.0.2.92').try(
    contract.checkCode,
    { content: 'https://prizes.example/win' },
    { proof: false },
  )
  assert.equal(alone.value.verdict, 'not-ours')
})

test('a foreign code in a look of its own is not ours and imitates nobody; plain black squares accuse nobody', async () => {
  const own = await kitOf(mallory, 'Orchard', orchard)
  assert.deepEqual(await judged(await forged('https://orchard.example/apples', own)), [
    'not-ours',
    'foreign',
    'unlike',
    undefined,
  ])
  const plain = await mallory.browser.call(contract.createCode, {
    kind: 'static',
    label: 'Plain',
    destination: { type: 'text', text: 'Ring twice' },
  })
  assert.deepEqual(await judged(await symbolPng(mallory.browser, plain.id)), ['not-ours', 'no-address', 'unclear', 'plain'])
})

test('a genuine code copied without colour is no fake; drawn by others it is genuine, and what differs is told', async () => {
  const copy = await sharp(gatePicture).greyscale().blur(1).threshold(140).jpeg().toBuffer()
  assert.deepEqual(await judged(copy), ['genuine', 'issued', 'unclear', 'black-and-white'])
  assert.deepEqual(await judged(await sharp(gatePicture).greyscale().toBuffer()), [
    'genuine',
    'issued',
    'unclear',
    'black-and-white',
  ])
  const own = await kitOf(mallory, 'Red dots', orchard)
  const redrawn = await send(await forged(gate.url as string, own))
  assert.deepEqual([redrawn.value.verdict, redrawn.value.look?.verdict], ['genuine', 'unlike'])
  assert.deepEqual(differing(redrawn.value), ['colours', 'modules', 'eyes'])
  assert.match(redrawn.value.look?.text ?? '', /its colours, the shape of its modules, the shape of its eyes differ/)
})

test('what was printed in an earlier version of a kit, or in a kit that was put away, still looks like ours', async () => {
  const id = await kitOf(olga, 'Harbour', { ...orchard, colours: { ...orchard.colours, modules: '#14532d', eyes: '#14532d' } })
  const code = await linkIn(id)
  const printed = await symbolPng(olga.browser, code.id)
  const { version } = await olga.browser.call(contract.getBrand, { id })
  await olga.browser.call(contract.updateBrand, { id, design: orchard }, { headers: { 'if-match': `"${version}"` } })
  await olga.browser.call(contract.archiveBrand, { id })
  assert.deepEqual(await judged(printed), ['genuine', 'issued', 'like', 'Harbour'])
  await olga.browser.call(contract.revokeCode, { id: code.id, reason: 'gone' })
  assert.deepEqual(await judged(printed), ['revoked', 'revoked', 'like', 'Harbour'])
})

test('a screen of ours that shows a code that authenticates looks like ours; without its secret nothing is told of it', async () => {
  const eve = await olga.browser.call(contract.createUser, { username: 'eve' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: eve.id, factor: 'totp', symbols: ['png'] })
  const picture = Buffer.from(code.symbols?.png as string, 'base64')
  assert.deepEqual(await judged(picture), ['genuine', 'issued', 'like', 'Plain'])
  const { value } = await send(picture)
  assert.equal(value.content, code.url)
  const screen = await sharp(Buffer.from(code.symbolSvg as string))
    .resize(500)
    .png()
    .toBuffer()
  assert.equal((await send(screen)).value.look?.verdict, 'like')
})

test('what is no picture, has no symbol or is too large is refused in words that help, before it costs anything', async () => {
  const blank = await sharp({ create: { width: 400, height: 400, channels: 3, background: '#dddddd' } })
    .png()
    .toBuffer()
  const huge = await sharp({ create: { width: 5_200, height: 5_000, channels: 3, background: '#ffffff' } })
    .png()
    .toBuffer()
  assert.ok(huge.length < 500_000, 'a small file of many pixels')
  const refusals: [Buffer, string, number, RegExp][] = [
    [blank, 'image/png', 422, /^No QR code was found in this picture\. .*closer/],
    [huge, 'image/png', 422, /5200 x 5000 pixels.*25 million/],
    [Buffer.alloc(5 * 1024 * 1024 + 1, 7), 'image/jpeg', 422, /kB.*at most 5 MB/],
    [Buffer.alloc(8 * 1024 * 1024, 7), 'image/jpeg', 413, /KiB/],
    [Buffer.from('hello'), 'image/png', 422, /no picture that we know/],
    [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/png', 422, /SVG/],
    [Buffer.from('GIF89a'), 'image/webp', 422, /GIF/],
    [gatePicture.subarray(0, gatePicture.length >> 1), 'image/png', 422, /broken or cut short/],
    [gatePicture.subarray(0, 30), 'image/png', 422, /broken/],
    [Buffer.alloc(0), 'image/png', 422, /./],
    [gatePicture, 'image/tiff', 415, /image\/png, image\/jpeg or image\/webp/],
    [gatePicture, 'multipart/form-data; boundary=x', 415, /the file itself/],
  ]
  for (const [file, type, status, words] of refusals) {
    const answer = await send(file, type)
    assert.equal(answer.status, status, `${type}: ${JSON.stringify(answer.value)}`)
    assert.match(answer.value.detail ?? '', words)
  }
  const nothing = await from(server, '192.0.2.93').try(contract.checkCode, {}, { proof: false })
  assert.deepEqual([nothing.status, nothing.problem.errors?.[0]?.path], [422, 'content'])
  const elsewhere = await fetch(`${server.origin}/api/codes/inspect`, {
    method: 'POST',
    headers: { 'content-type': 'image/png' },
    body: new Uint8Array(gatePicture),
  })
  assert.equal(elsewhere.status, 415)
})

test('photos of one address are limited more than texts, those of many wait in a short line, and the server goes on', async () => {
  const blank = await sharp({ create: { width: 60, height: 60, channels: 3, background: '#ffffff' } })
    .png()
    .toBuffer()
  const statuses: number[] = []
  for (let count = 0; count < 12; count++) statuses.push((await send(blank, 'image/png', '192.0.2.201')).status)
  assert.deepEqual(
    [statuses.filter((status) => status === 422).length, statuses.filter((status) => status === 429).length],
    [10, 2],
  )
  const crowd = Array.from({ length: 12 }, () => send(gatePicture))
  let healthy = 0
  const watch = (async () => {
    for (; healthy < 5; healthy++) assert.equal((await fetch(`${server.origin}/healthz`)).status, 200)
  })()
  const answers = await Promise.all(crowd)
  await watch
  const busy = answers.filter(({ status }) => status === 503)
  assert.ok(busy.length > 0 && answers.filter(({ status }) => status === 200).length >= 4)
  assert.ok(busy.every(({ headers }) => Number(headers.get('retry-after')) > 0))
  // operators draw on: theirs is another line
  assert.equal((await symbolPng(olga.browser, gate.id, 300)).subarray(1, 4).toString(), 'PNG')
})

test('who reports tells what was said of the look', async () => {
  const by = from(server, '192.0.2.202')
  const content = 'https://prizes.example/win'
  const look = { verdict: 'like' as const, brand: 'Northfield' }
  assert.equal((await by.try(contract.reportCode, { content, look }, { proof: false })).status, 204)
  const { items } = await olga.browser.call(contract.listEvents, { type: 'code.reported' })
  const { reason, ...detail } = items[0]?.detail ?? {}
  assert.equal(reason, content)
  assert.deepEqual(detail, { judged: 'not-ours', reasons: ['foreign'], look: 'like', brand: 'Northfield' })
})
