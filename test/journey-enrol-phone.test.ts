import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import { atRest, axe, newVisitor, openChromium, overflow, symbolOn, type Visitor } from './support/chromium.ts'
import { scratchFolder } from './support/cluster.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { mmdbOf } from './support/mmdb.ts'
import { firstOperator, goodPassword, newPerson } from './support/people.ts'
import { enrolPhone, uuidOf } from './support/phones.ts'
import { phone, press, recoveryCodesOn, signInHere, title } from './support/screens.ts'
import { startServer } from './support/server.ts'
import { addAuthenticator } from './support/virtual-authenticator.ts'

/** "Enrol with QR" for oneself and by an operator: what one end does is seen at the other, as it happens. */
const chromium = await openChromium()
const places = join(scratchFolder(), 'places.mmdb')
writeFileSync(places, mmdbOf('PL', 'Kraków'))
const server = await startServer({ env: { POSTERN_GEO_DB: places } })
const olga = await firstOperator(server)

const aPhone = async (synced: boolean): Promise<Visitor> => {
  const visitor = await newVisitor(chromium, { ...phone, address: '81.2.69.142' })
  await addAuthenticator(visitor.page, { synced })
  return visitor
}
const scanned = async (mobile: Page, desk: Page): Promise<void> => {
  await mobile.goto(await symbolOn(desk))
}
const claimed = async (mobile: Page): Promise<void> => {
  await press(mobile, 'Set up this phone')
  await title(mobile, 'Register this phone')
}
const confirmed = async (mobile: Page): Promise<void> => {
  await mobile.getByLabel('Password').fill(goodPassword)
  await press(mobile, 'Make a passkey on this phone')
}
/** The state of the code as the desk says it, and what stands beside it. */
const says = async (desk: Page, state: string, ...words: string[]): Promise<void> => {
  await desk.getByRole('status').getByText(state, { exact: true }).waitFor()
  for (const word of words) await desk.getByText(word).first().waitFor()
}
const noSymbol = (desk: Page) => desk.getByRole('img', { name: /code/i }).waitFor({ state: 'detached' })
const pixel = 'Chrome 156, Android · Kraków, Poland'
/** Readable and inside the window, wide and narrow, light and dark. */
const fits = async (page: Page): Promise<void> => {
  const size = page.viewportSize()
  for (const [width, colorScheme] of [
    [390, 'dark'],
    [1280, 'light'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 832 })
    await atRest(page)
    assert.ok((await overflow(page)) <= 0, `${width}`)
    assert.deepEqual(await axe(page, 'colours'), [])
  }
  await page.emulateMedia({ colorScheme: null })
  if (size) await page.setViewportSize(size)
}

withEitherKind(
  'a second phone of one’s own: desk and phone follow each other, to its registration, and to an end midway',
  async (synced) => {
    const ana = await newPerson(server, olga, ofKind('ana', synced))
    const desk = await newVisitor(chromium)
    await signInHere(desk.page, server, ana, '/me')
    const mobile = await aPhone(synced)
    await press(desk.page, 'Show a code')
    await says(desk.page, 'Waiting for a phone')
    await scanned(mobile.page, desk.page)
    await says(desk.page, 'Opened, not used yet', pixel)
    await claimed(mobile.page)
    await says(desk.page, 'A phone has it', pixel)
    await noSymbol(desk.page)
    await fits(desk.page)
    await confirmed(mobile.page)
    await title(mobile.page, 'You are set up')
    await says(desk.page, 'Set up', 'It stands under Devices.', 'Registered as “Chrome 156, Android”.')
    await desk.page.getByRole('listitem').getByText('Chrome 156, Android').first().waitFor()

    await press(desk.page, 'Close')
    await press(desk.page, 'Show a code')
    const another = await aPhone(!synced)
    await scanned(another.page, desk.page)
    await claimed(another.page)
    await says(desk.page, 'A phone has it')
    await press(desk.page, 'End this code')
    await says(desk.page, 'Revoked')
    await title(another.page, 'This code has just been revoked')
    await another.page.getByText('No phone was registered.').waitFor()
    // and after a reload too
    await another.page.reload()
    await title(another.page, 'Part of the address is missing')
    await press(desk.page, 'Show a new code')
    await says(desk.page, 'Waiting for a phone')
    for (const { complaints, context } of [desk, mobile, another]) {
      assert.deepEqual(complaints, [])
      await context.close()
    }
  },
)

