import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { atRest, eventually, newVisitor, openChromium, readSymbols } from './support/chromium.ts'
import { firstOperator, forgetStep, newPerson, type Person, passcode } from './support/people.ts'
import { press, title, typePassword } from './support/screens.ts'
import { startServer } from './support/server.ts'

/** An operator makes a kit with a live preview, cannot save what does not scan, and prints a code in it. */
const chromium = await openChromium()
const server = await startServer()
const olga = await firstOperator(server)

const album = process.env.POSTERN_TEST_PICTURES
const look = async (page: Page, name: string): Promise<void> => {
  if (!album) return
  mkdirSync(album, { recursive: true })
  for (const width of [1280, 390])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme })
      await atRest(page)
      writeFileSync(join(album, `${name}-${width}-${colorScheme}.png`), await page.screenshot({ fullPage: true }))
    }
  await page.setViewportSize({ width: 1280, height: 900 })
  await page.emulateMedia({ colorScheme: 'light' })
}
const signIn = async (page: Page, person: Person): Promise<void> => {
  await page.goto(`${server.origin}/sign-in`)
  await typePassword(page, person)
  await title(page, 'Now the passcode')
  await forgetStep(server, person)
  await page.getByLabel(/^Enter the six digits/).fill(passcode(person.secret))
  await title(page, 'Events')
}
const verdict = (page: Page, words: string) => page.getByRole('heading', { level: 2, name: words, exact: true }).waitFor()
const meet = (page: Page, place: string) =>
  page.getByRole('radiogroup', { name: 'Where it is met' }).getByText(place, { exact: true }).click()
const logo = sharp({ create: { width: 640, height: 640, channels: 3, background: '#066278' } })
  .composite([{ input: { create: { width: 200, height: 200, channels: 3, background: '#ffffff' } } }])
  .png()
  .toBuffer()

