import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { eventually, newVisitor, openChromium, symbolInTerminal, symbolOn, type Visitor } from './support/chromium.ts'
import { behindNginx, type Host, onLocalhost, underName } from './support/hosts.ts'
import { forgetStep } from './support/people.ts'
import {
  type Enrolled,
  enrolHere,
  enterPasscode,
  keyOnScreen,
  phone,
  press,
  proveAgain,
  recoveryCodesOn,
  title,
  typePassword,
} from './support/screens.ts'

/** The main job, from the printed link to an off-boarded person, in real browsers on each of the hosts that people run it on. */
const chromium = await openChromium()

const dialog = (page: Page, name: string): Locator => page.getByRole('dialog', { name })
const go = (page: Page, name: string) => page.getByRole('navigation').getByRole('link', { name, exact: true }).first().click()
const signIn = async (host: Host, { page }: Visitor, person: Enrolled) => {
  await forgetStep(host, person)
  await title(page, 'Sign in')
  await typePassword(page, person)
  await title(page, 'Now the passcode')
  await enterPasscode(page, person.secret)
  await title(page, 'My account')
}

const mainJob = async (host: Host) => {
  const { origin } = host
  // behind the proxy each browser has an address of its own, and so a country
  const from = (address: string) => (host.proxied ? { address } : {})
  const { link, output } = host.printed()
  assert.ok(link.startsWith(`${origin}/c/cod_`))
  assert.equal(symbolInTerminal(output), link)
  assert.equal(output.includes('A phone cannot open this address'), origin.startsWith('http://localhost'))

  const olga = await newVisitor(chromium, from('193.0.6.139'))
  await olga.page.goto(link)
  const first = await enrolHere(olga.page, { username: 'olga', first: true })
  await olga.page.getByRole('link', { name: 'Go to your account' }).click()
  await title(olga.page, 'Events')
  // stays open in a tab of its own while everything below happens
  const record = await olga.context.newPage()
  await record.goto(`${origin}/events`)
  await record.getByText('Live', { exact: true }).waitFor()
  // a tab behind another is drawn once a second
  await olga.page.bringToFront()

  await go(olga.page, 'Users')
  await title(olga.page, 'Users')
  await olga.page.getByRole('link', { name: 'Create user' }).click()
  await title(olga.page, 'Create user')
  await olga.page.getByLabel('User name').fill('anna.nowak')
  await olga.page.getByLabel('Display name').fill('Anna Nowak')
  await press(olga.page, 'Create user')
  await title(olga.page, 'Anna Nowak')
  const handing = dialog(olga.page, 'Enrolment code for anna.nowak')
  await handing.getByRole('radio', { name: 'An authenticator app' }).check()
  await handing.getByRole('button', { name: 'Issue the code' }).click()
  await handing.getByRole('img', { name: /anna.nowak/ }).waitFor()
  const address = await symbolOn(handing)
  assert.ok((await handing.innerText()).includes(address))
  assert.ok(address.startsWith(`${origin}/c/cod_`))
  await handing.getByRole('status').getByText('Waiting for a phone', { exact: true }).waitFor()

  const annasPhone = await newVisitor(chromium, { ...phone, ...from('83.0.0.1') })
  await annasPhone.page.goto(address)
  await title(annasPhone.page, 'Set up an authenticator for anna.nowak')
  await handing.getByRole('status').getByText('Opened, not used yet').waitFor()
  const anna = await enrolHere(annasPhone.page, { username: 'anna.nowak' })
  await handing.getByRole('status').getByText('Set up', { exact: true }).waitFor()
  await handing.getByRole('img', { name: /anna.nowak/ }).waitFor({ state: 'detached' })
  await handing.getByRole('button', { name: 'Done' }).click()
  await annasPhone.page.getByRole('link', { name: 'Go to your account' }).click()
  await title(annasPhone.page, 'My account')

  // at a desk, with password and passcode
  const desk = await newVisitor(chromium, from('83.0.0.2'))
  await desk.page.goto(`${origin}/`)
  await signIn(host, desk, anna)

  // the phone is lost: a recovery code opens the wizard alone, and the new key ends every other session
  const lost = await newVisitor(chromium, from('83.0.0.3'))
  await lost.page.goto(`${origin}/`)
  await title(lost.page, 'Sign in')
  await typePassword(lost.page, anna)
  await press(lost.page, 'No phone at hand? Use a recovery code')
  await lost.page.getByLabel('Recovery code', { exact: true }).fill(anna.recoveryCodes[0] as string)
  await press(lost.page, 'Continue')
  await title(lost.page, 'Choose your second factor')
  await press(lost.page, 'Continue')
  await title(lost.page, 'Scan this with your authenticator app')
  anna.secret = await keyOnScreen(lost.page)
  await forgetStep(host, anna)
  await enterPasscode(lost.page, anna.secret)
  await title(lost.page, 'Your new key works')
  await press(lost.page, 'Continue')
  await title(lost.page, 'My account')
  await lost.page.getByText('9 recovery codes left').waitFor()
  await go(desk.page, 'Where I am signed in')
  await title(desk.page, 'Sign in')

  // a change of factors when the last proof is older than five minutes: asked for, and then the very click goes on
  await host.sql(`update session set proved_at = now() - interval '6 minutes' where ended_at is null`)
  await press(lost.page, 'Make a new set')
  await dialog(lost.page, 'Make a new set of recovery codes?').getByRole('button', { name: 'Make a new set' }).click()
  await proveAgain(host, lost.page, anna)
  const fresh = await recoveryCodesOn(lost.page, 'Your new recovery codes')
  assert.equal(fresh.length, 10)
  assert.ok(!fresh.some((code) => anna.recoveryCodes.includes(code)))
  await press(lost.page, 'Copy all')
  await press(lost.page, 'I have saved them')
  await lost.page.getByText('10 recovery codes left').waitFor()

  // suspended: the open page is at the sign-in, and nothing of theirs is taken, in the words of any mismatch
  await olga.page.reload()
  await title(olga.page, 'Anna Nowak')
  await press(olga.page, 'Suspend')
  const suspending = dialog(olga.page, 'Suspend anna.nowak?')
  await suspending.getByLabel('Reason').fill('left the badge in the train')
  await suspending.getByRole('button', { name: 'Suspend' }).click()
  await olga.page.getByText('Suspended', { exact: true }).first().waitFor()
  await go(lost.page, 'Where I am signed in')
  await title(lost.page, 'Sign in')
  await lost.page.getByText('Your session has ended.').waitFor()
  await typePassword(lost.page, anna)
  await lost.page.getByText('That did not match. Check the name and the password.').waitFor()

  await press(olga.page, 'Let back in')
  await dialog(olga.page, 'Let anna.nowak back in?').getByRole('button', { name: 'Let back in' }).click()
  await olga.page.getByText('Active', { exact: true }).first().waitFor()
  await lost.page.goto(`${origin}/`)
  await signIn(host, lost, anna)

  // off-boarded, with the name typed and one more proof, for the last is old: for good, everywhere
  await press(olga.page, 'Off-board')
  const leaving = dialog(olga.page, 'Off-board anna.nowak?')
  assert.ok(await leaving.getByRole('button', { name: 'Off-board' }).isDisabled())
  await leaving.getByLabel('Type anna.nowak to go on').fill('anna.nowak')
  await leaving.getByRole('button', { name: 'Off-board' }).click()
  await proveAgain(host, olga.page, first)
  await olga.page.getByText('Off-boarded', { exact: true }).first().waitFor()
  assert.equal(await olga.page.getByRole('button', { name: 'Enrol', exact: true }).count(), 0)
  await go(lost.page, 'Where I am signed in')
  await title(lost.page, 'Sign in')

  // the record grew while it was open, without moving; asked for, it has each attempt with place, device, code and outcome
  await record.bringToFront()
  await record.getByRole('button', { name: /new events?$/ }).click()
  const rows = await eventually(
    async () =>
      (await record.getByRole('table', { name: 'Events' }).getByRole('row').allInnerTexts()).map((row) =>
        row.replaceAll(/\s+/g, ' '),
      ),
    (texts) => texts.some((row) => row.includes('A person was off-boarded')),
    'the record lacks the off-boarding',
  )
  const place = (country: string) => (host.proxied ? country : 'not known')
  const code = `…${address.split('#')[0]?.slice(-6)}`
  const expected: [string, string[]][] = [
    ['A person was created: anna.nowak', ['Success', 'olga', place('Netherlands'), 'Chrome']],
    ['A code was issued: anna.nowak', ['Success', 'olga', place('Netherlands'), code]],
    ['A code’s page was opened', ['Success', place('Poland'), code, 'Android']],
    ['A code was claimed', ['Success', place('Poland'), code, 'Android']],
    ['A set-up was confirmed', ['Success', 'anna.nowak', place('Poland'), code, 'Android']],
    ['Signed in with a passcode', ['Success', 'anna.nowak', place('Poland'), 'Chrome']],
    ['Signed in with a recovery code', ['Success', 'anna.nowak', place('Poland')]],
    ['New recovery codes were made', ['Success', 'anna.nowak', place('Poland')]],
    ['A person was suspended: anna.nowak', ['Success', 'olga', place('Netherlands')]],
    ['The password was wrong', ['Failure', place('Poland')]],
    ['A person was let back in: anna.nowak', ['Success', 'olga']],
    ['A person was off-boarded: anna.nowak', ['Success', 'olga', place('Netherlands')]],
  ]
  for (const [what, parts] of expected)
    assert.ok(
      rows.some((row) => row.includes(what) && parts.every((part) => row.includes(part))),
      `${what} ${parts}\n${rows.join('\n')}`,
    )
  for (const secret of [
    first.secret,
    anna.secret,
    anna.password,
    address.split('#')[1] as string,
    ...anna.recoveryCodes,
    ...fresh,
  ])
    assert.ok(!(await record.content()).includes(secret))

  await go(olga.page, 'Codes')
  await title(olga.page, 'Codes')
  const ofAnna = olga.page.getByRole('row', { name: /anna\.nowak/ })
  assert.match(await ofAnna.innerText(), /Used/)

  for (const visitor of [olga, annasPhone, desk, lost]) {
    assert.deepEqual(visitor.complaints, [])
    await visitor.context.close()
  }
}

describe('the main job', () => {
  test('on http://localhost', async () => mainJob(await onLocalhost()))
  test('over https under a name', async () => mainJob(await underName()))
  test('behind nginx with TLS', async () => mainJob(await behindNginx()))
})
