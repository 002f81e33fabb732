import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import { axe, eventually, newVisitor, openChromium, type Visitor } from './support/chromium.ts'
import { firstOperator, forgetStep, newPerson, type Person, passcode } from './support/people.ts'
import {
  enterPasscode,
  keyOnScreen,
  press,
  recoveryCodesOn,
  signInHere,
  title,
  toPassword,
  typedKey,
  typePassword,
} from './support/screens.ts'
import { startServer } from './support/server.ts'

/** The sign-in page in each of its states, and the wizard that policy and recovery codes lead to. */
const chromium = await openChromium()
const server = await startServer()
const olga = await firstOperator(server)
let people = 0
const somebody = () => newPerson(server, olga, `adam${++people}`)

const arrived = async (path = '/sign-in', options = {}): Promise<Visitor> => {
  const visitor = await newVisitor(chromium, options)
  await visitor.page.goto(server.origin + path)
  await title(visitor.page, 'Sign in')
  return visitor
}
const words = (page: Page) => page.getByRole('main').innerText()
const alert = (page: Page, said: string | RegExp) => page.getByText(said).first().waitFor()
const nothingWrong = async ({ complaints, context }: Visitor, but = /^$/) => {
  assert.deepEqual(
    complaints.filter((line) => !but.test(line)),
    [],
  )
  await context.close()
}
const password = { name: 'Password', exact: true } as const
const passcodeField = (page: Page) => page.getByLabel(/^Enter the six digits/)
const asked = async (visitor: Visitor, person: Person) => {
  await typePassword(visitor.page, person)
  await title(visitor.page, 'Now the passcode')
}
const signedIn = async (visitor: Visitor, person: Person) => {
  await forgetStep(server, person)
  await asked(visitor, person)
  await enterPasscode(visitor.page, person.secret)
  await title(visitor.page, 'My account')
}

test('password, then passcode, and back to the very page that was asked for', async () => {
  const adam = await somebody()
  await forgetStep(server, adam)
  const visitor = await arrived('/me/sessions')
  const { page } = visitor
  assert.ok((await words(page)).includes(new URL(server.origin).host))
  await asked(visitor, adam)
  assert.ok((await words(page)).includes(`as ${adam.username}`))
  assert.equal(await passcodeField(page).evaluate('document.activeElement.autocomplete'), 'one-time-code')
  await enterPasscode(page, adam.secret)
  await title(page, 'Where I am signed in')
  assert.equal(page.url(), `${server.origin}/me/sessions`)
  await nothingWrong(visitor)
})

test('an address that only looks like a path of ours is not gone to, neither after the sign-in nor out of the wizard', async () => {
  const adam = await somebody()
  const visitor = await arrived(`/sign-in?returnTo=${encodeURIComponent('/\t/elsewhere.example/')}`)
  const { page } = visitor
  await signedIn(visitor, adam)
  assert.equal(page.url(), `${server.origin}/me`)
  for (const elsewhere of ['//elsewhere.example/', '/\t/elsewhere.example/', 'https://elsewhere.example/']) {
    await page.goto(`${server.origin}/enrol?returnTo=${encodeURIComponent(elsewhere)}`)
    await title(page, 'Choose an authenticator app')
    await press(page, 'Cancel')
    await title(page, 'My account')
    assert.equal(page.url(), `${server.origin}/me`)
  }
  await nothingWrong(visitor)
})

test('an unknown name and a wrong password are told in the same words, and the name stays', async () => {
  const adam = await somebody()
  const visitor = await arrived()
  const { page } = visitor
  const said: string[] = []
  for (const username of [adam.username, 'nobody-of-that-name']) {
    await typePassword(page, { username, password: 'quite another password' })
    await alert(page, 'That did not match. Check the name and the password.')
    // beside it our code counts down
    said.push(await page.getByRole('main').locator('section').first().innerText())
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), username)
  }
  assert.equal(said[0], said[1])
  await nothingWrong(visitor)
})

