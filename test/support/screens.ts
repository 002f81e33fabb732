import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { eventually, symbolOn } from './chromium.ts'
import { forgetStep, goodPassword, type Person, passcode } from './people.ts'
import type { TestServer } from './server.ts'

/** What people do on the screens, by the names and roles that a screen reader would say. */

export const phone = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  userAgent:
    'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
}
/** Waits for the page of that title; else says what is there instead. */
export const title = async (page: Page, name: string | RegExp): Promise<void> => {
  try {
    await page.getByRole('heading', { level: 1, name, exact: typeof name === 'string' }).waitFor()
  } catch {
    const there = await page.locator('body').innerText()
    throw new Error(`no page with the title ${name}, but at ${page.url()}: ${there.slice(0, 1_500)}`)
  }
}
export const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('button', { name, exact: typeof name === 'string' }).click()
/** Password and passcode in the dialogue that asks for one more proof. */
export const proveAgain = async (
  server: Pick<TestServer, 'sql'>,
  page: Page,
  person: Pick<Person, 'username' | 'password' | 'secret'>,
): Promise<void> => {
  const stepUp = page.getByRole('dialog', { name: 'One more proof' })
  await stepUp.getByLabel('Password', { exact: true }).fill(person.password)
  await stepUp.getByRole('button', { name: 'Continue' }).click()
  await forgetStep(server, person)
  await stepUp.getByLabel(/^Six digits/).fill(passcode(person.secret))
}
/** The key in letters as it is written on the page, in fours. */
export const typedKey = async (page: Page): Promise<string> => {
  const [key] = (await eventually(
    async () => /(?:\b[A-Z2-7]{4}\s){7}[A-Z2-7]{4}\b/.exec(await page.getByRole('main').innerText()),
    (found) => found !== null,
    'no key is written on the page',
  )) as RegExpExecArray
  return key.replaceAll(/\s/g, '')
}
/** The key off the screen: as symbol by zbarimg, as letters; both must make the same passcodes by oathtool. */
export const keyOnScreen = async (page: Page): Promise<string> => {
  // first, for the page before it has a symbol too
  const typed = await typedKey(page)
  const url = new URL(await symbolOn(page))
  assert.equal(url.protocol, 'otpauth:')
  const secret = url.searchParams.get('secret') as string
  const at = Date.now() / 1_000
  assert.equal(passcode(typed, { at }), passcode(secret, { at }))
  return secret
}
export const enterPasscode = async (page: Page, secret: string): Promise<void> => {
  await page.getByLabel(/^Enter the six digits/).fill(passcode(secret))
}
/** The recovery codes of the page, as many as it shows. */
export const recoveryCodesOn = async (page: Page, heading = 'Save your recovery codes'): Promise<string[]> => {
  await title(page, heading)
  const items = await page.getByRole('main').getByRole('listitem').allInnerTexts()
  return items.map((item) => item.trim()).filter((item) => /^[0-9A-Z]+(-[0-9A-Z]+)+$/i.test(item))
}

/** From an operator’s code to a registered phone, on the page of a scan. */
export const registerHere = async (page: Page, url: string): Promise<void> => {
  await page.goto(url)
  await press(page, 'Set up this phone')
  await title(page, 'Register this phone')
  await page.getByLabel('Password').fill(goodPassword)
  await press(page, 'Make a passkey on this phone')
  assert.equal((await recoveryCodesOn(page)).length, 10)
  await press(page, 'I have saved them')
  await press(page, 'I wrote them down by hand')
  await title(page, 'You are set up')
}

export type Enrolled = { username: string; password: string; secret: string; recoveryCodes: string[] }
/** From an opened link to "You are set up", on the page of a scan. */
export const enrolHere = async (
  page: Page,
  { username, password = goodPassword, first = false }: { username: string; password?: string; first?: boolean },
): Promise<Enrolled> => {
  if (first) {
    await title(page, 'Set up Postern')
    await page.getByLabel('User name').fill(username)
    await press(page, 'Begin')
  } else {
    await title(page, `Set up an authenticator for ${username}`)
    await press(page, 'Get my key')
  }
  await title(page, 'Set up your authenticator')
  await page.getByLabel('Password').fill(password)
  const secret = (page.viewportSize()?.width ?? 0) >= 700 ? await keyOnScreen(page) : await typedKey(page)
  await enterPasscode(page, secret)
  const recoveryCodes = await recoveryCodesOn(page)
  assert.equal(recoveryCodes.length, 10)
  await press(page, 'I have saved them')
  await press(page, 'I wrote them down by hand')
  await title(page, 'You are set up')
  return { username, password, secret, recoveryCodes }
}
/** From the ways of the sign-in page to its form of name and password, in whatever language. */
export const toPassword = async (page: Page): Promise<void> => {
  const [way, name] = [page.locator('[data-way=password]'), page.locator('input[autocomplete^=username]')]
  await way.or(name).first().waitFor()
  if (await way.isVisible()) await way.click()
}
export const typePassword = async (page: Page, { username, password }: { username: string; password: string }): Promise<void> => {
  await toPassword(page)
  await page.getByLabel('Name', { exact: true }).fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await press(page, 'Continue')
}
/** Password and passcode on the sign-in page, in whatever language it is; ends on the page at `path`. */
export const signInHere = async (page: Page, server: TestServer, person: Person, path: string): Promise<void> => {
  await page.goto(`${server.origin}/sign-in?returnTo=${encodeURIComponent(path)}`)
  await toPassword(page)
  await page.locator('input[autocomplete^=username]').fill(person.username)
  await page.locator('input[type=password]').fill(person.password)
  await page.keyboard.press('Enter')
  await page.locator('input[autocomplete=one-time-code]').waitFor()
  await forgetStep(server, person)
  await page.locator('input[autocomplete=one-time-code]').fill(passcode(person.secret))
  await page.waitForURL(server.origin + path)
}
