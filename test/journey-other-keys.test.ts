import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import { newVisitor, openChromium, symbolOn, type Visitor } from './support/chromium.ts'
import { claimKey, firstOperator, forgetStep, goodPassword, partsOf, passcode, recorded } from './support/people.ts'
import { phone, press, title, typedKey, typePassword } from './support/screens.ts'
import { startServer } from './support/server.ts'

/** A deployment whose new keys are of another kind than most: of SHA-256 and eight digits. */
const chromium = await openChromium()
const server = await startServer()
const olga = await firstOperator(server)
const kind = { algorithm: 'SHA256', digits: 8, period: 30 } as const
const read = await olga.browser.try(contract.getAuthenticationSettings, {})
const { version: _, withoutSecondFactor: __, defaultsWarning: ___, ...settings } = read.value
await olga.browser.call(
  contract.putAuthenticationSettings,
  { ...settings, totp: { algorithm: 'SHA256', digits: 8, periodSeconds: 30 } },
  { headers: { 'if-match': read.headers.get('etag') as string } },
)

let people = 0
const enrolled = async () => {
  const username = `adam${++people}`
  const user = await olga.browser.call(contract.createUser, { username })
  const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
  return { username, password: goodPassword, url: code.url as string }
}
const withKey = async () => {
  const person = await enrolled()
  const browser = server.browser()
  const { confirm, secret } = await claimKey(browser, partsOf(person.url))
  await browser.call(contract.confirmEnrolment, { confirm, code: passcode(secret, kind), password: goodPassword })
  await forgetStep(server, person)
  return { ...person, secret }
}
const words = (page: Page) => page.getByRole('main').innerText()
const nothingWrong = async ({ complaints, context }: Visitor) => {
  assert.deepEqual(complaints, [])
  await context.close()
}

test('eight digits sign in on the page and prove a step-up: nothing is sent before the eighth', async () => {
  const adam = await withKey()
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await page.goto(`${server.origin}/sign-in`)
  await typePassword(page, adam)
  await title(page, 'Now the passcode')
  const field = page.getByLabel('Enter the eight digits that your app shows now')
  await field.pressSequentially(passcode(adam.secret, kind).slice(0, 7))
  assert.ok(await page.getByRole('button', { name: 'Continue' }).isDisabled())
  await field.fill(passcode(adam.secret, kind))
  await title(page, 'My account')

  await server.sql(`update session set proved_at = now() - interval '6 minutes' where ended_at is null`)
  await press(page, 'Make a new set')
  await page.getByRole('dialog').getByRole('button', { name: 'Make a new set' }).click()
  const proving = page.getByRole('dialog', { name: 'One more proof' })
  await proving.getByLabel('Password', { exact: true }).fill(adam.password)
  await proving.getByRole('button', { name: 'Continue' }).click()
  await forgetStep(server, adam)
  await proving.getByLabel('Eight digits from your authenticator app').fill(passcode(adam.secret, kind))
  await title(page, 'Your new recovery codes')
  assert.deepEqual(
    (await recorded(server, 'sign-in.totp')).filter(([, outcome]) => outcome !== 'success'),
    [],
  )
  await nothingWrong(visitor)
})

test('how long a passcode is, is said once the password is proved, and never before', async () => {
  const adam = await withKey()
  const browser = server.browser()
  const opened = await browser.call(contract.openSignIn, { username: adam.username })
  assert.equal(opened.signIn.passcodeDigits, undefined)
  const wrong = await browser.try(contract.provePassword, { username: adam.username, password: 'not the password of adam' })
  assert.equal(wrong.problem.code, 'factor-wrong')
  assert.equal((await browser.call(contract.currentSignIn, {})).signIn.passcodeDigits, undefined)
  const { signIn } = await browser.call(contract.provePassword, { username: adam.username, password: adam.password })
  assert.equal(signIn.passcodeDigits, 8)
  const done = await browser.call(contract.proveTotp, { code: passcode(adam.secret, kind) })
  assert.equal(done.signIn.passcodeDigits, undefined)
})

test('the wizard begins with the settings of the deployment, warns of apps that ignore them, and makes what it shows', async () => {
  const adam = await withKey()
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await page.goto(`${server.origin}/sign-in`)
  await typePassword(page, adam)
  await page.getByLabel(/^Enter the eight digits/).fill(passcode(adam.secret, kind))
  await title(page, 'My account')
  const made = async (choose: () => Promise<void>) => {
    await page.goto(`${server.origin}/enrol`)
    await title(page, 'Choose an authenticator app')
    await choose()
    await press(page, 'Continue')
    await title(page, 'Scan this with your authenticator app')
    const { searchParams } = new URL(await symbolOn(page))
    await press(page, 'Cancel')
    await title(page, 'My account')
    return ['algorithm', 'digits', 'period'].map((name) => searchParams.get(name))
  }
  const asItIs = await made(async () => {
    assert.ok((await words(page)).includes('shows eight new digits every 30 seconds'))
    await page.getByRole('radio', { name: /Microsoft Authenticator/ }).click()
    await page.getByText('This app ignores SHA-256, 8 digits and would show passcodes that do not work.').waitFor()
    await press(page, 'Other settings for this key')
    assert.ok(await page.getByRole('radio', { name: 'SHA-256', exact: true }).isChecked())
    assert.ok(await page.getByRole('radio', { name: '8', exact: true }).isChecked())
  })
  assert.deepEqual(asItIs, ['SHA256', '8', '30'])
  const chosen = await made(async () => {
    await press(page, 'Other settings for this key')
    await page.getByRole('radiogroup', { name: 'Digits' }).getByText('6', { exact: true }).click()
    await page.getByRole('radiogroup', { name: 'Algorithm' }).getByText('SHA-1', { exact: true }).click()
    await page.getByRole('radio', { name: /Microsoft Authenticator/ }).click()
    assert.ok(!(await words(page)).includes('This app ignores'))
  })
  assert.deepEqual(chosen, ['SHA1', '6', '30'])
  await nothingWrong(visitor)
})

test('on the phone a key of another kind is warned of before it goes into an app, with what each app does', async () => {
  const adam = await enrolled()
  const visitor = await newVisitor(chromium, phone)
  const { page, context } = visitor
  await page.goto(adam.url)
  await press(page, 'Get my key')
  await title(page, 'Set up your authenticator')
  await page.getByText('Many apps read it without a word, and then show passcodes that do not work.').waitFor()
  const [apps] = await Promise.all([
    context.waitForEvent('page'),
    page.getByRole('link', { name: 'See which apps follow them' }).click(),
  ])
  await title(apps, 'What apps do with other settings')
  assert.ok((await words(apps)).includes('Microsoft Authenticator'))
  await apps.close()
  // the key is where it was, and is confirmed with eight digits
  const secret = await typedKey(page)
  await page.getByLabel('Password').fill(adam.password)
  await page.getByLabel('Enter the eight digits that the app shows now').fill(passcode(secret, kind))
  await title(page, 'Save your recovery codes')
  await nothingWrong(visitor)
})
