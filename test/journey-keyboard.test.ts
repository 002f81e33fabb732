import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import type { Locator, Page } from 'playwright-core'
import { eventually, newVisitor, openChromium } from './support/chromium.ts'
import { firstOperator, forgetStep, goodPassword, newPerson, passcode } from './support/people.ts'
import { signInHere, title, typedKey } from './support/screens.ts'
import { startServer, type TestServer } from './support/server.ts'

/** The whole way by keyboard alone: nobody touches a mouse, and where one is can always be seen. */
const chromium = await openChromium()

const focused = (locator: Locator): Promise<boolean> => locator.evaluate((it) => it === it.ownerDocument.activeElement)
/** Tabs until a control has the focus, as somebody without a mouse does. */
const tabTo = async (page: Page, target: Locator): Promise<void> => {
  await target.waitFor()
  for (let presses = 0; presses < 80; presses++) {
    if (await focused(target)) {
      const ring = await target.evaluate(
        (it) => it.matches(':focus-visible') && it.ownerDocument.defaultView?.getComputedStyle(it).outlineStyle !== 'none',
      )
      // the cells of a passcode are paint, and show the place themselves
      assert.ok(ring || (await target.getAttribute('autocomplete')) === 'one-time-code', `no focus ring on ${target}`)
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never comes to ${target}`)
}
const pressOn = async (page: Page, target: Locator): Promise<void> => {
  await tabTo(page, target)
  await page.keyboard.press('Enter')
}
const has = (locator: Locator, why: string) => eventually(() => focused(locator), Boolean, why)

/** On the page of tokens: asks for one, by keyboard, when the proof is no longer fresh. The dialogue that asks for another. */
const makeToken = async (server: TestServer, page: Page): Promise<Locator> => {
  await pressOn(page, page.getByRole('button', { name: 'Make a token', exact: true }).first())
  const making = page.getByRole('dialog', { name: 'Make a token' })
  await has(making.getByLabel('Name'), 'the name of the token has no focus')
  await page.keyboard.type('backup')
  await tabTo(page, making.getByRole('checkbox').first())
  await page.keyboard.press('Space')
  await server.sql(`update session set proved_at = now() - interval '6 minutes' where ended_at is null`)
  await pressOn(page, making.getByRole('button', { name: 'Make a token' }))
  return page.getByRole('dialog', { name: 'One more proof' })
}

test('from the printed link to a handed out code, signed out and in again, by keyboard alone', async () => {
  const server = await startServer()
  const { page, context, complaints } = await newVisitor(chromium)
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  await page.goto(await server.bootstrapUrl())
  await title(page, 'Set up Postern')
  await tabTo(page, page.getByLabel('User name'))
  await page.keyboard.type('olga')
  await page.keyboard.press('Enter')
  await title(page, 'Set up your authenticator')
  // the title of each step has the focus, so that a screen reader says where one is
  await has(page.getByRole('heading', { level: 1 }), 'the title has no focus')
  const secret = await typedKey(page)
  await tabTo(page, page.getByLabel('Password'))
  await page.keyboard.type(goodPassword)
  await tabTo(page, page.getByLabel(/^Enter the six digits/))
  await page.keyboard.type(passcode(secret))
  await title(page, 'Save your recovery codes')
  await pressOn(page, button('I have saved them'))
  await pressOn(page, button('I wrote them down by hand'))
  await pressOn(page, page.getByRole('link', { name: 'Go to your account' }))
  await title(page, 'Events')
  await has(page.getByRole('heading', { level: 1 }), 'the title has no focus')

  // the first stop is the way past the navigation: out of the page by Shift and Tab, and into it again
  await page.reload()
  await title(page, 'Events')
  await has(page.getByRole('heading', { level: 1 }), 'the title has no focus after a reload')
  for (let presses = 0; await page.evaluate('document.activeElement !== document.body'); presses++) {
    assert.ok(presses < 30, 'Shift and Tab do not leave the page')
    await page.keyboard.press('Shift+Tab')
  }
  await page.keyboard.press('Tab')
  const skip = page.getByRole('link', { name: 'Skip to the content' })
  await has(skip, 'the skip link is not the first stop')
  await pressOn(page, skip)
  await has(page.getByRole('main'), 'the skip link does not lead to the content')
  await page.keyboard.press('g')
  await page.keyboard.press('u')
  await title(page, 'Users')
  await page.keyboard.press('/')
  await has(page.getByRole('searchbox', { name: 'Find a person, a code or an id' }), 'the search has no focus')
  await pressOn(page, page.getByRole('link', { name: 'Create user' }))
  await title(page, 'Create user')
  await tabTo(page, page.getByLabel('User name'))
  await page.keyboard.type('bea')
  await page.keyboard.press('Enter')
  await title(page, 'bea')
  const handing = page.getByRole('dialog', { name: 'Enrolment code for bea' })
  await pressOn(page, handing.getByRole('button', { name: 'Issue the code' }))
  await handing.getByText(/\/c\/cod_/).waitFor()
  await has(handing.getByRole('button', { name: 'Copy the address' }), 'the focus is not on what hands the code over')
  // the focus stays in the dialogue, however often Tab is pressed
  for (let presses = 0; presses < 12; presses++) {
    await page.keyboard.press('Tab')
    assert.ok(await handing.evaluate((it) => it.contains(it.ownerDocument.activeElement)))
  }
  // closing asks first, for the address is shown once
  await page.keyboard.press('Escape')
  await has(handing.getByRole('button', { name: 'Stay' }), 'the focus is not on what keeps the code')
  await pressOn(page, handing.getByRole('button', { name: 'Close' }).last())
  await handing.waitFor({ state: 'detached' })

  // a dialogue that ends something begins on Cancel, and gives the focus back to what opened it
  await pressOn(page, button('Suspend'))
  const suspending = page.getByRole('dialog', { name: 'Suspend bea?' })
  await has(suspending.getByRole('button', { name: 'Cancel' }), 'the focus is not on Cancel')
  await page.keyboard.press('Escape')
  await suspending.waitFor({ state: 'detached' })
  await has(button('Suspend'), 'the focus did not come back')

  // where one more proof is asked for, its field has the focus, and then the very act goes on
  await page.keyboard.press('g')
  await page.keyboard.press('t')
  await title(page, 'Tokens')
  const proving = await makeToken(server, page)
  await has(proving.getByLabel('Password', { exact: true }), 'the password has no focus')
  await page.keyboard.type(goodPassword)
  await page.keyboard.press('Enter')
  await has(proving.getByLabel(/^Six digits/), 'the passcode of the dialogue has no focus')
  await forgetStep(server, { username: 'olga' })
  await page.keyboard.type(passcode(secret))
  await page.getByText(/^pst_/).waitFor()

  await pressOn(page, page.getByRole('button', { name: /account menu/ }))
  await page.getByRole('menuitem', { name: 'Sign out' }).waitFor()
  for (let presses = 0; !(await focused(page.getByRole('menuitem', { name: 'Sign out' }))); presses++) {
    assert.ok(presses < 10, 'the arrows do not come to Sign out')
    await page.keyboard.press('ArrowDown')
  }
  await page.keyboard.press('Enter')
  await title(page, 'Sign in')
  await has(page.getByRole('heading', { level: 1 }), 'the title has no focus after signing out')
  await pressOn(page, page.getByRole('button', { name: /^Password and passcode/ }))
  await has(page.getByLabel('Name', { exact: true }), 'the name has no focus')
  await page.keyboard.type('olga')
  await tabTo(page, page.getByLabel('Password', { exact: true }))
  await page.keyboard.type(goodPassword)
  await page.keyboard.press('Enter')
  await title(page, 'Now the passcode')
  await forgetStep(server, { username: 'olga' })
  await has(page.getByLabel(/^Enter the six digits/), 'the passcode has no focus')
  await page.keyboard.type(passcode(secret))
  await title(page, 'Events')
  assert.deepEqual(complaints, [])
  await context.close()
})

test('after what is saved, undone, refused, ended or reported, the focus is at the title, the field or what opened it', async () => {
  const server = await startServer()
  const olga = await firstOperator(server)
  const bea = await newPerson(server, olga, 'bea')
  const code = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Poster',
    destination: { type: 'url', url: 'https://www.example.org/a' },
  })
  const { page, context, complaints } = await newVisitor(chromium)
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
  const titled = (why: string) => has(page.getByRole('heading', { level: 1 }), why)
  const go = async (path: string, name: string | RegExp) => {
    await page.goto(server.origin + path)
    await title(page, name)
  }
  await signInHere(page, server, olga, '/settings/codes')

  for (const [width, height] of [
    [1280, 832],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height })
    await go('/settings/codes', 'Code settings')
    const days = page.getByLabel('Days that single scans are kept')
    const typeDays = async (keys: string) => {
      await tabTo(page, days)
      await page.keyboard.press('Control+a')
      await page.keyboard.type(keys)
      await button('Save').waitFor()
    }
    await typeDays(String(width % 300))
    // the bar that comes with the first change covers nothing of the field
    await eventually(
      async () => {
        const [field, bar] = [await days.boundingBox(), await page.locator('[data-unsaved]').boundingBox()]
        return bar && field ? bar.y - field.y - field.height : -1
      },
      (space) => space >= 0,
      `the bar covers the field at ${width} px`,
    )
    await has(days, 'the field lost the focus')
    await pressOn(page, button('Undo the changes'))
    await button('Save').waitFor({ state: 'detached' })
    await titled(`no focus after Undo at ${width} px`)
    await typeDays(String(width % 200))
    await pressOn(page, button('Save'))
    await button('Save').waitFor({ state: 'detached' })
    await titled(`no focus after Save at ${width} px`)

    // a demand that cannot be met is refused where it stands, far above the button
    await go('/settings/authentication', 'Authentication')
    const enrol = page.getByLabel('People can enrol')
    await tabTo(page, enrol)
    await page.keyboard.press('Space')
    const demanded = page.getByRole('checkbox', { name: /^Operator/ })
    if (!(await demanded.isChecked())) {
      await tabTo(page, demanded)
      await page.keyboard.press('Space')
    }
    await page.mouse.wheel(0, 10_000)
    await pressOn(page, button('Save'))
    const refused = page.getByText('Enrolment is off, so this demand cannot be saved').first()
    await refused.waitFor()
    await eventually(
      () => page.evaluate(`document.activeElement.matches('[aria-invalid="true"][type="checkbox"]')`),
      Boolean,
      'the focus is not on the demand that was refused',
    )
    await eventually(
      async () => (await refused.boundingBox())?.y ?? -1,
      (y) => y > 0 && y < height,
      'what was refused is out of view',
    )
    await pressOn(page, button('Undo the changes'))
    await button('Save').waitFor({ state: 'detached' })
  }
  await page.setViewportSize({ width: 1280, height: 832 })

  // a refused field of a page
  await go('/users/new', 'Create user')
  await tabTo(page, page.getByLabel('User name'))
  await page.keyboard.type(bea.username)
  await pressOn(page, button('Create user'))
  await page.getByText(/has this name already/).waitFor()
  await has(page.getByLabel('User name'), 'the taken name has no focus')

  // a refused field of a dialogue
  await go(`/codes/${code.id}`, 'Poster')
  await pressOn(page, button('Edit destination'))
  const editing = page.getByRole('dialog', { name: 'Edit destination' })
  await has(editing.getByRole('textbox').first(), 'the address has no focus')
  await page.keyboard.press('Control+a')
  await page.keyboard.type('ftp://www.example.org/b')
  await pressOn(page, editing.getByRole('button', { name: 'Save' }))
  await editing.locator('[aria-invalid="true"]').waitFor()
  await has(editing.locator('[aria-invalid="true"]'), 'the refused address has no focus')
  await page.keyboard.press('Escape')
  await editing.waitFor({ state: 'detached' })
  await has(button('Edit destination'), 'the focus did not come back')

  // a wrong password in the dialogue over a dialogue
  await go('/settings/tokens', 'Tokens')
  const proving = await makeToken(server, page)
  const password = proving.getByLabel('Password', { exact: true })
  await has(password, 'the password has no focus')
  await page.keyboard.type('not my password at all')
  await pressOn(page, proving.getByRole('button', { name: 'Continue' }))
  await proving.locator('[aria-invalid="true"]').waitFor()
  await has(password, 'the wrong password has no focus')

  // a file that was checked, and its button with it
  await go('/users/import', 'Import people')
  const csv = { name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from('username,displayName,roles\nimported,Ida,\n') }
  await page.locator('input[type=file]').setInputFiles(csv)
  await pressOn(page, button('Check'))
  await page.getByRole('table').first().waitFor()
  await titled('no focus after Check')

  // what was reported is gone with its button
  await go('/check', 'Is this code ours?')
  await tabTo(page, page.getByLabel('Or paste what it says'))
  await page.keyboard.type('https://elsewhere.example/x')
  await pressOn(page, button('Check'))
  await pressOn(page, button(/^Report/))
  await page
    .getByText(/^Thank you/)
    .first()
    .waitFor()
  await titled('no focus after a report')
  assert.deepEqual(complaints, [])
  await context.close()
})