test('a kit is made with a live preview that says at once whether it scans', async () => {
  const { page, context, complaints } = await newVisitor(chromium)
  await signIn(page, olga)
  await page.keyboard.press('g')
  await page.keyboard.press('b')
  await title(page, 'Brand kits')
  await page.getByRole('row', { name: /Plain.*Default.*It scans.*Version|Plain/ }).waitFor()
  await look(page, 'list')
  await page.getByRole('link', { name: 'New brand kit' }).click()
  await title(page, 'New brand kit')
  const save = page.getByRole('button', { name: 'Save version 1' })
  assert.equal(await save.isDisabled(), true, 'a kit without a name')
  await page.getByLabel(/^Name/).fill('Northfield')
  await page.getByLabel('Modules', { exact: true }).first().fill('#0B2A34')
  await page.getByLabel('Eyes and frame', { exact: true }).fill('#066278')
  await page.getByRole('group', { name: 'Eye frames' }).getByRole('radio', { name: 'Rounded' }).check()
  await page.getByLabel('Words below the symbol').fill('Scan before you enter')
  await verdict(page, 'It scans')
  await page.getByText('Checked as you edit').waitFor()
  const picture = page.getByRole('img', { name: 'A sample symbol in the look of Northfield. Seen as: Sign' })
  const [read] = await eventually(
    async () => readSymbols(await picture.screenshot()),
    (found) => found.length > 0,
    'zbarimg reads nothing',
  )
  assert.match(read ?? '', /\/c\/cod_0+$/)
  await look(page, 'new')

  // too little contrast is said with its ratio, and one press takes the nearest colour that passes
  await page.getByLabel('Eyes and frame', { exact: true }).fill('#e8a33d')
  await verdict(page, 'It does not scan')
  await page.getByText('There is too little contrast.').waitFor()
  await page
    .getByText(/^2\.\d : 1$/)
    .first()
    .waitFor()
  assert.equal(await save.isDisabled(), true)
  await look(page, 'too-pale')
  await page
    .getByRole('button', { name: /^Use Eyes and frame #[0-9a-f]{6}$/ })
    .first()
    .click()
  await page
    .getByText(/^4\.[5-9] : 1$/)
    .first()
    .waitFor()
  await page.getByLabel('Eyes and frame', { exact: true }).fill('#066278')
  await verdict(page, 'It scans')

  // a file that is no logo is refused where it was chosen
  const chooser = async (name: string, mimeType: string, buffer: Buffer) => {
    const choosing = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: /^(Upload a logo|Replace)$/ }).click()
    await (await choosing).setFiles({ name, mimeType, buffer })
  }
  await chooser('logo.svg', 'image/svg+xml', Buffer.from('<svg/>'))
  await page.getByText('SVG can carry scripts and links').waitFor()
  await chooser('logo.png', 'image/png', Buffer.from('no picture'))
  await page.getByRole('alert').getByText('This file was not taken').waitFor()
  await look(page, 'logo-refused')
  await chooser('gate.png', 'image/png', await logo)
  await page.getByText('512 × 512 px, cleaned').waitFor()
  await page.getByLabel('Width of the logo in per cent of the symbol').fill('18')
  assert.equal(await page.getByRole('slider', { name: 'Width of the logo, slider' }).getAttribute('aria-valuenow'), '18')
  await page.getByText(/raised for the logo/).waitFor()
  await verdict(page, 'It scans')

  // who leaves finds the draft again
  await page.getByRole('link', { name: 'Brand kits' }).last().click()
  await title(page, 'Brand kits')
  await page.getByRole('link', { name: 'New brand kit' }).click()
  assert.equal(await page.getByLabel(/^Name/).inputValue(), 'Northfield')
  await verdict(page, 'It scans')
  await save.click()
  await title(page, 'Northfield')
  await page.getByText('0 codes use version 1').waitFor()
  await look(page, 'kit')

  for (const place of ['Letter', 'Dark wall', 'Screen']) {
    await meet(page, place)
    const there = page.getByRole('img', { name: `A sample symbol in the look of Northfield. Seen as: ${place}` })
    await there.waitFor()
    if (place !== 'Letter') assert.equal(readSymbols(await there.screenshot()).length, 1, place)
    await look(page, `place-${place.replace(' ', '-').toLowerCase()}`)
  }
  await meet(page, 'Terminal')
  await page.getByRole('img', { name: /characters of a terminal/ }).waitFor()
  await look(page, 'place-terminal')

  const [brand] = (await olga.browser.call(contract.listBrands, {})).items.filter(({ name }) => name === 'Northfield')
  assert.equal(brand?.logo?.width, 512)
  assert.deepEqual(complaints, [])
  await context.close()
})