test('too many tries: the wait counts down, the button waits with it, and then it goes on', async () => {
  const adam = await somebody()
  // as after nine wrong passwords: the next one is followed by a wait of 64 seconds
  const browser = server.browser()
  await browser.call(contract.openSignIn, {})
  await browser.try(contract.provePassword, { username: adam.username, password: 'wrong' })
  await server.sql(`update attempt set failures = 9 where factor = 'password' and failures > 0`)
  const visitor = await arrived()
  const { page } = visitor
  await typePassword(page, { ...adam, password: 'wrong as well' })
  await alert(page, 'That did not match.')
  await press(page, 'Continue')
  const left = async () => Number(/Wait (\d+) s/.exec(await words(page))?.[1])
  const first = await eventually(left, (seconds) => seconds > 0, 'no wait is shown')
  assert.ok(first <= 64 && first > 30, String(first))
  assert.ok(await page.getByRole('button', { name: 'Continue' }).isDisabled())
  await eventually(left, (seconds) => seconds < first, 'the wait does not count down')
  await nothingWrong(visitor)

  // the first wait of all is two seconds: long enough to see it end
  await server.sql(`update attempt set failures = 4, open_at = '-infinity' where factor = 'password' and failures > 0`)
  const other = await arrived()
  await typePassword(other.page, { ...adam, password: 'wrong again' })
  await alert(other.page, 'That did not match.')
  await press(other.page, 'Continue')
  await other.page.getByText('You can try again now. The last try was not checked.').waitFor()
  await forgetStep(server, adam)
  await asked(other, adam)
  await nothingWrong(other)
})

test('one wrong passcode tells nothing of the clock; two different ones with the same offset tell it', async () => {
  const adam = await somebody()
  await forgetStep(server, adam)
  const visitor = await arrived()
  const { page } = visitor
  await asked(visitor, adam)
  const typeFast = async () => {
    // an offset of three steps is another one once the step has ended
    await eventually(
      () => Date.now() % 30_000,
      (into) => into < 25_000,
      'the step never began',
    )
    await passcodeField(page).fill('')
    await passcodeField(page).fill(passcode(adam.secret, { steps: 3 }))
  }
  await typeFast()
  await alert(page, 'That passcode did not match.')
  assert.ok(!(await words(page)).includes('clock'))
  // as if the first had been typed a step ago
  await server.sql(`update sign_in set wrong_step = wrong_step - 1 where wrong_step is not null`)
  await typeFast()
  await alert(page, 'Your phone’s clock is 90 s fast. Turn on automatic time, then enter a new passcode.')
  await enterPasscode(page, adam.secret)
  await title(page, 'My account')
  await nothingWrong(visitor)
})

test('a spent passcode is told as such, with the seconds to the next', async () => {
  const adam = await somebody()
  const visitor = await arrived()
  await signedIn(visitor, adam)
  const other = await arrived()
  await asked(other, adam)
  // the very step that the first browser used
  const [row] = (await server.sql(
    `select t.last_step from totp t join users u on u.id = t.user_id where u.username = $1 and t.state = 'active'`,
    [adam.username],
  )) as unknown as { last_step: string }[]
  await passcodeField(other.page).fill(passcode(adam.secret, { at: Number(row?.last_step) * 30 }))
  await alert(other.page, /A passcode of this moment was already used\. The next one comes in \d+ s\./)
  await nothingWrong(visitor)
  await nothingWrong(other)
})

test('a sign-in that expired on the way starts anew and keeps what was typed; after a reload the password is asked for', async () => {
  const adam = await somebody()
  await forgetStep(server, adam)
  const visitor = await arrived()
  const { page } = visitor
  const expire = () => server.sql(`update sign_in set expires_at = now() - interval '1 second' where state = 'open'`)
  await asked(visitor, adam)
  await expire()
  await enterPasscode(page, adam.secret)
  await title(page, 'My account')
  await nothingWrong(visitor)

  const other = await arrived()
  await asked(other, adam)
  await other.page.reload()
  await title(other.page, 'Now the passcode')
  await expire()
  await enterPasscode(other.page, adam.secret)
  await title(other.page, 'Sign in')
  await alert(other.page, 'Enter your password again.')
  assert.equal(await other.page.getByLabel('Name', { exact: true }).inputValue(), adam.username)
  await nothingWrong(other)
})

