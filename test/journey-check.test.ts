import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { newVisitor, openChromium } from './support/chromium.ts'
import { scratchFolder } from './support/cluster.ts'
import { firstOperator } from './support/people.ts'
import { symbolPng } from './support/photos.ts'
import { phone, press, title } from './support/screens.ts'
import { startServer } from './support/server.ts'

const folder = scratchFolder()
const film = join(folder, 'camera.mjpeg')
const chromium = await openChromium([
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--use-file-for-fake-video-capture=${film}`,
])
const server = await startServer({ alsoOrigin: 'https://postern.northfield.example' })
const olga = await firstOperator(server)
const code = await olga.browser.call(contract.createCode, {
  kind: 'link',
  label: 'Gate',
  destination: { type: 'url', url: 'https://www.example.org/gate' },
})
const { symbolSvg } = (
  await olga.browser.call(contract.enrolUser, {
    id: (await olga.browser.call(contract.createUser, { username: 'adam' })).id,
    factor: 'totp',
  })
).code
/** A photo of an enrolment code's symbol, as somebody would take it of a wall. */
const photo = join(folder, 'photo.png')
const page = await newVisitor(chromium)
await page.page.setContent(`<body style="margin:80px;background:#fff">${symbolSvg?.replace('<svg ', '<svg width="420" ')}`)
writeFileSync(photo, await page.page.screenshot())
execFileSync(
  'ffmpeg',
  [
    '-y',
    '-loop',
    '1',
    '-framerate',
    '10',
    '-i',
    photo,
    '-t',
    '1',
    '-vf',
    'scale=800:600,format=yuvj420p',
    '-c:v',
    'mjpeg',
    '-q:v',
    '3',
    film,
  ],
  { stdio: 'ignore' },
)

test('a doubted code is pasted, photographed or held before the camera, and told plainly, on a phone and without signing in', async () => {
  const visitor = await newVisitor(chromium, { ...phone, permissions: ['camera'] })
  const { page } = visitor
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.goto(`${server.origin}/sign-in`)
  await page.getByRole('link', { name: 'Is a code ours?' }).click()
  await title(page, 'Is this code ours?')

  await page.getByLabel('Or paste what it says').fill(code.url as string)
  await press(page, 'Check')
  await page.getByRole('heading', { name: 'This code is ours' }).waitFor()
  await page.getByText('It leads to www.example.org.').waitFor()

  await press(page, 'Check another one')
  const evil = (code.url as string).replace('localhost', 'evil.example')
  await page.getByLabel('Or paste what it says').fill(`${evil}#and-a-secret`)
  await press(page, 'Check')
  await page.getByRole('heading', { name: 'This code is not ours' }).waitFor()
  assert.equal(await page.getByRole('link', { name: /evil/ }).count(), 0, 'what is not ours is no link')
  await page.getByText('evil.example').waitFor()
  assert.equal(await page.getByText('and-a-secret').count(), 0)
  await page.getByLabel(/^Where did you see it/).fill('on the lift')
  await press(page, 'Report to security')
  await page.getByText('Thank you. Security has it now.').waitFor()
  assert.deepEqual(
    asked.filter((url) => !url.startsWith(server.origin) && !url.startsWith('data:') && !url.startsWith('blob:')),
    [],
  )

  await press(page, 'Check another one')
  await page.locator('input[type=file]').setInputFiles(photo)
  await page.getByRole('heading', { name: 'This code is ours' }).waitFor()
  await press(page, 'Check another one')
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'wall.png', mimeType: 'image/png', buffer: Buffer.from('no picture') })
  await page.getByText('That file is no picture that this browser can read').waitFor()

  await press(page, 'Use the camera')
  await page.getByRole('heading', { name: 'This code is ours' }).waitFor()
  assert.deepEqual(visitor.complaints, [])

  const { items } = await olga.browser.call(contract.myNotices, {})
  assert.equal(items.filter(({ kind }) => kind === 'code-reported').length, 1)
})

test('a look-alike is marked letter by letter, in Polish too', async () => {
  const visitor = await newVisitor(chromium, { locale: 'pl-PL' })
  await visitor.page.goto(`${server.origin}/check`)
  await title(visitor.page, 'Czy to nasz kod?')
  await visitor.page.getByLabel('Albo wklej jego treść').fill('https://pοstern.northfield.example/c/x')
  await press(visitor.page, 'Sprawdź')
  await visitor.page.getByRole('heading', { name: 'Ten kod udaje nasz' }).waitFor()
  assert.deepEqual(await visitor.page.locator('mark').allInnerTexts(), ['ο'])
  assert.deepEqual(visitor.complaints, [])
})

/** A kit that people would know us by, a code in it, and the same look around another address. */
const northfield: contract.Design = {
  ...contract.plainDesign,
  modules: 'rounded',
  eyeFrames: 'rounded',
  eyeBalls: 'rounded',
  colours: { modules: '#0b2a34', eyes: '#066278', ground: '#ffffff' },
}
const { id: brand } = await olga.browser.call(contract.createBrand, { name: 'Northfield', design: northfield, logo: null })
const printed = await olga.browser.call(contract.createCode, {
  kind: 'link',
  label: 'Printed',
  destination: { type: 'url', url: 'https://www.example.org/printed' },
  brand,
})
const genuine = await symbolPng(olga.browser, printed.id, 900)
/** On a wall, with other things round it that are nobody's business. */
const wall = await sharp({ create: { width: 2_400, height: 1_800, channels: 3, background: '#b8a68f' } })
  .composite([{ input: genuine, left: 1_300, top: 500 }])
  .jpeg({ quality: 80 })
  .toBuffer()
