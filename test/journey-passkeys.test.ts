import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import { eventually, newVisitor, openChromium, symbolOn, type Visitor } from './support/chromium.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { newRoot } from './support/makers.ts'
import { firstOperator, forgetStep, newPerson, type Person, passcode } from './support/people.ts'
import { approve, askPhone, type Claimed, enrolOwnPhone, enrolPhone, liveFrames, type Phone, uuidOf } from './support/phones.ts'
import { numberOn } from './support/screen-to-phone.ts'
import { press, signInHere, title, toPassword, typePassword } from './support/screens.ts'
import { startServer } from './support/server.ts'
import { addAuthenticator } from './support/virtual-authenticator.ts'

/** Passkeys of the computer, and the moving code on its screen: the desk's side of both, in a browser. */
const chromium = await openChromium()
const server = await startServer()
await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
const olga = await firstOperator(server)
let people = 0
const somebody = () => newPerson(server, olga, `adam${++people}`)

const main = (page: Page) => page.getByRole('main').innerText()
const nothingWrong = async ({ complaints, context }: Visitor, but = /^$/) => {
  assert.deepEqual(
    complaints.filter((line) => !but.test(line)),
    [],
  )
  await context.close()
}
const signOut = async (page: Page) => {
  await page.getByRole('button', { name: /account menu$/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await title(page, 'Sign in')
}
/** The last proof of this person was more than five minutes ago. */
const stale = (person: Person) =>
  server.sql(`update session set proved_at = now() - interval '6 minutes' where user_id = $1 and ended_at is null`, [
    uuidOf(person.id),
  ])
const added = async (page: Page, person: Person, synced: boolean) => {
  await signInHere(page, server, person, '/me')
  await title(page, 'My account')
  await press(page, 'Add a passkey of this computer')
  await page.getByText(synced ? 'Synced, copied elsewhere' : 'Held in this device').waitFor()
}

for (const synced of [false, true])
  test(`a passkey is added under My account and signs in, phishing-resistant (${synced ? 'synced' : 'held in the device'})`, async () => {
    const adam = await somebody()
    const visitor = await newVisitor(chromium)
    const { page } = visitor
    await addAuthenticator(page, { synced })
    await added(page, adam, synced)
    await signOut(page)
    await press(page, /^Use a passkey on this computer/)
    await title(page, 'My account')
    const badge = page.locator('[data-acr]').first()
    assert.match(await badge.innerText(), /^Phishing-resistant/)
    assert.equal(await badge.getAttribute('data-acr'), synced ? 'phr' : 'phrh')
    // the device knows that it was used, and that it signed in here
    await page.getByText('Signed you in here').waitFor()
    assert.match(await main(page), /Last used \d+ \w+/)
    // the next time the page says when one was used here
    await signOut(page)
    await page.getByText(/^Used here/).waitFor()
    await nothingWrong(visitor)
  })

withEitherKind('a device is named, reported lost without a fresh proof, and then signs nobody in', async (synced) => {
  const adam = await somebody()
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await addAuthenticator(page, { synced })
  await added(page, adam, synced)
  const room = ofKind('Desk in room 4', synced)
  await page.getByRole('button', { name: /^Rename: / }).click()
  await page.getByRole('dialog').getByLabel('Name').fill(room)
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { level: 3, name: room }).waitFor()
  await stale(adam)
  await press(page, `Report lost: ${room}`)
  await press(page, 'This device is gone')
  await page.getByText('That device can no longer sign anybody in.').first().waitFor()
  const [row] = await server.sql(`select state from device where name = $1`, [room])
  assert.equal(row?.state, 'lost')
  await page.goto(`${server.origin}/sign-in`)
  await press(page, /^Use a passkey on this computer/)
  await page.getByText('That passkey opens nothing here').waitFor()
  await nothingWrong(visitor)
})

withEitherKind('the last second factor that policy demands stays, and the page says why', async (synced) => {
  const adam = await newPerson(server, olga, `adam${++people}`, ['operator'])
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await addAuthenticator(page, { synced })
  await added(page, adam, synced)
  await press(page, 'Remove: Authenticator app')
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No authenticator app is set up').waitFor()
  await page.getByRole('button', { name: /^Remove: (?!Authenticator)/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('Your account must have a second factor, and this is the only one.', { exact: false }).first().waitFor()
  await nothingWrong(visitor)
})

test('a browser without the passkey says so and keeps the other ways; by the phone it offers our code', async () => {
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  const authenticator = await addAuthenticator(page)
  await authenticator.setVerified(false)
  await page.goto(`${server.origin}/sign-in`)
  await press(page, /^Use a passkey on this computer/)
  await page.getByText('No passkey was used').waitFor()
  await press(page, /^Use the passkey on your phone/)
  await page.getByText('Bluetooth did not answer. Scan our code instead.').waitFor()
  // our code is never called more than it is
  assert.match(await page.locator('[data-way=qr]').innerText(), /Multi-factor/)
  await nothingWrong(visitor)
})

test('a browser that has no passkeys says why, and leads with the next best', async () => {
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await page.addInitScript('delete window.PublicKeyCredential')
  await page.goto(`${server.origin}/sign-in`)
  await page.getByText('This browser has no passkeys').waitFor()
  assert.deepEqual(await page.locator('[data-way]').evaluateAll((ways) => ways.map((way) => way.dataset.way)), ['qr', 'password'])
  await nothingWrong(visitor)
})

test('on a phone the page leads with the passkey of that phone, and shows our code only when it is asked for', async () => {
  const visitor = await newVisitor(chromium, { viewport: { width: 390, height: 844 } })
  const { page } = visitor
  await page.goto(`${server.origin}/sign-in`)
  await page.getByRole('button', { name: /^Use the passkey on this phone/ }).waitFor()
  assert.equal(await page.locator('[data-way=hybrid]').count(), 0)
  assert.equal(await page.locator('[data-frame]').count(), 0)
  await press(page, /^Show a code for another phone/)
  const { n } = await frameOn(page)
  assert.ok(n >= 0)
  await nothingWrong(visitor)
})

withEitherKind('a passkey stands among what the browser fills into the name, and signs in when it is chosen', async (synced) => {
  const adam = await somebody()
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  const authenticator = await addAuthenticator(page, { synced })
  await added(page, adam, synced)
  // nobody is there to choose: the form stays, and takes what it always took
  await authenticator.setPresent(false)
  await signOut(page)
  const asked = page.waitForResponse((response) => response.url().endsWith('/passkey/options'))
  await toPassword(page)
  await asked
  assert.equal(await page.getByLabel('Name', { exact: true }).getAttribute('autocomplete'), 'username webauthn')
  // the authenticator of this test chooses by itself, as a person would from the list under the field
  await press(page, 'Other ways to sign in')
  await authenticator.setPresent(true)
  await toPassword(page)
  await title(page, 'My account')
  await nothingWrong(visitor)
})

/** The frame on the screen, as zbarimg reads it. */
const frameOn = async (page: Page) => {
  const read = await symbolOn(page)
  const [, id, n, mac] = /\/c\/(cod_\w{26})#(\d+)\.([\w-]{22})$/.exec(read) ?? []
  assert.ok(id && n && mac, read)
  assert.ok(read.startsWith(`${server.origin}/c/`))
  return { id, n: Number(n), secret: `${n}.${mac}` }
}
/** Three frames in a row, off three screenshots. */
const threeFrames = async (page: Page) => {
  let read: Awaited<ReturnType<typeof frameOn>>[] = []
  await eventually(
    async () => {
      const next = await frameOn(page)
      const last = read.at(-1)
      if (last?.n !== next.n) read = last && last.id === next.id && last.n + 1 === next.n ? [...read, next] : [next]
      return read.length
    },
    (length) => length >= 3,
    'no three frames in a row were read off the screen',
  )
  return read.slice(-3) as [(typeof read)[0], (typeof read)[0], (typeof read)[0]]
}

/** Reads the code off the page as a phone's camera does, and claims it. */
const claimOf = async (page: Page, { browser }: Phone) => {
  const [one, two, three] = await threeFrames(page)
  return browser.try(contract.claimCode, { id: three.id, secret: three.secret, frames: [one.secret, two.secret] })
}
const approveOn = async (page: Page, phone: Phone): Promise<void> => {
  const claimed = (await claimOf(page, phone)).value as Claimed
  assert.equal((await approve(phone, server.origin, claimed, await numberOn(page))).status, 200)
}
/** Marks a page: a whole load would take the mark away. */
const mark = (page: Page) => page.evaluate('globalThis.marked = true')
const marked = (page: Page) => page.evaluate('globalThis.marked === true')

withEitherKind(
  'a moving code stands on the page, changes every second, and signs in the desk that a phone approves',
  async (synced) => {
    const adam = await somebody()
    const phone = await enrolPhone(server, olga, adam, { synced })
    const visitor = await newVisitor(chromium)
    const { page } = visitor
    await page.goto(`${server.origin}/sign-in?returnTo=/me/sessions`)
    await title(page, 'Sign in')
    const frames = await threeFrames(page)
    const [one, two, three] = frames
    assert.deepEqual(
      [
        two.n - one.n,
        three.n - two.n,
        new Set(frames.map(({ id }) => id)).size,
        new Set(frames.map(({ secret }) => secret)).size,
      ],
      [1, 1, 1, 3],
    )
    const claimed = (await phone.browser.call(contract.claimCode, {
      id: three.id,
      secret: three.secret,
      frames: [one.secret, two.secret],
    })) as Claimed
    await page.getByText('Scanned. Now confirm on your phone.').first().waitFor()
    // what was claimed is not drawn any more, and its number stays to be read
    await page.locator('[data-frame]').waitFor({ state: 'detached' })
    // the next page's scripts do not wait for the finger
    await eventually(
      () => page.evaluate(`performance.getEntriesByType('resource').some(({ name }) => name.includes('/MySessionsPage-'))`),
      Boolean,
      'nothing is fetched ahead',
    )
    await mark(page)
    assert.equal((await approve(phone, server.origin, claimed, await numberOn(page))).status, 200)
    await title(page, 'Where I am signed in')
    assert.equal(page.url(), `${server.origin}/me/sessions`)
    assert.equal(await marked(page), true)
    await page.goto(`${server.origin}/me`)
    await title(page, 'My account')
    assert.equal(await page.locator('[data-acr]').first().getAttribute('data-acr'), 'aal2')
    await nothingWrong(visitor)
  },
)

test('who goes back and lets somebody else in sees nothing of the one before', async () => {
  const [adam, berta] = [await somebody(), await somebody()]
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await page.goto(`${server.origin}/sign-in`)
  await mark(page)
  await approveOn(page, await enrolPhone(server, olga, adam))
  await title(page, 'My account')
  assert.match(await main(page), new RegExp(`\\b${adam.username}\\b`))
  await page.goBack()
  await title(page, 'Sign in')
  await approveOn(page, await enrolPhone(server, olga, berta, { synced: true }))
  await title(page, 'My account')
  assert.match(await main(page), new RegExp(`\\b${berta.username}\\b`))
  assert.doesNotMatch(await main(page), new RegExp(`\\b${adam.username}\\b`))
  assert.equal(await marked(page), true)
  await nothingWrong(visitor)
})

test('where a secret was typed, or the address is another part’s of the server, the next page is a whole load', async () => {
  const person = await somebody()
  const [held, synced] = [await enrolPhone(server, olga, person), await enrolPhone(server, olga, person, { synced: true })]
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await page.goto(`${server.origin}/sign-in?returnTo=/me`)
  await mark(page)
  await toPassword(page)
  await page.getByLabel('Password', { exact: true }).fill('typed, and not sent')
  await press(page, 'Other ways to sign in')
  await approveOn(page, held)
  await title(page, 'My account')
  assert.equal(await marked(page), false)
  await page.goto(`${server.origin}/sign-in?returnTo=/phone/me`)
  await mark(page)
  await approveOn(page, synced)
  await title(page, 'My phones and keys')
  assert.equal(await marked(page), false)
  await nothingWrong(visitor)
})

test('declined on the phone, the page says so; one press shows a new code', async () => {
  const adam = await somebody()
  const phone = await enrolPhone(server, olga, adam)
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await page.goto(`${server.origin}/sign-in`)
  const [one, two, three] = await threeFrames(page)
  const { confirm } = (await phone.browser.call(contract.claimCode, {
    id: three.id,
    secret: three.secret,
    frames: [one.secret, two.secret],
  })) as Claimed
  await phone.browser.call(contract.declineRequest, { confirm, reason: 'declined' })
  await page.getByText('Declined on the phone').waitFor()
  await press(page, 'Show a new code')
  assert.notEqual((await frameOn(page)).id, three.id)
  await nothingWrong(visitor)
})

withEitherKind(
  'a phone that reads another code, and one that is shown no more: the screen says so, and offers a new code',
  async (synced) => {
    const phone = await enrolPhone(server, olga, await somebody(), { synced })
    const [locale, replaced, often, wait, again] = synced
      ? [
          'pl-PL',
          'Zastąpił go nowszy kod',
          'Ten telefon przez chwilę nie pokaże następnych próśb',
          'Odczekaj dziesięć minut',
          'Pokaż nowy kod',
        ]
      : [
          'en-GB',
          'A newer code took its place',
          'That phone shows no more requests for now',
          'Wait ten minutes',
          'Show a new code',
        ]
    const visitor = await newVisitor(chromium, { locale })
    const { page } = visitor
    await page.goto(`${server.origin}/sign-in`)
    await claimOf(page, phone)
    const readsAnother = async () =>
      phone.browser.call(contract.claimCode, await liveFrames(server, await askPhone(server.browser())))
    await readsAnother()
    await page.getByRole('alert').filter({ hasText: replaced }).waitFor()
    await press(page, again)
    for (let more = 0; more < 3; more++) await readsAnother()
    assert.equal((await claimOf(page, phone)).problem.reason, 'often')
    const alert = page.getByRole('alert').filter({ hasText: often })
    await alert.waitFor()
    assert.ok((await alert.innerText()).includes(wait))
    await press(page, again)
    await frameOn(page)
    await nothingWrong(visitor)
  },
)

withEitherKind('a phone that is reported lost between its approval and the collection: the page says so', async (synced) => {
  const adam = await somebody()
  const phone = await enrolPhone(server, olga, adam, { synced })
  // one kind in one language, the other in the other
  const [locale, said, words, next] = synced
    ? ['pl-PL', 'To, czym potwierdzano, w międzyczasie wyłączono', 'Telefon zgłoszono jako zgubiony', 'Pokaż nowy kod']
    : ['en-GB', 'What approves it was ended meanwhile', 'The phone was reported lost', 'Show a new code']
  const visitor = await newVisitor(chromium, { locale })
  const { page } = visitor
  await page.route('**/api/sign-ins/current/collect', async (route) => {
    await olga.browser.call(contract.reportDeviceLost, { id: phone.deviceId })
    await route.continue()
  })
  await page.goto(`${server.origin}/sign-in`)
  const claimed = (await claimOf(page, phone)).value as Claimed
  const number = (await page.locator('strong', { hasText: /\d\d$/ }).innerText()).slice(-2)
  assert.equal((await approve(phone, server.origin, claimed, number)).status, 200)
  const alert = page.getByRole('alert').filter({ hasText: said })
  await alert.waitFor()
  assert.ok((await alert.innerText()).includes(words))
  await press(page, next)
  await frameOn(page)
  await nothingWrong(visitor, /409/)
})

test('where our code may not start, its place says so, and it is not offered as a way in', async () => {
  await server.sql(`update device_settings set start_networks = '{10.0.0.0/8}'`)
  try {
    for (const viewport of [
      { width: 1280, height: 832 },
      { width: 390, height: 844 },
    ]) {
      const visitor = await newVisitor(chromium, { viewport })
      const { page } = visitor
      await page.goto(`${server.origin}/sign-in`)
      const way = page.locator('[data-way=qr]')
      if (viewport.width < 600) await way.click()
      await page.getByText('Our code is not offered here').waitFor()
      await page.locator('[data-way=password]').waitFor()
      assert.equal(await way.count(), 0)
      await nothingWrong(visitor)
    }
  } finally {
    await server.sql(`update device_settings set start_networks = '{}'`)
  }
})

test('after 120 seconds nothing is drawn, whatever the network does; one press shows a new code', async () => {
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await page.clock.install()
  await page.goto(`${server.origin}/sign-in`)
  const before = await frameOn(page)
  await page.context().setOffline(true)
  await page.clock.fastForward(119_000)
  await page.clock.runFor(2_000)
  await page.getByText('This code has expired. A new one takes a second.').first().waitFor()
  assert.equal(await page.locator('[data-frame]').count(), 0)
  await page.context().setOffline(false)
  await press(page, 'Show a new code')
  assert.notEqual((await frameOn(page)).id, before.id)
  await nothingWrong(visitor, /net::ERR_INTERNET_DISCONNECTED/)
})

withEitherKind('a connection that was lost on the way is opened again and told what has happened', async (synced) => {
  const adam = await somebody()
  const phone = await enrolPhone(server, olga, adam, { synced })
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await page.goto(`${server.origin}/sign-in`)
  const [one, two, three] = await threeFrames(page)
  await page.context().setOffline(true)
  const claimed = (await phone.browser.call(contract.claimCode, {
    id: three.id,
    secret: three.secret,
    frames: [one.secret, two.secret],
  })) as Claimed
  assert.equal((await approve(phone, server.origin, claimed, await numberOn(page))).status, 200)
  await page.context().setOffline(false)
  await title(page, 'My account')
  await nothingWrong(visitor, /net::ERR_INTERNET_DISCONNECTED/)
})

withEitherKind(
  'a role that proves the password first is told so by the page, and the phone is its second factor',
  async (synced) => {
    const oscar = await newPerson(server, olga, ofKind('oscar', synced), ['operator'])
    const phone = await enrolPhone(server, olga, oscar, { synced })
    const visitor = await newVisitor(chromium)
    const { page } = visitor
    await page.goto(`${server.origin}/sign-in`)
    const alone = (await claimOf(page, phone)).value as Claimed
    assert.equal((await approve(phone, server.origin, alone, await numberOn(page))).status, 403)
    await page.getByText('Your role proves the password here first').waitFor()
    await press(page, 'Enter the password')
    await typePassword(page, oscar)
    await title(page, 'Now a second proof')
    await mark(page)
    await approveOn(page, phone)
    await title(page, 'Events')
    assert.equal(await marked(page), false)
    await nothingWrong(visitor)
  },
)

withEitherKind('one more proof is given by a passkey, and the very click goes on', async (synced) => {
  const adam = await somebody()
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await addAuthenticator(page, { synced })
  await added(page, adam, synced)
  await stale(adam)
  await press(page, 'Make a new set')
  await page.getByRole('dialog').getByRole('button', { name: 'Make a new set' }).click()
  await page
    .getByRole('dialog', { name: 'One more proof' })
    .getByRole('button', { name: /^Use a passkey on this computer/ })
    .click()
  await title(page, 'Your new recovery codes')
  await nothingWrong(visitor)
})

test('who goes on by password in one more proof has the passcode under the fingers next, whatever stands above it', async () => {
  const adam = await somebody()
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await addAuthenticator(page)
  await added(page, adam, false)
  await stale(adam)
  await press(page, 'Make a new set')
  await page.getByRole('dialog').getByRole('button', { name: 'Make a new set' }).click()
  const proving = page.getByRole('dialog', { name: 'One more proof' })
  await proving.getByRole('button', { name: /^Scan with your registered phone/ }).click()
  await proving.locator('[data-frame] svg').waitFor()
  await proving.getByLabel('Password', { exact: true }).fill(adam.password)
  await page.keyboard.press('Enter')
  const passcodeField = proving.getByLabel(/^Six digits/)
  await passcodeField.waitFor()
  await eventually(
    () => passcodeField.evaluate((field) => field === field.ownerDocument.activeElement),
    Boolean,
    'the passcode has no focus',
  )
  await forgetStep(server, adam)
  await page.keyboard.type(passcode(adam.secret))
  await title(page, 'Your new recovery codes')
  await nothingWrong(visitor)
})

/** A second factor is demanded of these roles meanwhile. */
const demanded = (roles: string) => async (both: () => Promise<void>) => {
  const demand = (of: string) => server.sql(`update authentication_settings set second_factor_roles = $1::text[]`, [of])
  await demand(roles)
  try {
    await both()
  } finally {
    await demand('{auditor,operator,owner}')
  }
}
withEitherKind(
  'the wizard that policy asks for leads with a passkey; its recovery codes come with it',
  async (synced) => {
    const adam = await somebody()
    await server.sql(`delete from totp where user_id = (select id from users where username = $1)`, [adam.username])
    await server.sql(`delete from recovery_code where user_id = (select id from users where username = $1)`, [adam.username])
    const visitor = await newVisitor(chromium)
    const { page } = visitor
    await addAuthenticator(page, { synced })
    await page.goto(`${server.origin}/sign-in`)
    await typePassword(page, adam)
    await title(page, 'Choose your second factor')
    await press(page, 'Make a passkey')
    await title(page, 'Save your recovery codes')
    await press(page, 'I have saved them')
    await press(page, 'I wrote them down by hand')
    await title(page, 'My account')
    await page.getByText(synced ? 'Synced, copied elsewhere' : 'Held in this device').waitFor()
    await nothingWrong(visitor)
  },
  demanded('{user}'),
)

const withRecoveryCode = async (page: Page, adam: Person): Promise<void> => {
  await page.goto(`${server.origin}/sign-in`)
  await typePassword(page, adam)
  await title(page, 'Now a second proof')
  await press(page, 'No phone at hand? Use a recovery code')
  await page.getByLabel('Recovery code', { exact: true }).fill(adam.recoveryCodes[0] as string)
  await press(page, 'Continue')
}
withEitherKind('a recovery code lets a person report the lost device and make a new passkey', async (synced) => {
  const adam = await somebody()
  await enrolPhone(server, olga, adam, { synced })
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await addAuthenticator(page, { synced })
  await withRecoveryCode(page, adam)
  await title(page, 'Choose your second factor')
  await page.getByRole('button', { name: /^Report lost: / }).click()
  await press(page, 'This device is gone')
  await page.getByText('That device can no longer sign anybody in.').first().waitFor()
  await press(page, 'Make a passkey')
  await title(page, 'Your passkey works')
  await press(page, 'Continue')
  await title(page, 'My account')
  await nothingWrong(visitor)
})

withEitherKind(
  'who has more devices than one and comes in with a recovery code says which are gone, before anything else',
  async (synced) => {
    const adam = await somebody()
    const [lost, kept] = [await enrolPhone(server, olga, adam, { synced }), await enrolPhone(server, olga, adam, { synced })]
    await server.sql(`update device set name = 'The blue one' where id = $1`, [uuidOf(lost.deviceId)])
    const visitor = await newVisitor(chromium)
    const { page } = visitor
    await addAuthenticator(page, { synced })
    await withRecoveryCode(page, adam)
    await title(page, 'Which of these is gone?')
    const goOn = page.getByRole('button', { name: 'Continue' })
    assert.equal(await page.getByRole('checkbox', { checked: true }).count(), 0)
    assert.equal(await goOn.isDisabled(), true)
    // one or the other
    await page.getByLabel('None of these is gone').check()
    await page.getByLabel('The blue one').check()
    assert.equal(await page.getByLabel('None of these is gone').isChecked(), false)
    await goOn.click()
    await title(page, 'Choose your second factor')
    await press(page, 'Make a passkey')
    await title(page, 'Your passkey works')
    const { items } = await olga.browser.call(contract.listDevices, { userId: adam.id })
    const states = [lost, kept].map(({ deviceId }) => items.find(({ id }) => id === deviceId)?.state)
    assert.deepEqual(states, ['lost', 'active'])
    await nothingWrong(visitor)
  },
)

/** What a way of the sign-in page says of itself to whoever points at its badge. */
const termsOn = (page: Page) => async (way: string) => {
  await page.mouse.move(0, 0)
  await page.getByRole('tooltip').waitFor({ state: 'detached' })
  const badge = page.locator(`[data-way="${way}"] [data-acr], [data-way="${way}"] + p [data-acr]`)
  await badge.hover()
  return page.getByRole('tooltip').innerText()
}
withEitherKind(
  'each way says what the server will say of it, and the browser is told where the passkey is',
  async (synced) => {
    const adam = await somebody()
    const visitor = await newVisitor(chromium)
    const { page } = visitor
    await page.addInitScript(`
    globalThis.asked = []
    const get = navigator.credentials.get.bind(navigator.credentials)
    navigator.credentials.get = (options) => {
      if (options?.mediation !== 'conditional') globalThis.asked.push(options?.publicKey?.hints)
      return get(options)
    }
  `)
    await addAuthenticator(page, { synced })
    await added(page, adam, synced)
    await signOut(page)
    const terms = termsOn(page)
    const passkey = 'acr phr · amr swk, user, mfa, or acr phrh · amr hwk, user, mfa'
    assert.equal(await terms('passkey'), passkey)
    assert.equal(await terms('hybrid'), passkey)
    assert.equal(await terms('qr'), 'acr aal2 · amr swk, user, mfa, or acr aal2 · amr hwk, user, mfa')
    assert.equal(await terms('password'), 'acr aal2 · amr pwd, otp, mfa')
    await page.locator('[data-way="hybrid"]').click()
    await title(page, 'My account')
    // in the page that asked, for it goes on by itself
    assert.deepEqual(await page.evaluate('asked'), [['hybrid']])
    await signOut(page)
    await press(page, /^Use a passkey on this computer/)
    await title(page, 'My account')
    assert.deepEqual(await page.evaluate('asked'), [['client-device', 'security-key']])
    await nothingWrong(visitor)
  },
  demanded('{user,auditor,operator,owner}'),
)

test('where somebody may be in by the password alone, that is what is said', async () => {
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await page.goto(`${server.origin}/sign-in`)
  await page.locator('[data-way="password"]', { hasText: 'One or two factors' }).waitFor()
  assert.equal(await termsOn(page)('password'), 'acr aal1 · amr pwd, or acr aal2 · amr pwd, otp, mfa')
  await nothingWrong(visitor)
})

withEitherKind('an operator sees the devices of everybody and of one person, and ends one', async (synced) => {
  const adam = await somebody()
  const oona = await newPerson(server, olga, ofKind('oona', synced), ['operator'])
  await enrolPhone(server, olga, adam, { synced })
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await signInHere(page, server, oona, `/devices?synced=${synced}`)
  await title(page, 'Devices')
  await page
    .getByRole('link', { name: /Android|Chrome|phone/i })
    .first()
    .waitFor()
  // from a device to what it did, and to the code that it came of
  await page
    .getByRole('link', { name: /^Events: / })
    .first()
    .click()
  await title(page, 'Events')
  await page.waitForURL(/\/events\?deviceId=dev_/)
  await page.getByText('A device was registered').first().waitFor()
  await page.goto(`${server.origin}/devices?userId=${adam.id}`)
  await page.getByRole('link', { name: 'by a code' }).waitFor()
  await page.getByRole('link', { name: 'by a code' }).click()
  await page.getByText('Chrome 156, Android').first().waitFor()
  await page.goto(`${server.origin}/codes`)
  await page.getByText('Chrome 156, Android').first().waitFor()
  await page.goto(`${server.origin}/users/${adam.id}`)
  await page.getByRole('button', { name: /^Revoke: / }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('The device is revoked.').first().waitFor()
  const { items } = await olga.browser.call(contract.listDevices, { userId: adam.id })
  assert.deepEqual(
    items.map(({ state }) => state),
    ['revoked'],
  )
  await nothingWrong(visitor)
})

withEitherKind('the last owner’s device is not revoked, and the pages say what to do first', async (synced) => {
  // a deployment with one owner, for each kind
  const lonely = await startServer()
  await lonely.sql(`update authentication_settings set second_factor_roles = '{operator}'`)
  const owner = await firstOperator(lonely, 'only')
  await enrolOwnPhone(lonely, owner, { synced })
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await signInHere(page, lonely, owner, `/users/${owner.id}`)
  await lonely.sql(`update totp set state = 'retired', sealed = null where state = 'active'`)
  const refused = async () => {
    const dialog = page.getByRole('dialog')
    await dialog.getByText('This would leave no owner who can sign in').waitFor()
    await dialog.getByText('Nothing was changed. Make another owner, with a second factor of their own, first.').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'detached' })
  }
  await page.getByRole('button', { name: /^Revoke: / }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await refused()
  await page.goto(`${lonely.origin}/me`)
  await page.getByRole('button', { name: /^Remove: / }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await refused()
  const [row] = await lonely.sql(`select state from device`)
  assert.equal(row?.state, 'active')
  await nothingWrong(visitor, /409/)
})

test('the device settings say what each does, and are saved', async () => {
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await signInHere(page, server, olga, '/settings/devices')
  await title(page, 'Device settings')
  await page.getByRole('radiogroup', { name: 'Phone and computer in the same network or country' }).getByText('Demanded').click()
  await page.getByLabel('Minutes that such a session lives').fill('30')
  await forgetStep(server, olga)
  await press(page, 'Save')
  await page.getByText('Saved', { exact: true }).first().waitFor()
  const { near, sessionMinutes } = await olga.browser.call(contract.getDeviceSettings, {})
  assert.deepEqual([near, sessionMinutes], ['require', 30])
  // what is refused is shown where it was typed, above the bar, wherever the page was
  const roots = page.getByLabel('Root certificates of makers')
  await roots.fill('hello')
  await page.evaluate('scrollTo(0, 0)')
  await press(page, 'Save')
  const why = page.getByText('Paste whole root certificates in PEM')
  await why.waitFor()
  await eventually(() => roots.evaluate((it) => it === it.ownerDocument.activeElement), Boolean, 'the field has no focus')
  const [said, bar] = [await why.boundingBox(), await page.getByRole('button', { name: 'Save', exact: true }).boundingBox()]
  assert.ok(said && bar && said.y > 0 && said.y + said.height < bar.y, `${said?.y} ${bar?.y}`)
  await press(page, 'Undo the changes')
  await server.sql(`update device_settings set near = 'warn', session_minutes = 60`)
  await nothingWrong(visitor)
})

test('a list of models names them while one types, and says before it is saved which cannot prove themselves here', async () => {
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  const keys = 'ee882879-721c-4913-9775-3dfcce97072a'
  const apple = 'f24a8e70-d0d3-f82c-2937-32523cc4de5a'
  const unknown = '0d9b2e56-566b-c393-2940-f821b7f15d6d'
  await signInHere(page, server, olga, '/settings/devices')
  await title(page, 'Device settings')
  const field = page.getByRole('combobox', { name: 'Models that may register, by AAGUID' })
  const listed = page.getByRole('list', { name: 'Models on the list' })
  assert.equal(await listed.count(), 0)
  // by AAGUID the name comes, by name the AAGUID
  await field.pressSequentially('ee88')
  const option = page.getByRole('option')
  await option.first().waitFor()
  assert.deepEqual(
    (await option.allInnerTexts()).map((text) => text.split('\n')),
    [['YubiKey 5', keys, 'Cannot prove itself here']],
  )
  await option.first().click()
  await listed.getByText('YubiKey 5').waitFor()
  await page.getByText('With this list hardly anybody can register a passkey').waitFor()
  await page.getByText(/the formats android-key, android-safetynet, apple: .* security keys .* Windows Hello/).waitFor()
  await field.pressSequentially('apple (')
  await page.getByRole('option', { name: /^Apple \(not synced/ }).click()
  await page.getByText('Some of these can hardly register').waitFor()
  await field.fill(`${unknown.toUpperCase()}`)
  await field.press('Enter')
  assert.deepEqual(
    (await listed.getByRole('listitem').allInnerTexts()).map((text) => text.split('\n')),
    [
      ['YubiKey 5', keys, 'Cannot prove itself here'],
      ['Apple (not synced)', apple, 'Can prove itself'],
      ['Name not known', unknown, 'Proves itself only by a format or root below'],
    ],
  )
  await forgetStep(server, olga)
  await press(page, 'Save')
  await page.getByText('Saved', { exact: true }).first().waitFor()
  const { models } = await olga.browser.call(contract.getDeviceSettings, {})
  assert.deepEqual(models, [keys, apple, unknown])
  // with the root of its maker a key can prove itself
  const roots = page.getByRole('textbox', { name: 'Root certificates of makers' })
  await roots.fill('no certificate')
  await press(page, 'Save')
  await page.getByText(/^Paste whole root certificates in PEM/).waitFor()
  await roots.fill(newRoot('Yubico Test Root').pem)
  await press(page, 'Save')
  await page.getByRole('list', { name: 'Root certificates that are held' }).getByText('Yubico Test Root').waitFor()
  const first = async () => (await listed.getByRole('listitem').first().allInnerTexts()).join().split('\n').at(-1)
  await eventually(first, (text) => text === 'Can prove itself', 'the key can prove itself')
  await server.sql(`update device_settings set models = '{}', attestation_roots = ''`)
  await nothingWrong(visitor)
})