test('while the server does not answer, what was typed is kept and works afterwards', async () => {
  const adam = await somebody()
  await forgetStep(server, adam)
  const visitor = await arrived()
  const { page } = visitor
  await page.route('**/api/sign-ins**', (route) => route.abort())
  await typePassword(page, adam)
  await alert(page, 'The server did not answer')
  assert.ok((await words(page)).includes('what you typed is kept'))
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), adam.username)
  assert.equal(await page.getByLabel(password.name, { exact: true }).inputValue(), adam.password)
  await page.unroute('**/api/sign-ins**')
  await press(page, 'Continue')
  await title(page, 'Now the passcode')
  await page.route('**/api/sign-ins**', (route) => route.abort())
  await enterPasscode(page, adam.secret)
  await alert(page, 'The server did not answer')
  await page.unroute('**/api/sign-ins**')
  await press(page, 'Continue')
  await title(page, 'My account')
  await nothingWrong(visitor, /net::ERR_FAILED/)
})

test('without a network the page says so, keeps what is typed, and goes on when it is back', async () => {
  const adam = await somebody()
  await forgetStep(server, adam)
  const visitor = await arrived()
  const { page } = visitor
  await toPassword(page)
  await visitor.context.setOffline(true)
  await alert(page, 'There is no network here now.')
  await page.getByLabel('Name', { exact: true }).fill(adam.username)
  await page.getByLabel(password.name, { exact: true }).fill(adam.password)
  await visitor.context.setOffline(false)
  await page.getByText('There is no network here now.').waitFor({ state: 'detached' })
  await press(page, 'Continue')
  await title(page, 'Now the passcode')
  // what the page was reading when the network went
  await nothingWrong(visitor, /net::ERR_INTERNET_DISCONNECTED/)
})

test('a recovery code lets a person enrol a new phone and nothing else; at three left there is a warning', async () => {
  const adam = await somebody()
  for (const code of adam.recoveryCodes.slice(0, 6)) {
    const lost = server.browser()
    await lost.call(contract.openSignIn, {})
    await lost.call(contract.provePassword, { username: adam.username, password: adam.password })
    await lost.call(contract.proveRecoveryCode, { code })
  }
  const visitor = await arrived()
  const { page } = visitor
  await asked(visitor, adam)
  await page.getByRole('button', { name: 'No phone at hand? Use a recovery code' }).click()
  await title(page, 'A recovery code')
  await page.getByLabel('Recovery code', { exact: true }).fill('AAAA-BBBB-CCCC-DDDD')
  await press(page, 'Continue')
  await alert(page, 'That recovery code did not match.')
  // small letters and blanks around it are as good
  await page.getByLabel('Recovery code', { exact: true }).fill(` ${adam.recoveryCodes[6]?.toLowerCase()} `)
  await press(page, 'Continue')
  await title(page, 'Choose your second factor')
  assert.ok((await words(page)).includes('You came in with a recovery code.'))
  // nothing else opens: the address of any page leads back here
  await page.goto(`${server.origin}/me`)
  await title(page, 'Choose your second factor')
  await press(page, 'Continue')
  await title(page, 'Scan this with your authenticator app')
  const secret = await keyOnScreen(page)
  await page.reload()
  await title(page, 'Scan this with your authenticator app')
  assert.equal(await keyOnScreen(page), secret)
  await forgetStep(server, adam)
  await enterPasscode(page, secret)
  await title(page, 'Your new key works')
  await press(page, 'Continue')
  await title(page, 'My account')
  await alert(page, '3 recovery codes left')
  assert.ok((await words(page)).includes('Few are left. Make a new set before you need one.'))
  await nothingWrong(visitor)
})