test('versions are saved, overtaken, and gone back to; a kit is made the default and archived', async () => {
  const { page, context, complaints } = await newVisitor(chromium)
  const made = await olga.browser.call(contract.createBrand, { name: 'Southgate', design: contract.plainDesign, logo: null })
  const code = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Gate',
    destination: { type: 'text', text: 'Gate B' },
    brand: made.id,
  })
  await signIn(page, olga)
  await page.goto(`${server.origin}/brands/${made.id}`)
  await title(page, 'Southgate')
  await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Plain sign',
    destination: { type: 'text', text: 'Gate C' },
  })
  await page.getByRole('link', { name: '1 code uses version 1' }).click()
  await title(page, 'Codes')
  await page.getByText('Brand Southgate').waitFor()
  await page.getByRole('link', { name: /^Gate / }).waitFor()
  assert.equal(await page.getByRole('row').count(), 2)
  await page.goBack()
  await title(page, 'Southgate')
  const dots = page.getByRole('group', { name: 'Modules' }).getByRole('radio', { name: 'Dots' })
  // while the first draft is drawn, what was measured of the saved one stays, and cannot be saved on
  let answer = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  await page.route('**/api/brands/preview', async (route) => {
    await held
    await route.continue()
  })
  await dots.check()
  await page.getByText('Draft of version 2').waitFor()
  await verdict(page, 'Checking')
  await page.getByRole('row', { name: /^Small, 150 px/ }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Save version 2' }).isDisabled(), true)
  answer()
  await page.getByText('Checked as you edit').waitFor()
  await page.unroute('**/api/brands/preview')
  await press(page, 'Discard')
  await page.getByText('Draft of version 2').waitFor({ state: 'detached' })
  assert.equal(await dots.isChecked(), false)

  await page.getByLabel('Words below the symbol').fill('Scan me')
  await verdict(page, 'It scans')
  // somebody saves meanwhile: nothing is saved over unseen
  const other = await olga.browser.try(
    contract.updateBrand,
    { id: made.id, name: 'Southgate Works' },
    { headers: { 'if-match': '"1"' } },
  )
  assert.equal(other.status, 200)
  await press(page, 'Save version 2')
  await page.getByText(/A newer version was saved meanwhile/).waitFor()
  await look(page, 'overtaken')
  await press(page, 'Go on with my draft')
  await press(page, 'Save version 3')
  await page.getByText('1 code uses version 3').waitFor()
  await page.getByRole('button', { name: 'Go back to version 1' }).click()
  await page.getByText('1 code uses version 4').waitFor()
  assert.equal(await page.getByLabel('Words below the symbol').inputValue(), '')
  await look(page, 'versions')
  await press(page, 'Make it the default')
  await page.getByText('It draws every code that names no kit.', { exact: false }).waitFor()
  const [plain] = (await olga.browser.call(contract.listBrands, {})).items.filter(({ name }) => name === 'Plain')
  await olga.browser.call(contract.makeBrandDefault, { id: plain?.id as string })
  await page.reload()
  await press(page, 'Archive')
  await page.getByText('Codes that name it keep its look.', { exact: false }).waitFor()
  assert.equal(await page.getByLabel('Words below the symbol').isDisabled(), true)
  await look(page, 'archived')

  // the code keeps its look, is downloaded in it, and can be given another
  await page.goto(`${server.origin}/codes/${code.id}`)
  const drawn = page.getByRole('img', { name: 'Symbol of the code: Gate' })
  await drawn.waitFor()
  assert.deepEqual(readSymbols(await drawn.screenshot()), [code.url])
  const downloading = page.waitForEvent('download')
  await press(page, 'Download as PNG')
  const file = await downloading
  assert.equal(file.suggestedFilename(), `Gate-${code.id.slice(-6)}.png`)
  assert.deepEqual(readSymbols(readFileSync(await file.path())), [code.url])
  await page.getByRole('combobox', { name: 'Brand kit' }).click()
  await page.getByRole('option', { name: 'Northfield' }).click()
  const named = await eventually(
    () => olga.browser.call(contract.getCode, { id: code.id }),
    ({ brand }) => brand?.name === 'Northfield',
    'the code has no other kit',
  )
  assert.equal(named.version, 2)
  await look(page, 'code')

  await page.goto(`${server.origin}/c/${code.id}`)
  await title(page, 'What this code says')
  await look(page, 'page-of-code')
  assert.deepEqual(complaints, [])
  await context.close()
})

test('an auditor sees the kit and its proof, and nothing that acts', async () => {
  const ada = await newPerson(server, olga, 'ada', ['auditor'])
  const { page, context, complaints } = await newVisitor(chromium)
  await signIn(page, ada)
  const { items } = await olga.browser.call(contract.listBrands, {})
  const [kit] = items.filter(({ isDefault }) => isDefault)
  await page.goto(`${server.origin}/brands/${kit?.id}`)
  await title(page, 'Plain')
  await verdict(page, 'It scans')
  for (const name of [/^Save version/, 'Discard', 'Upload a logo', 'Make it the default', 'Archive'])
    assert.equal(await page.getByRole('button', { name }).count(), 0, String(name))
  assert.equal(await page.getByLabel(/^Name/).isDisabled(), true)
  await look(page, 'auditor')
  await page.goto(`${server.origin}/brands/new`)
  await page.getByText('Brand kits are made by operators').waitFor()
  assert.deepEqual(complaints, [])
  await context.close()
})