withEitherKind('an operator and a phone: revoked, replaced, lapsed and confirmed are seen at both ends', async (synced) => {
  const user = await olga.browser.call(contract.createUser, { username: ofKind('berta', synced) })
  const desk = await newVisitor(chromium)
  const otto = await newPerson(server, olga, ofKind('otto', synced), ['operator'])
  await signInHere(desk.page, server, otto, `/users/${user.id}`)
  const mobile = await aPhone(synced)
  const newest = async () => (await olga.browser.call(contract.listCodes, { userId: user.id })).items[0]?.id as string
  const handed = async () => {
    await desk.page.getByRole('button', { name: 'Issue the code' }).click()
    await says(desk.page, 'Waiting for a phone')
    await scanned(mobile.page, desk.page)
    await says(desk.page, 'Opened, not used yet', pixel)
    await claimed(mobile.page)
    await says(desk.page, 'A phone has it', pixel, 'To be finished')
    await noSymbol(desk.page)
  }
  await press(desk.page, 'Enrol')
  await handed()
  await desk.page.getByRole('button', { name: 'Revoke' }).click()
  const asking = desk.page.getByRole('dialog', { name: /Revoke/ })
  await asking.getByRole('textbox').fill('a drill')
  await asking.getByRole('button', { name: 'Revoke' }).click()
  await says(desk.page, 'Revoked')
  await title(mobile.page, 'This code has just been revoked')
  await fits(mobile.page)

  await press(desk.page, 'Issue another code')
  await handed()
  await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'device' })
  await says(desk.page, 'Replaced by a newer code')
  await title(mobile.page, 'This code has been replaced')

  await press(desk.page, 'Issue another code')
  await handed()
  await server.sql(`update claim set expires_at = now() where code_id = $1`, [uuidOf(await newest())])
  await says(desk.page, 'Not finished in time')
  await title(mobile.page, 'This set-up has ended')
  await mobile.page.getByText('It was not finished in time').waitFor()
  assert.equal(await mobile.page.getByText('npx postern bootstrap').count(), 0, 'that is for the first operator alone')
  await fits(desk.page)

  await press(desk.page, 'Issue another code')
  await handed()
  await mobile.page.getByLabel('Name (if you like)').fill('Pixel of Berta')
  await confirmed(mobile.page)
  assert.equal((await recoveryCodesOn(mobile.page)).length, 10)
  await says(desk.page, 'Set up', 'Registered as “Pixel of Berta”.')
  await press(desk.page, 'Done')
  await desk.page.getByText('Pixel of Berta').first().waitFor()
  for (const { complaints, context } of [desk, mobile]) {
    assert.deepEqual(complaints, [])
    await context.close()
  }
})

withEitherKind(
  'where the deployment knows cities, every list of devices says in which one a device was used last',
  async (synced) => {
    const cleo = await newPerson(server, olga, ofKind('cleo', synced))
    const { authenticator } = await enrolPhone(server, olga, cleo, { synced })
    const used = server.browser()
    used.headers['x-forwarded-for'] = '83.0.0.1'
    await used.call(contract.openSignIn, {})
    const options = await used.call(contract.signInPasskeyOptions, {})
    await used.call(contract.provePasskey, { assertion: authenticator.get(options, { origin: server.origin }) })
    const { page, complaints, context } = await newVisitor(chromium)
    await signInHere(page, server, cleo, '/me')
    await page.getByText(/Last used .* from Kraków, Poland/).waitFor()
    await page.goto(`${server.origin}/phone/me`)
    await page.getByText(/^Last used on .*, Kraków, Poland · /).waitFor()
    assert.deepEqual(complaints, [])
    await context.close()
    const desk = await newVisitor(chromium)
    const oona = await newPerson(server, olga, ofKind('oona', synced), ['auditor'])
    await signInHere(desk.page, server, oona, '/devices')
    await desk.page
      .getByRole('row', { name: new RegExp(`\\b${cleo.username}(?!-)`) })
      .getByText('Kraków, Poland')
      .waitFor()
    await desk.context.close()
  },
)