test('where policy demands a second factor the wizard waits, cannot be walked around, and goes on into the session', async () => {
  const adam = await somebody()
  await server.sql(`delete from totp where user_id = (select id from users where username = $1)`, [adam.username])
  await server.sql(`delete from recovery_code where user_id = (select id from users where username = $1)`, [adam.username])
  await server.sql(`update authentication_settings set second_factor_roles = array['user']`)
  const visitor = await arrived()
  const { page } = visitor
  await typePassword(page, adam)
  await title(page, 'Choose your second factor')
  assert.ok((await words(page)).includes('Your account must have a second factor.'))
  for (const app of ['Google Authenticator', 'Microsoft Authenticator', '1Password', 'KeePassXC', 'Another app'])
    assert.equal(await page.getByRole('radio', { name: new RegExp(app) }).count(), 1, app)
  // walking around it: any other page wants a sign-in first
  await page.goto(`${server.origin}/me`)
  await title(page, 'Sign in')
  await page.goto(`${server.origin}/enrol`)
  await title(page, 'Choose your second factor')
  // other settings only behind a warning with reasons, and an app that ignores them is not offered without saying so
  await press(page, 'Other settings for this key')
  await alert(page, 'Leave these as they are, unless you know that your app follows them')
  await page.getByRole('radiogroup', { name: 'Digits' }).getByText('8', { exact: true }).click()
  await page.getByRole('radio', { name: /Microsoft Authenticator/ }).click()
  await alert(page, 'This app ignores 8 digits and would show passcodes that do not work.')
  await page.getByRole('radiogroup', { name: 'Digits' }).getByText('6', { exact: true }).click()
  await press(page, 'Continue')
  await title(page, 'Scan this with your authenticator app')
  const secret = await keyOnScreen(page)
  await passcodeField(page).fill(passcode(secret, { steps: 100 }))
  await alert(page, 'That passcode did not match.')
  assert.equal(await typedKey(page), secret)
  await enterPasscode(page, secret)
  const codes = await recoveryCodesOn(page)
  assert.equal(new Set(codes).size, 10)
  assert.ok(!page.url().includes(codes[0] as string))
  // shown once: the key is not on the page any more
  assert.ok(!(await page.content()).includes(secret))
  await press(page, 'I have saved them')
  await alert(page, 'Not printed, downloaded or copied yet')
  await press(page, 'I wrote them down by hand')
  await title(page, 'My account')
  assert.equal(await page.evaluate('JSON.stringify({ ...sessionStorage })'), '{}')
  await server.sql(`update authentication_settings set second_factor_roles = array['auditor', 'operator', 'owner']`)
  await nothingWrong(visitor)
})

test('an operator reads for whom a factor is closed, and opens it again', async () => {
  const adam = await somebody()
  const close = (factor: string, lane: number) =>
    server.sql(
      `insert into attempt (account_key, factor, lane, failures, open_at) select id, $2, $3, 100, now() from users where username = $1
       on conflict (account_key, factor, lane) do update set failures = 100`,
      [adam.username, factor, lane],
    )
  await close('password', 0)
  await close('password', 1)
  await close('totp', 1)
  await close('recovery-code', 0)
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await signInHere(page, server, olga, `/users/${adam.id}`)
  await title(page, adam.username)
  for (const said of [
    'Locked for unknown browsers: recovery codes',
    'Locked for their own browsers: passcode',
    'Locked for every browser: password',
  ])
    await page.getByText(said).waitFor()
  await page.getByRole('button', { name: 'Clear the counts' }).first().click()
  await page
    .getByText(/^Locked for/)
    .first()
    .waitFor({ state: 'detached' })
  await nothingWrong(visitor)
})