const forgery = async (): Promise<Buffer> => {
  const code = await olga.browser.call(contract.createCode, {
    kind: 'static',
    label: 'Forged',
    destination: { type: 'text', text: 'Call 555 0100 and say your passcode' },
    brand,
  })
  const picture = await symbolPng(olga.browser, code.id)
  // as if nobody here had issued it: what is left is our look round what is not ours
  await server.sql(`update code set destination = '{"type":"text","text":"gone"}' where label = 'Forged'`)
  return picture
}
const chosen = (page: Page, buffer: Buffer, name = 'wall.jpg') =>
  page.locator('input[type=file]').setInputFiles({ name, mimeType: 'image/jpeg', buffer })
const sentBy = (page: Page) => {
  const sent: { content?: string; image?: string; look?: { verdict: string } }[] = []
  page.on('request', (request) => {
    if (request.url().includes('/api/codes/check')) sent.push(request.postDataJSON())
  })
  return sent
}

test('a photo is judged by its look too: only the part with the code is sent, and nothing where its owner says no', async () => {
  const visitor = await newVisitor(chromium, phone)
  const { page } = visitor
  const sent = sentBy(page)
  await page.goto(`${server.origin}/check`)
  await title(page, 'Is this code ours?')
  await page.getByText('is looked at and not kept').waitFor()
  await chosen(page, wall)
  await page.getByRole('heading', { name: 'This code is ours' }).waitFor()
  await page.getByText('Like our brand kit Northfield.').waitFor()
  await page.getByText('The colours are ours.').waitFor()
  assert.equal(sent.length, 1)
  const cut = await sharp(Buffer.from(sent[0]?.image as string, 'base64')).metadata()
  assert.equal(cut.format, 'jpeg')
  assert.ok(cut.width <= 1_000 && cut.height <= 1_000)

  await press(page, 'Check another one')
  await chosen(page, await sharp(genuine).greyscale().jpeg().toBuffer())
  await page.getByRole('heading', { name: 'This code is ours' }).waitFor()
  await page.getByText('Copies of genuine codes look like that too').waitFor()

  await press(page, 'Check another one')
  await page.getByLabel('Judge how it looks, too').uncheck()
  await chosen(page, wall)
  await page.getByRole('heading', { name: 'This code is ours' }).waitFor()
  assert.equal(await page.getByRole('heading', { name: 'How it looks' }).count(), 0)
  assert.deepEqual(sent.at(-1), { content: printed.url })
  assert.deepEqual(visitor.complaints, [])
})

test('our look round what is not ours is the strongest warning, in Polish too, and the report carries it', async () => {
  const visitor = await newVisitor(chromium, { locale: 'pl-PL' })
  const { page } = visitor
  await page.goto(`${server.origin}/check`)
  await title(page, 'Czy to nasz kod?')
  await chosen(page, await forgery())
  await page.getByRole('alert').getByRole('heading', { name: 'Ten kod udaje nasz' }).waitFor()
  await page.getByText('Ma nasz wygląd, ale nie jest nasz').waitFor()
  await page.getByText('Naśladuje nasz zestaw marki Northfield.').waitFor()
  await press(page, 'Zgłoś do działu bezpieczeństwa')
  await page.getByText('Dziękujemy.').waitFor()
  const { items } = await olga.browser.call(contract.listEvents, { type: 'code.reported' })
  assert.deepEqual([items[0]?.detail.look, items[0]?.detail.brand], ['like', 'Northfield'])
  assert.deepEqual(visitor.complaints, [])
})

test('where the look cannot be asked for, the code is judged by what it says, and the page says so', async () => {
  const visitor = await newVisitor(chromium, phone)
  const { page } = visitor
  const sent = sentBy(page)
  await page.goto(`${server.origin}/check`)
  // a page's own limits keep these from it, so the server's answers are put in their way
  const refusing = async (status: number, code: string, words: string) => {
    await page.route('**/api/codes/check', async (route) => {
      if (!route.request().postDataJSON().image) return route.continue()
      return route.fulfill({
        status,
        contentType: 'application/problem+json',
        body: JSON.stringify({ title: code, status, code }),
      })
    })
    await chosen(page, wall)
    await page.getByRole('heading', { name: 'This code is ours' }).waitFor()
    await page.getByText('Its look was not judged').waitFor()
    await page.getByText(words).waitFor()
    assert.deepEqual(sent.at(-1), { content: printed.url })
    await page.unroute('**/api/codes/check')
    await press(page, 'Check another one')
  }
  await refusing(429, 'rate-limited', 'Too many pictures came from your address')
  await refusing(413, 'too-large', 'could not look at it just now')
  await refusing(503, 'unavailable', 'could not look at it just now')

  await chosen(
    page,
    await sharp({ create: { width: 300, height: 300, channels: 3, background: '#ffffff' } })
      .jpeg()
      .toBuffer(),
  )
  await page.getByText('We found no code in that picture').waitFor()
  await chosen(page, Buffer.from('no picture'), 'wall.jpg')
  await page.getByText('That file is no picture that this browser can read').waitFor()
  assert.equal(sent.filter(({ image }) => image).length, 3, 'what was not read is not sent')
})
