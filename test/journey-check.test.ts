import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { newVisitor, openChromium } from './support/chromium.ts'
import { scratchFolder } from './support/cluster.ts'
import { firstOperator } from './support/people.ts'
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
  await page.getByRole('link', { name: 'Do you doubt a code? Check it' }).click()
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