test('a key that expired unconfirmed is replaced by one press', async () => {
  const adam = await somebody()
  const visitor = await arrived()
  const { page } = visitor
  await signedIn(visitor, adam)
  await page.getByRole('link', { name: 'Replace: Authenticator app' }).click()
  await title(page, 'Choose an authenticator app')
  await press(page, 'Continue')
  const before = await keyOnScreen(page)
  await server.sql(`update totp set expires_at = now() - interval '1 second' where state = 'pending'`)
  await enterPasscode(page, before)
  // of a dead key nothing is to be scanned, and nothing is kept
  await title(page, 'This key can be set up no more')
  assert.doesNotMatch(await page.locator('body').innerText(), /The key stays the same|puts a key for/)
  await press(page, 'Get a new key')
  await title(page, 'Scan this with your authenticator app')
  await page.getByText('The key stays the same if you reload.').waitFor()
  await eventually(
    () => typedKey(page),
    (key) => key !== before,
    'the key is the old one',
  )
  // the key before the replacement goes on working, for nothing was confirmed
  const other = await arrived()
  await signedIn(other, adam)
  await nothingWrong(other)
  await nothingWrong(visitor)
})

test('a cookie without its key opens nothing, ends the session, and the page says why', async () => {
  const adam = await somebody()
  const visitor = await arrived()
  await signedIn(visitor, adam)
  const cookie = (await visitor.context.cookies()).find(({ name }) => name.endsWith('postern-session'))
  assert.ok(cookie)
  const thief = server.browser()
  thief.cookies.set(cookie.name, cookie.value)
  assert.equal((await thief.try(contract.currentSession, {})).problem.code, 'session-binding')
  await visitor.page.getByRole('link', { name: 'Where I am signed in' }).first().click()
  await title(visitor.page, 'Sign in')
  await alert(visitor.page, 'Your session was used from somewhere else, so we ended it. Sign in again.')
  await forgetStep(server, adam)
  await asked(visitor, adam)
  await enterPasscode(visitor.page, adam.secret)
  await title(visitor.page, 'Where I am signed in')
  await alert(visitor.page, 'A session was used from somewhere else')
  await nothingWrong(visitor)
})

test('while one more proof is asked for nothing is read by itself: a late refusal would be taken for the end of the session', async () => {
  const adam = await somebody()
  const visitor = await arrived()
  const { page } = visitor
  await signedIn(visitor, adam)
  // the page asks every three seconds whether the other phone is set up
  await press(page, 'Show a code')
  const left = async () => {
    const [, minutes, seconds] = /Ends in (\d+):(\d+)/.exec(await words(page)) ?? []
    return Number(minutes) * 60 + Number(seconds)
  }
  await eventually(left, (seconds) => seconds > 0, 'no code is shown')
  await server.sql(`update session set proved_at = now() - interval '6 minutes' where ended_at is null`)
  await press(page, 'Make a new set')
  await page.getByRole('dialog').getByRole('button', { name: 'Make a new set' }).click()
  const proving = page.getByRole('dialog', { name: 'One more proof' })
  await proving.getByLabel('Password', { exact: true }).waitFor()
  const read: string[] = []
  page.on('request', (request) => request.method() === 'GET' && read.push(request.url()))
  const from = await left()
  await eventually(left, (seconds) => seconds <= from - 5, 'the page stands still')
  assert.deepEqual(read, [])
  await proving.getByLabel('Password', { exact: true }).fill(adam.password)
  await proving.getByRole('button', { name: 'Continue' }).click()
  await forgetStep(server, adam)
  await proving.getByLabel(/^Six digits/).fill(passcode(adam.secret))
  await title(page, 'Your new recovery codes')
  await nothingWrong(visitor)
})

