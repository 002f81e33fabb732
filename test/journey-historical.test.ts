import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import { base32 } from '../server/src/features/totp/index.ts'
import { newVisitor, openChromium, type Visitor } from './support/chromium.ts'
import { firstOperator, forgetStep, newPerson, type Person, partsOf, signIn } from './support/people.ts'
import { enterPasscode, press, proveAgain, title, typePassword } from './support/screens.ts'
import { startServer } from './support/server.ts'

/** What an operator does about codes and keys of the past, on the screens. */
const chromium = await openChromium()
const server = await startServer()
const olga = await firstOperator(server)
const ada = await newPerson(server, olga, 'ada')

const enter = async (person: Person, path: string): Promise<Visitor> => {
  const visitor = await newVisitor(chromium)
  await visitor.page.goto(server.origin + path)
  await title(visitor.page, 'Sign in')
  await forgetStep(server, person)
  await typePassword(visitor.page, person)
  await title(visitor.page, 'Now the passcode')
  await enterPasscode(visitor.page, person.secret)
  return visitor
}
const dialog = (page: Page) => page.getByRole('dialog').last()
const inDialog = (page: Page, name: string | RegExp) =>
  dialog(page)
    .getByRole('button', { name, exact: typeof name === 'string' })
    .last()
    .click()

test('a key from elsewhere is checked row by row, replaces the one that is there, and is marked wherever it stands', async () => {
  const secret = base32(randomBytes(20))
  const visitor = await enter(olga, `/users/${ada.id}`)
  const { page } = visitor
  await title(page, 'ada')
  await press(page, 'Import a key')
  await dialog(page).getByText('A fresh code is better').waitFor()
  const links = dialog(page).getByLabel(/Links, one a line/)
  await links.fill('otpauth://totp/Old:somebody?secret=JBSWY3DPEHPK3PXP')
  await inDialog(page, 'Check')
  await dialog(page).getByText('Its secret has 80 bits. RFC 4226 asks for 128 at least.').waitFor()
  await links.fill(`otpauth://totp/Old:somebody?secret=${secret}`)
  await inDialog(page, 'Check')
  await dialog(page).getByText('This person has a key already. Tick below to end that one.').waitFor()
  assert.ok(await dialog(page).getByRole('button', { name: 'Import 0 keys' }).isDisabled())
  await dialog(page).getByLabel('End keys that these people have').check()
  await inDialog(page, 'Import 1 key')
  await dialog(page).getByText('1 key was imported.').waitFor()
  await inDialog(page, 'Close')
  await page.getByText('From elsewhere').first().waitFor()
  assert.ok(!(await page.content()).includes(secret))
  await signIn(server, { ...ada, secret })
  ada.secret = secret
  assert.deepEqual(visitor.complaints, [])
  await visitor.context.close()

  const own = await enter(ada, '/me')
  await title(own.page, 'My account')
  await own.page.getByText('brought from another system').waitFor()
  await own.page.getByText('A way in was changed').waitFor()
  await own.context.close()
})

test('what waits is counted, then purged; the code that was handed out opens nothing', async () => {
  const bea = await olga.browser.call(contract.createUser, { username: 'bea' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: bea.id, factor: 'totp', expiresInMinutes: 1_440 })
  const visitor = await enter(olga, '/codes')
  const { page } = visitor
  await title(page, 'Codes')
  await page.getByRole('link', { name: 'Historical codes' }).click()
  await title(page, 'Historical codes')
  await page.getByText('1 code or key waits').waitFor()
  await press(page, 'Purge')
  await inDialog(page, 'Count first')
  await dialog(page).getByText('Codes: 1 · Keys: 0').waitFor()
  const verb = dialog(page).getByRole('button', { name: 'Purge 1', exact: true })
  assert.ok(await verb.isDisabled())
  await dialog(page)
    .getByLabel(/Reason/)
    .fill('spring cleaning')
  await verb.click()
  await page.getByText('1 purged').waitFor()
  await page.getByText('0 codes and keys wait').waitFor()
  const tried = await server.browser().try(contract.claimCode, partsOf(code.url as string))
  assert.equal(tried.problem.code, 'code-revoked')
  assert.deepEqual(visitor.complaints, [])
  await visitor.context.close()
})

test('more than ten are purged by their number', async () => {
  for (let n = 0; n < 11; n++) {
    const { id } = await olga.browser.call(contract.createUser, { username: `waits-${n}` })
    await olga.browser.call(contract.enrolUser, { id, factor: 'totp', expiresInMinutes: 1_440 })
  }
  const visitor = await enter(olga, '/codes/historical')
  const { page } = visitor
  await title(page, 'Historical codes')
  await press(page, 'Purge')
  await inDialog(page, 'Count first')
  await dialog(page).getByText('11 come to their end').waitFor()
  await dialog(page)
    .getByLabel(/Reason/)
    .fill('spring cleaning')
  const verb = dialog(page).getByRole('button', { name: 'Purge 11', exact: true })
  assert.ok(await verb.isDisabled())
  await dialog(page).getByLabel('Type 11 to go on').fill('11')
  await verb.click()
  await page.getByText('11 purged').waitFor()
  assert.deepEqual(visitor.complaints, [])
  await visitor.context.close()
})

test('a person who is selected is asked to re-enrol, and meets the set-up at their next page', async () => {
  const visitor = await enter(olga, '/codes/historical?kind=key&origin=imported')
  const { page } = visitor
  await title(page, 'Historical codes')
  await page.getByRole('row').nth(1).getByRole('checkbox').check()
  await press(page, 'Re-enrol 1 person')
  await dialog(page).getByLabel('Also hand out fresh codes now').check()
  await inDialog(page, 'Count first')
  await dialog(page).getByText('1 person is reached').waitFor()
  await dialog(page)
    .getByLabel(/Reason/)
    .fill('it came from elsewhere')
  // codes for many ask for one more proof, in the middle of it
  await server.sql(`update session set proved_at = now() - interval '6 minutes' where ended_at is null`)
  await inDialog(page, 'Re-enrol 1 person')
  await proveAgain(server, page, olga)
  await dialog(page).getByText('Shown once').waitFor()
  const address = await dialog(page)
    .getByText(/\/c\/cod_/)
    .innerText()
  assert.match(address, /#[A-Za-z0-9_-]{43}$/)
  await inDialog(page, 'Close')
  await dialog(page).getByText('nobody can show these addresses again').waitFor()
  await inDialog(page, 'Close for good')
  await page.getByText('Renewal due').nth(1).waitFor()
  await page.goto(`${server.origin}/users?due=true`)
  await title(page, 'Users')
  await page.getByRole('row', { name: /ada/ }).getByText('Renewal due').waitFor()
  assert.deepEqual(visitor.complaints, [])
  await visitor.context.close()

  const own = await enter(ada, '/me')
  await title(own.page, /authenticator/i)
  assert.match(own.page.url(), /\/enrol/)
  await own.context.close()
})

test('an auditor reads all of it and changes nothing; a plain person is told who may', async () => {
  const audrey = await newPerson(server, olga, 'audrey', ['auditor'])
  const visitor = await enter(audrey, '/codes/historical')
  await title(visitor.page, 'Historical codes')
  await visitor.page.getByRole('row').nth(1).waitFor()
  for (const name of ['Purge', 'Import', 'Re-enrol']) assert.equal(await visitor.page.getByRole('button', { name }).count(), 0)
  assert.equal(await visitor.page.getByRole('checkbox').count(), 0)
  assert.deepEqual(visitor.complaints, [])
  await visitor.context.close()
})