test('over changes of the cookie two tabs go on, live events in a third, and nobody is signed out', async () => {
  const auditor = await newPerson(server, olga, `adam${++people}`, ['auditor'])
  const visitor = await arrived()
  const { page, context } = visitor
  await forgetStep(server, auditor)
  await asked(visitor, auditor)
  await enterPasscode(page, auditor.secret)
  await title(page, 'Events')
  const [other, record] = [await context.newPage(), await context.newPage()]
  await other.goto(`${server.origin}/me`)
  await title(other, 'My account')
  await page.getByRole('link', { name: 'Users', exact: true }).first().click()
  await title(page, 'Users')
  await record.goto(`${server.origin}/events`)
  // rows that came by the stream stand in its place: what was refused is told each minute, by earlier tests too
  const live = record.getByText('Live', { exact: true }).or(record.getByRole('button', { name: /^\d+ new/ }))
  await live.waitFor()
  const cookie = async () => (await context.cookies()).find(({ name }) => name.endsWith('postern-session'))
  const shownFor = (time: string) =>
    server.sql(
      `update session set hash_since = now() - interval '${time}' where ended_at is null and user_id = (select id from users where username = $1)`,
      [auditor.username],
    )
  const refused: string[] = []
  context.on('response', (answer) => answer.status() === 401 && refused.push(answer.url()))
  let before = await cookie()
  for (const [one, two] of [
    ['Sessions', 'Where I am signed in'],
    ['Users', 'My account'],
  ] as const) {
    await shownFor('61 min')
    const go = (tab: Page, name: string) => tab.getByRole('link', { name, exact: true }).first().click()
    await Promise.all([go(page, one), go(other, two)])
    await Promise.all([title(page, one), title(other, two)])
    const after = await eventually(cookie, (now) => now?.value !== before?.value, 'the cookie was not changed')
    assert.deepEqual({ ...after, value: '' }, { ...before, value: '' })
    before = after
    await Promise.all([page.reload(), other.reload()])
    await Promise.all([title(page, one), title(other, two)])
    // the cookie before is dead by now
    await shownFor('3 min')
    await Promise.all([page.reload(), other.reload()])
    await Promise.all([title(page, one), title(other, two)])
  }
  await live.waitFor()
  await olga.browser.call(contract.createUser, { username: 'seen.live' })
  await record.bringToFront()
  await record.getByRole('button', { name: /^\d+ new/ }).click()
  await record.getByText('A person was created').first().waitFor()
  // and a stream that is lost goes on by the newest cookie
  await record.reload()
  await live.waitFor()
  assert.deepEqual(refused, [])
  await nothingWrong(visitor)
})

test('on a phone the wizard leads with the app on this phone, then the key, then the symbol', async () => {
  const adam = await somebody()
  const visitor = await arrived('/sign-in', { viewport: { width: 390, height: 844 } })
  const { page } = visitor
  await signedIn(visitor, adam)
  await page.getByRole('link', { name: 'Replace: Authenticator app' }).click()
  await title(page, 'Choose an authenticator app')
  await press(page, 'Continue')
  await title(page, 'Put this key into your authenticator app')
  const top = async (at: ReturnType<Page['getByText']>) => (await at.boundingBox())?.y ?? Number.NaN
  const [here, key, symbol] = [
    await top(page.getByRole('link', { name: 'Open in an app on this device' })),
    await top(page.getByText('No camera? Type the key')),
    await top(page.getByRole('img', { name: /QR code with your key/ })),
  ]
  assert.ok(here < key && key < symbol, `${here} ${key} ${symbol}`)
  await nothingWrong(visitor)
})

test('where the console does not arrive, its page says so in two languages, and leads to the very same address', async () => {
  const { page, context } = await newVisitor(chromium)
  await page.route('**/assets/*.js', (route) => route.abort())
  const path = '/sign-in?returnTo=%2Fevents'
  const html = await (await page.goto(server.origin + path))?.text()
  // Playwright's Chromium without scripts shows no <noscript>
  assert.match(html ?? '', /<noscript>.*needs JavaScript.*lang="pl">.*JavaScriptu.*<\/noscript>/s)
  const again = page.getByRole('link', { name: 'load the page again' })
  // not at once, so that it never flashes where everything does arrive
  assert.equal(await again.isVisible(), false)
  await again.waitFor()
  await page.getByRole('link', { name: 'wczytaj stronę jeszcze raz' }).waitFor()
  assert.deepEqual(await axe(page), [])
  await page.unroute('**/assets/*.js')
  await again.click()
  await title(page, 'Sign in')
  assert.equal(page.url(), server.origin + path)
  assert.equal(await page.locator('#not-whole').count(), 0)
  await context.close()
})
