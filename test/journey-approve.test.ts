import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Role } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import type { Browser } from './support/browser.ts'
import { atRest, axe, eventually, nameless, newVisitor, openChromium, overflow, type Visitor } from './support/chromium.ts'
import { eitherKindInTurn, ofKind, withEitherKind } from './support/either-kind.ts'
import { newFilm } from './support/film.ts'
import { firstOperator, forgetStep, goodPassword, newPerson, partsOf, passcode, recorded } from './support/people.ts'
import { ageOf, askPhone, enrolPhone, frame, type Screen, scan } from './support/phones.ts'
import { readByCamera } from './support/screen-to-phone.ts'
import { phone, press, recoveryCodesOn, registerHere, signInHere, title } from './support/screens.ts'
import { startServer } from './support/server.ts'
import { addAuthenticator, type VirtualAuthenticator } from './support/virtual-authenticator.ts'

/** A phone of Chromium, with its authenticator and its camera: it is enrolled by a code, and approves what a desk asks. */
const film = newFilm()
const chromium = await openChromium(film.flags)
const server = await startServer()
const olga = await firstOperator(server)

type Phone = Visitor & { authenticator: VirtualAuthenticator }
const newPhone = async (synced = false): Promise<Phone> => {
  const visitor = await newVisitor(chromium, { ...phone, permissions: ['camera'] })
  return { ...visitor, authenticator: await addAuthenticator(visitor.page, { synced }) }
}
let people = 0
/** A person without a password yet, and the address that makes a phone theirs. */
const invited = async (roles: Role[] = ['user']) => {
  const username = `berta${++people}`
  const user = await olga.browser.call(contract.createUser, { username, roles })
  const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'device' })
  return { username, id: user.id, url: code.url as string }
}
const makePasskey = 'Make a passkey on this phone'
/** From the operator's address to a registered phone. */
const enrolled = async ({ synced = false, roles }: { synced?: boolean; roles?: Role[] } = {}) => {
  const person = await invited(roles)
  const visitor = await newPhone(synced)
  const { page } = visitor
  await registerHere(page, person.url)
  return { ...visitor, person }
}
const nothingWrong = async ({ complaints, context }: Visitor) => {
  assert.deepEqual(complaints, [])
  await context.close()
}
const words = (page: Page) => page.getByRole('main').innerText()
const aDesk = async (): Promise<{ desk: Browser; screen: Screen }> => {
  const desk = server.browser()
  return { desk, screen: await askPhone(desk) }
}
const addressOf = async (screen: Screen, old = 0): Promise<string> =>
  `${screen.url}#${frame(screen, Math.max(0, Math.floor(await ageOf(server, screen)) - old))}`
/** The camera is held before the screen for some seconds from now on, and sees the code move. */
const holdBefore = async (screen: Screen): Promise<void> => {
  const now = Math.floor(await ageOf(server, screen))
  film.show(Array.from({ length: 10 }, (_, n) => `${screen.url}#${frame(screen, now + 1 + n)}`))
}
const question = 'Sign in to Postern?'
/** By the phone's own camera app: the address of one fresh frame, and a tap. */
const byCameraApp = async (page: Page, screen: Screen): Promise<void> => {
  await page.goto(await addressOf(screen))
  await title(page, question)
  await press(page, 'Continue')
  await page.getByText('Which number is on that screen?').waitFor()
}
const type = async (page: Page, number: string): Promise<void> => {
  for (const digit of number) await press(page, digit)
}
const otherThan = (match: string): string => (match === '42' ? '43' : '42')
const approveButton = (page: Page) => page.getByRole('button', { name: 'Approve' })
const signedIn = async (desk: Browser) => {
  await desk.call(contract.collectSignIn, {})
  return desk.call(contract.currentSession, {})
}
const nobodySignedIn = async (desk: Browser) => {
  const { status } = await desk.try(contract.collectSignIn, {})
  assert.notEqual(status, 200)
  assert.equal((await desk.try(contract.currentSession, {})).problem.code, 'no-session')
}
const devicesOf = async (id: string) => (await olga.browser.call(contract.listDevices, { userId: id as never })).items

for (const synced of [false, true])
  test(`a phone is registered by an operator’s code (${synced ? 'its passkey is synced' : 'held in the phone'})`, async () => {
    const person = await invited()
    const visitor = await newPhone(synced)
    const { page, authenticator } = visitor
    await page.goto(person.url)
    await title(page, `Set up this phone for ${person.username}`)
    assert.ok((await words(page)).includes('This page uses the code only when you tap.'))
    assert.ok(!page.url().includes('#'))
    await press(page, 'Set up this phone')
    await title(page, 'Register this phone')
    assert.equal(await page.getByRole('button', { name: makePasskey }).isDisabled(), true)
    await page.getByLabel('Password').fill(goodPassword)
    await page.getByLabel('Name (if you like)').fill('Pixel of the depot')
    // the finger is not the right one: nothing is burnt, and what was typed is kept, also over a reload
    await authenticator.setVerified(false)
    await press(page, makePasskey)
    await page.getByText('Nothing has happened: tap again.').waitFor()
    assert.equal(await authenticator.held(), 0)
    assert.equal(await page.getByLabel('Password').inputValue(), goodPassword)
    await page.reload()
    await title(page, 'Register this phone')
    await authenticator.setVerified(true)
    await page.getByLabel('Password').fill('too short')
    await page.getByLabel('Name (if you like)').fill('Pixel of the depot')
    await press(page, makePasskey)
    await page.getByText('At least 15 characters.').waitFor()
    // the passkey is made; the second tap does not make another
    assert.equal(await authenticator.held(), 1)
    await page.getByLabel('Password').fill(goodPassword)
    await press(page, makePasskey)
    const codes = await recoveryCodesOn(page)
    assert.equal(codes.length, 10)
    assert.equal(await authenticator.held(), 1)
    await page.reload()
    assert.deepEqual(await recoveryCodesOn(page), codes)
    await press(page, 'I have saved them')
    await press(page, 'I wrote them down by hand')
    await title(page, 'You are set up')
    assert.ok((await words(page)).includes('scan the code on the sign-in page'))
    const [device, ...others] = await devicesOf(person.id)
    assert.deepEqual([device?.name, device?.state, device?.synced, others.length], ['Pixel of the depot', 'active', synced, 0])
    assert.equal(device?.codeId, partsOf(person.url).id)
    // the phone is signed in, by the key of this browser
    await page.goto(`${server.origin}/phone/me`)
    await page.getByRole('heading', { name: 'Pixel of the depot' }).waitFor()
    const said = await words(page)
    assert.ok(said.includes(synced ? 'synced' : 'held in this device'))
    assert.ok(said.includes('opened this session'))
    await nothingWrong(visitor)
  })

withEitherKind('the first operator chooses a passkey of this very device, where it can make one', async (synced) => {
  const own = await startServer()
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await addAuthenticator(page, { synced })
  await page.goto(await own.bootstrapUrl())
  await title(page, 'Set up Postern')
  await eventually(() => page.getByLabel('A passkey on this device').isChecked(), Boolean, 'the strongest way is not chosen')
  await page.getByLabel('User name').fill('olga')
  await press(page, 'Begin')
  await title(page, 'Register this computer')
  await page.getByLabel('Password').fill(goodPassword)
  await press(page, 'Make a passkey on this computer')
  assert.equal((await recoveryCodesOn(page)).length, 10)
  await press(page, 'I have saved them')
  await press(page, 'I wrote them down by hand')
  await title(page, 'You are set up')
  const rows = await own.sql(`select u.username, d.state, d.be from device d join users u on u.id = d.user_id`)
  assert.deepEqual(rows, [{ username: 'olga', state: 'active', be: synced }])
  await nothingWrong(visitor)
})

for (const synced of [false, true])
  test(`our camera reads the moving code off a screen, and the phone approves (${synced ? 'synced' : 'held in the phone'})`, async () => {
    const { person, ...visitor } = await enrolled({ synced })
    const { page } = visitor
    const { desk, screen } = await aDesk()
    const asked: { path: string; body: string | null }[] = []
    page.on('request', (request) => asked.push({ path: new URL(request.url()).pathname, body: request.postData() }))
    await readByCamera(page, server.origin, () => holdBefore(screen))
    assert.equal(page.url(), `${server.origin}/c/${screen.code.id}`)
    const claimed = asked.filter(({ path }) => path === '/api/codes/claim').map(({ body }) => JSON.parse(body ?? '{}'))
    const { frames, secret } = claimed.at(-1)
    const [first, ...more] = [...frames, secret].map((each: string) => Number(each.split('.')[0])) as [number, ...number[]]
    assert.deepEqual(more, [first + 1, first + 2])
    assert.deepEqual(
      asked.filter(({ path }) => path === '/api/codes/inspect'),
      [],
    )
    const said = await words(page)
    for (const fact of [
      'Chrome 156 on Linux',
      '127.0.0.1',
      'Your network',
      'Asked',
      `As ${person.username}`,
      'read live',
      'localhost',
    ])
      assert.ok(said.includes(fact), `${fact} is not in ${said}`)
    assert.match(said, /Place not known\s+127\.0\.0\.1/, 'of a place that is not known nothing is said')
    // unusual: this browser has never signed that person in; so it stands first
    assert.match(said, /localhost:\d+\s+Chrome 156 on Linux\s+Not known/)
    assert.equal(await approveButton(page).isDisabled(), true)
    await type(page, screen.match.slice(0, 1))
    assert.equal(await approveButton(page).isDisabled(), true)
    await press(page, 'Delete the last digit')
    await type(page, screen.match)
    assert.equal(await page.getByLabel('Which number is on that screen?').inputValue(), screen.match)
    await approveButton(page).click()
    await title(page, 'Approved. Look at the computer.')
    const session = await signedIn(desk)
    assert.equal(session.user.username, person.username)
    assert.equal(session.codeId, screen.code.id)
    assert.equal(session.device?.id, (await devicesOf(person.id))[0]?.id)
    // the phone itself is told by a reload how it ended, and holds nothing of the code any more
    await page.reload()
    await title(page, 'Approved. Look at the computer.')
    assert.doesNotMatch(
      (await page.evaluate('JSON.stringify({ ...sessionStorage })')) as string,
      new RegExp(frame(screen, first + 2).slice(-22)),
    )
    await nothingWrong(visitor)
  })

withEitherKind(
  'a camera app brings one frame: a tap, and the phone approves; it is said that it was one picture',
  async (synced) => {
    const { person, ...visitor } = await enrolled({ synced })
    const { page } = visitor
    const { desk, screen } = await aDesk()
    await page.goto(await addressOf(screen))
    await title(page, question)
    assert.ok((await words(page)).includes('Continue only if you are looking at that screen.'))
    assert.ok(!page.url().includes('#'))
    assert.equal((await olga.browser.call(contract.getCode, { id: screen.code.id })).state, 'live')
    await press(page, 'Continue')
    await page.getByText('one picture').waitFor()
    // by the keyboard too: one input, whose paste loses its spaces
    await page.getByLabel('Which number is on that screen?').fill(` ${screen.match} `)
    await page.keyboard.press('Enter')
    await title(page, 'Approved. Look at the computer.')
    assert.equal((await signedIn(desk)).user.username, person.username)
    await nothingWrong(visitor)
  },
)

withEitherKind('a wrong number is told with the tries left; the third ends the request', async (synced) => {
  const { person, ...visitor } = await enrolled({ synced })
  const { page } = visitor
  const one = await aDesk()
  await byCameraApp(page, one.screen)
  for (const left of [2, 1]) {
    await type(page, otherThan(one.screen.match))
    await approveButton(page).click()
    await page.getByText(`That is not the number. Tries left: ${left}`).waitFor()
    assert.equal(await page.getByLabel('Which number is on that screen?').inputValue(), '')
    // the next try signs anew, also after a reload
    await page.reload()
    await title(page, question)
  }
  await type(page, otherThan(one.screen.match))
  await approveButton(page).click()
  await title(page, 'Three numbers were wrong')
  await nobodySignedIn(one.desk)
  await page.reload()
  await title(page, 'Three numbers were wrong')
  // a right one after a wrong one is right
  const two = await aDesk()
  await byCameraApp(page, two.screen)
  await type(page, otherThan(two.screen.match))
  await approveButton(page).click()
  await page.getByText('Tries left: 2').waitFor()
  await type(page, two.screen.match)
  await approveButton(page).click()
  await title(page, 'Approved. Look at the computer.')
  assert.equal((await signedIn(two.desk)).user.username, person.username)
  await nothingWrong(visitor)
})

test('what policy does not look at is not said to the approver, for or against', async () => {
  const visitor = await enrolled()
  const { page } = visitor
  const marks = async () => {
    await byCameraApp(page, (await aDesk()).screen)
    return page.locator('.known .mark').allInnerTexts()
  }
  // the fact of the place, and the warning at a browser that never signed this person in
  const said = await marks()
  for (const mark of ['Your network', 'Not known']) assert.ok(said.includes(mark), said.join())
  await server.sql(`update device_settings set near = 'off', known_browser = 'off'`)
  try {
    const left = await marks()
    assert.ok(left.includes('one picture'), left.join())
    for (const mark of ['Near you', 'Your network', 'Distance not known', 'Known', 'Not known'])
      assert.ok(!left.includes(mark), left.join())
  } finally {
    await server.sql(`update device_settings set near = 'warn', known_browser = 'warn'`)
  }
  await nothingWrong(visitor)
})

withEitherKind('declined: nobody is signed in, and the request is dead for everybody', async (synced) => {
  const visitor = await enrolled({ synced })
  const { page } = visitor
  const { desk, screen } = await aDesk()
  await byCameraApp(page, screen)
  await press(page, 'Decline')
  await title(page, 'Declined')
  await nobodySignedIn(desk)
  const events = await recorded(server, 'approval.declined')
  assert.equal(events.at(-1)?.[1], 'success')
  await nothingWrong(visitor)
})

// in turn: an operator signs in on the way, and of two at once one passcode would be a replay
test(
  '“This was not me” stops the request, tells security, and signs out everywhere if asked',
  eitherKindInTurn(async (synced) => {
    const { person, ...visitor } = await enrolled({ synced })
    const { page } = visitor
    const { desk, screen } = await aDesk()
    await byCameraApp(page, screen)
    await press(page, 'This was not me')
    await title(page, 'Stopped, and security has been told')
    await nobodySignedIn(desk)
    const { items } = await olga.browser.call(contract.myNotices, {})
    assert.ok(items.some(({ kind, event }) => kind === 'not-me' && event.codeId === screen.code.id))
    const sessions = () =>
      server.sql(`select 1 from session where user_id = (select id from users where username = $1)`, [person.username])
    assert.equal((await sessions()).length, 1)
    // a finger that is not the right one ends nothing; the next tap does
    await visitor.authenticator.setVerified(false)
    await press(page, 'Sign out everywhere')
    await page.getByText('Nothing has happened: tap again.').waitFor()
    assert.equal((await sessions()).length, 1)
    await visitor.authenticator.setVerified(true)
    await press(page, 'Sign out everywhere')
    await page.getByText('Signed out in 1 place.').waitFor()
    // who looks for attempts that were denied finds it, by what the phone said
    const house = await newVisitor(chromium)
    await signInHere(house.page, server, olga, `/events?outcome=denied&codeId=${screen.code.id}`)
    await house.page.getByText('A sign-in was stopped on the phone: this was not me').waitFor()
    await house.context.close()
    await page.getByRole('link', { name: 'My phones' }).click()
    await title(page, 'Sign in to see your phones')
    await nothingWrong(visitor)
  }),
)

test('“not me” tells the person what to do, and the operators of the person', async () => {
  const nora = await newPerson(server, olga, 'nora')
  const { browser } = await enrolPhone(server, olga, nora)
  const { confirm } = await scan(server, { browser }, await askPhone(server.browser()))
  await browser.call(contract.declineRequest, { confirm, reason: 'not-me' })
  for (const [person, own] of [
    [nora, true],
    [olga, false],
  ] as const) {
    const visitor = await newVisitor(chromium)
    await signInHere(visitor.page, server, person, '/me/sessions')
    const notices = visitor.page.getByRole('region', { name: 'Since you were last here' })
    await notices.waitFor()
    const said = await notices.innerText()
    assert.equal(said.includes('Your phone was asked'), own, said)
    assert.equal(said.includes('change it and sign out all others'), own, said)
    assert.equal(said.includes('The phone of nora was asked'), !own, said)
    await nothingWrong(visitor)
  }
})

test('a frame that was photographed is too old; where policy asks for it, only our camera will do', async () => {
  const visitor = await enrolled()
  const { page } = visitor
  const { screen } = await aDesk()
  const photo = `${screen.url}#${frame(screen, 0)}`
  const before = (await recorded(server, 'code.relayed')).length
  await server.sql(
    `update code set created_at = created_at - interval '20 s', expires_at = expires_at - interval '20 s' where id = (select code_id from approval order by created_at desc limit 1)`,
  )
  await page.goto(photo)
  await title(page, 'This picture of the code is too old')
  assert.equal((await recorded(server, 'code.relayed')).length, before + 1)
  await page.getByRole('link', { name: 'Scan with our camera' }).click()
  await title(page, /^(Scan a code|Sign in to Postern\?|This code is not ours)$/)
  const settings = await olga.browser.try(contract.getDeviceSettings, {})
  const { version: _, ...rest } = settings.value
  const put = (oneFrame: boolean, etag: string) =>
    olga.browser.try(contract.putDeviceSettings, { ...rest, oneFrame }, { headers: { 'if-match': etag } })
  const saved = await put(false, settings.headers.get('etag') as string)
  assert.equal(saved.status, 200)
  await page.goto(await addressOf((await aDesk()).screen))
  await title(page, 'This code is read by our camera')
  assert.equal((await put(true, saved.headers.get('etag') as string)).status, 200)
  await nothingWrong(visitor)
})

withEitherKind(
  'what was put between page and server is not signed: the page shows one thing, the challenge ends with another',
  async (synced) => {
    const visitor = await enrolled({ synced })
    const { page } = visitor
    const { desk, screen } = await aDesk()
    await page.route('**/api/codes/claim', async (route) => {
      const answer = await route.fetch()
      const body = await answer.json()
      body.context.browser = 'Safari 19'
      await route.fulfill({ response: answer, json: body })
    })
    const decided: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/api/approvals')) decided.push(request.url())
    })
    await page.goto(await addressOf(screen))
    await press(page, 'Continue')
    await title(page, 'We do not sign this')
    assert.deepEqual(decided, [])
    assert.equal(await approveButton(page).count(), 0)
    await nobodySignedIn(desk)
    await nothingWrong(visitor)
  },
)

withEitherKind(
  'answers that get lost burn nothing: of the claim, and of the approval, which asks for no second finger',
  async (synced) => {
    const { person, ...visitor } = await enrolled({ synced })
    const { page } = visitor
    const { desk, screen } = await aDesk()
    const lose = (path: string) =>
      page.route(
        path,
        async (route) => {
          assert.equal((await route.fetch()).status(), 200)
          await route.abort()
        },
        { times: 1 },
      )
    await lose('**/api/codes/claim')
    await page.goto(await addressOf(screen))
    await press(page, 'Continue')
    await page.getByText('The answer got lost. Tap again: nothing is burnt.').waitFor()
    await press(page, 'Continue')
    await type(page, screen.match)
    await page.route('**/api/approvals', (route) => route.abort(), { times: 1 })
    await approveButton(page).click()
    await page.getByText('The answer got lost. Tap again: nothing is burnt.').waitFor()
    await visitor.authenticator.setVerified(false)
    await approveButton(page).click()
    await title(page, 'Approved. Look at the computer.')
    assert.equal((await signedIn(desk)).user.username, person.username)
    assert.deepEqual(
      visitor.complaints.filter((line) => !line.includes('net::ERR_FAILED')),
      [],
    )
    await visitor.context.close()
  },
)

withEitherKind('who may do more proves the password on the computer first, and is told so', async (synced) => {
  const { person, ...visitor } = await enrolled({ synced, roles: ['operator'] })
  const { page } = visitor
  const one = await aDesk()
  await byCameraApp(page, one.screen)
  await type(page, one.screen.match)
  await approveButton(page).click()
  await title(page, 'A rule stopped this')
  assert.ok((await words(page)).includes('Enter name and password there, then scan the new code.'))
  await nobodySignedIn(one.desk)
  const desk = server.browser()
  await desk.call(contract.openSignIn, {})
  await desk.call(contract.provePassword, { username: person.username, password: goodPassword })
  const screen = await desk.call(contract.openQr, {})
  await byCameraApp(page, screen)
  await type(page, screen.match)
  await approveButton(page).click()
  await title(page, 'Approved. Look at the computer.')
  assert.equal((await signedIn(desk)).user.username, person.username)
  await nothingWrong(visitor)
})

withEitherKind(
  'a request that names somebody else, one that was decided, one that is over, and a phone that nobody registered',
  async (synced) => {
    const { person, ...visitor } = await enrolled({ synced })
    const { page } = visitor
    // another person's request
    const other = await enrolled({ synced })
    const desk = server.browser()
    await desk.call(contract.openSignIn, {})
    await desk.call(contract.provePassword, { username: other.person.username, password: goodPassword })
    const theirs = await desk.call(contract.openQr, {})
    await byCameraApp(page, theirs)
    await type(page, theirs.match)
    await approveButton(page).click()
    await page.getByText('That passkey cannot approve this').waitFor()
    await nobodySignedIn(desk)
    // nothing is over: the next tap signs anew, also after a reload, and no is a tap away
    await page.reload()
    await title(page, question)
    await type(page, theirs.match)
    await approveButton(page).click()
    await page.getByText('That passkey cannot approve this').waitFor()
    await press(page, 'Decline')
    await title(page, 'Declined')
    await other.context.close()
    // claimed by one phone, opened by another
    const taken = await aDesk()
    await byCameraApp(page, taken.screen)
    const late = await newPhone(synced)
    await late.page.goto(await addressOf(taken.screen))
    await title(late.page, 'This request is decided already')
    await taken.desk.call(contract.openQr, {})
    await title(page, 'This code has been replaced')
    // two minutes are over: under the eyes of its person
    const old = await aDesk()
    await page.route('**/api/codes/claim', async (route) => {
      const answer = await route.fetch()
      const body = await answer.json()
      await route.fulfill({ response: answer, json: { ...body, expiresAt: new Date(Date.now() + 1_500).toISOString() } })
    })
    await page.goto(await addressOf(old.screen))
    await press(page, 'Continue')
    await title(page, 'This request has expired')
    await page.unroute('**/api/codes/claim')
    // its passkey is not known any more
    await olga.browser.call(contract.revokeDevice, { id: (await devicesOf(person.id))[0]?.id as never })
    const last = await aDesk()
    await byCameraApp(page, last.screen)
    await type(page, last.screen.match)
    await approveButton(page).click()
    await page.getByText('That passkey cannot approve this').waitFor()
    await nobodySignedIn(last.desk)
    assert.ok((await words(page)).includes('To register this phone, sign in on a computer'))
    await nothingWrong(visitor)
    await nothingWrong(late)
  },
)

withEitherKind('what ends a request elsewhere is said while its page is open, and what to do next', async (synced) => {
  const { person, ...visitor } = await enrolled({ synced })
  const { page } = visitor
  const wilma = await newPerson(server, olga, ofKind('wilma', synced))
  const asked: number[] = []
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/api/approvals/current') asked.push(Date.now())
  })
  const answerLost = async () => {
    await page.route(
      '**/api/approvals/decline',
      async (route) => {
        assert.equal((await route.fetch()).status(), 200)
        await route.abort()
      },
      { times: 1 },
    )
    await press(page, 'Decline')
  }
  const ends: [en: string, pl: string, next: RegExp, (its: Awaited<ReturnType<typeof aDesk>>) => Promise<unknown>][] = [
    [
      'This code has been replaced',
      'Ten kod został zastąpiony',
      /Only the newest one counts: scan that one\./,
      ({ desk }) => desk.call(contract.openQr, {}),
    ],
    [
      'This code has just been revoked',
      'Ten kod właśnie unieważniono',
      /Ask for a new code on the computer/,
      ({ screen }) => olga.browser.call(contract.revokeCode, { id: screen.code.id, reason: 'a drill' }),
    ],
    [
      'The computer took this request back',
      'Komputer wycofał tę prośbę',
      /Ask for a new code on the computer/,
      async ({ desk }) => {
        await desk.call(contract.provePassword, { username: wilma.username, password: wilma.password })
        await forgetStep(server, wilma)
        await desk.call(contract.proveTotp, { code: passcode(wilma.secret) })
      },
    ],
    ['Declined', 'Odrzucono', /tell your security team/, answerLost],
    [
      'This phone approves nothing any more',
      'Ten telefon niczego już nie zatwierdzi',
      /Tell your security team now/,
      async () => olga.browser.call(contract.reportDeviceLost, { id: (await devicesOf(person.id))[0]?.id as never }),
    ],
  ]
  for (const [n, [en, pl, next, end]] of ends.entries()) {
    const its = await aDesk()
    await byCameraApp(page, its.screen)
    await end(its)
    // twice in its own time, then as where somebody comes back to it, which asks at once
    if (n > 1) await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)
    await title(page, en)
    if (n === 1)
      assert.ok(
        asked.every((when, at) => at === 0 || when - (asked[at - 1] as number) > 2_500),
        'asked too often',
      )
    assert.match(await words(page), next)
    await press(page, 'Polski')
    await title(page, pl)
    await press(page, 'English')
    await title(page, en)
    await page.reload()
    await title(page, en)
    // who asked, or time, cannot end it before its person says that it was not theirs
    const notMe = page.getByRole('button', { name: 'This was not me' })
    assert.equal(await notMe.count(), n < 3 ? 1 : 0, en)
    if (n >= 3) continue
    if (n === 0) assert.deepEqual(await axe(page), [])
    await notMe.click()
    await title(page, 'Stopped, and security has been told')
    await page.getByRole('button', { name: 'Sign out everywhere' }).waitFor()
  }
  assert.ok(asked.length >= ends.length)
  assert.deepEqual(
    visitor.complaints.filter((line) => !line.includes('net::ERR_FAILED')),
    [],
  )
  await visitor.context.close()
})

test(
  'where five requests came to nothing the next is not shown: the page says so, for how long, and what goes on working',
  eitherKindInTurn(async (synced) => {
    const visitor = await enrolled({ synced })
    const { page } = visitor
    for (let round = 0; round < 5; round++) {
      const { screen } = await aDesk()
      await byCameraApp(page, screen)
      await press(page, 'Decline')
      await title(page, 'Declined')
    }
    // by the camera app
    const { screen } = await aDesk()
    await page.goto(await addressOf(screen))
    await press(page, 'Continue')
    await title(page, 'Too many requests came to nothing')
    assert.match(await words(page), /Scan a new code in (10:00|9:5\d), or sign in on the computer in another way\./)
    assert.deepEqual(await axe(page), [])
    await press(page, 'Polski')
    await title(page, 'Za dużo próśb bez zatwierdzenia')
    assert.match(await words(page), /Zeskanuj nowy kod za (10:00|9:\d\d) albo zaloguj się na komputerze inaczej\./)
    await press(page, 'English')
    await page.reload()
    await title(page, 'Too many requests came to nothing')
    // by our camera
    const next = await aDesk()
    await readByCamera(page, server.origin, () => holdBefore(next.screen), 'Too many requests came to nothing')
    // the page counts by its own clock to the moment at which there is room
    await server.sql(
      `update approval set scanned_at = now() - interval '598 s' where state = 'denied' and scanned_at is not null`,
    )
    const soon = await aDesk()
    await page.goto(await addressOf(soon.screen))
    await press(page, 'Continue')
    await title(page, 'Too many requests came to nothing')
    await page.getByText('Ask for a new code on the computer, and scan that one.').waitFor()
    const { screen: last } = await aDesk()
    await byCameraApp(page, last)
    assert.deepEqual(
      visitor.complaints.filter((line) => !line.includes('429')),
      [],
    )
    await visitor.context.close()
  }),
)

test('our camera opens our own codes, and shows what is not ours as text', async () => {
  const person = await invited()
  const visitor = await newPhone()
  const { page } = visitor
  const gone: string[] = []
  page.on('request', (request) => gone.push(new URL(request.url()).origin))
  film.show([`https://postern.example/c/${partsOf(person.url).id}#${'A'.repeat(43)}`])
  await page.goto(`${server.origin}/phone`)
  await title(page, 'This code is not ours')
  assert.ok((await words(page)).includes('We did not open it.'))
  assert.ok((await words(page)).includes('https://postern.example/c/'))
  assert.equal(
    await page
      .getByRole('main')
      .getByRole('link', { name: /postern\.example/ })
      .count(),
    0,
  )
  film.show([person.url])
  await press(page, 'Scan again')
  await title(page, `Set up this phone for ${person.username}`)
  assert.equal(page.url(), `${server.origin}/c/${partsOf(person.url).id}`)
  assert.deepEqual([...new Set(gone)], [server.origin])
  await nothingWrong(visitor)
})

test('our camera goes where a code of ours leads away to by a tap alone, and says where that is; nothing is counted before', async () => {
  const code = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Gate',
    destination: { type: 'url', url: 'https://www.example.org/gate' },
  })
  const scans = async () => (await olga.browser.call(contract.listScans, { id: code.id })).items.length
  for (const fragment of ['', `#${'A'.repeat(43)}`]) {
    const visitor = await newPhone()
    const { page } = visitor
    const gone: string[] = []
    page.on('request', (request) => gone.push(new URL(request.url()).origin))
    await visitor.context.route('https://www.example.org/**', (route) => route.fulfill({ body: 'the gate' }))
    film.show([`${code.url}${fragment}`])
    await page.goto(`${server.origin}/phone`)
    await title(page, 'This code leads elsewhere')
    const said = await words(page)
    assert.ok(said.includes(`leads away from ${new URL(server.origin).host}`), said)
    assert.ok(said.includes('www.example.org'), said)
    assert.ok(said.includes('Nothing has been opened yet.'), said)
    assert.deepEqual([[...new Set(gone)], await scans()], [[server.origin], fragment === '' ? 0 : 1])
    assert.deepEqual(await axe(page), [])
    assert.equal(await overflow(page), 0)
    await page.getByRole('link', { name: 'Open it' }).click()
    await page.getByText('the gate').waitFor()
    await visitor.context.close()
  }
  assert.equal(await scans(), 2)
  // where the question is refused, the address itself is shown
  const visitor = await newPhone()
  const { page } = visitor
  await visitor.context.route('**/api/codes/check', (route) => route.abort())
  film.show([code.url as string])
  await page.goto(`${server.origin}/phone`)
  await title(page, 'We could not ask where it leads')
  assert.ok((await words(page)).includes(code.url as string))
  await visitor.context.close()
  // what we show ourselves opens by itself
  const text = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Bell',
    destination: { type: 'text', text: 'Ring twice' },
  })
  const reader = await newPhone()
  film.show([text.url as string])
  await reader.page.goto(`${server.origin}/phone`)
  await reader.page.getByText('Ring twice').waitFor()
  assert.equal(reader.page.url(), text.url)
  await nothingWrong(reader)
})

test('without a camera, or where the browser may not use it, the page says so and what else there is', async () => {
  for (const [flags, said] of [
    [['--use-fake-device-for-media-stream'], 'The browser may not use the camera here.'],
    [[], 'This device has no camera that we can use.'],
  ] as const) {
    const visitor = await newVisitor(await openChromium([...flags]), phone)
    const { page } = visitor
    await page.goto(`${server.origin}/phone`)
    await title(page, 'The camera is off')
    const there = await words(page)
    assert.ok(there.includes(said), there)
    assert.ok(there.includes('Or scan the code with the phone’s own camera app'))
    await press(page, 'Try again')
    await title(page, 'The camera is off')
    await nothingWrong(visitor)
  }
})

withEitherKind('a phone whose clock is five minutes off counts the two minutes by the server’s', async (synced) => {
  const { person, ...visitor } = await enrolled({ synced })
  const { page } = visitor
  await page.clock.install({ time: Date.now() + 5 * 60_000 })
  const { desk, screen } = await aDesk()
  await byCameraApp(page, screen)
  await page.reload()
  await title(page, question)
  assert.match(await page.getByRole('timer').innerText(), /^(2:00|1:[3-5]\d)$/)
  await type(page, screen.match)
  await approveButton(page).click()
  await title(page, 'Approved. Look at the computer.')
  assert.equal((await signedIn(desk)).user.username, person.username)
  await nothingWrong(visitor)
})

withEitherKind('a phone that is gone is reported from another one, and signs nobody in any more', async (synced) => {
  const { person, ...visitor } = await enrolled({ synced })
  const { page } = visitor
  await page.goto(`${server.origin}/phone/me`)
  await title(page, 'My phones and keys')
  await page.getByText('It can sign you in.').waitFor()
  // the focus goes on once the next step stands
  const focusOn = (words: string) =>
    eventually(
      () => page.evaluate('document.activeElement?.textContent'),
      (has) => has === words,
      `${words} has no focus`,
    )
  await press(page, 'This device is gone')
  await focusOn('Keep it')
  await press(page, 'Keep it')
  await focusOn('This device is gone')
  assert.equal((await devicesOf(person.id))[0]?.state, 'active')
  await press(page, 'This device is gone')
  assert.ok((await words(page)).includes('This cannot be undone.'))
  await press(page, 'It is gone')
  await page.getByText('That phone can no longer sign anybody in.').waitFor()
  await page.getByText('None of them can sign you in any more.').waitFor()
  await focusOn(await page.getByRole('heading', { level: 2 }).innerText())
  assert.equal((await devicesOf(person.id))[0]?.state, 'lost')
  // its session ended with it
  await page.reload()
  await title(page, 'Sign in to see your phones')
  assert.equal(await page.getByRole('link', { name: 'Sign in', exact: true }).getAttribute('href'), '/sign-in?returnTo=/phone/me')
  await nothingWrong(visitor)
})

test('a browser without passkeys uses nothing up, and says where to open the address', async () => {
  const person = await invited()
  const visitor = await newVisitor(chromium, {
    ...phone,
    userAgent: `${phone.userAgent} Instagram 400.0.0`,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  await visitor.context.addInitScript('delete window.PublicKeyCredential')
  const { page } = visitor
  await page.goto(person.url)
  await page.getByText('Opened inside another app').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Set up this phone' }).isDisabled(), true)
  await press(page, 'Copy the address')
  await press(page, 'Copied').catch(() => {})
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), person.url)
  assert.equal((await olga.browser.call(contract.getCode, { id: partsOf(person.url).id as never })).state, 'live')
  const { screen } = await aDesk()
  await page.goto(await addressOf(screen))
  await title(page, question)
  assert.equal(await page.getByRole('button', { name: 'Continue' }).isDisabled(), true)
  await page.goto(`${server.origin}/phone`)
  await title(page, 'This browser has no passkeys')
  await nothingWrong(visitor)
})

test('the phone’s pages are small, reach no further than their origin, and can be used by everybody', async () => {
  const { person, ...visitor } = await enrolled()
  const { page } = visitor
  const loaded: string[] = []
  page.on('response', (answer) => loaded.push(answer.url()))
  film.show([`${server.origin}/no-code`])
  const pages: [string, () => Promise<unknown>][] = [
    ['foreign', () => page.goto(`${server.origin}/phone`).then(() => title(page, 'This code is not ours'))],
    ['me', () => page.goto(`${server.origin}/phone/me`).then(() => title(page, 'My phones and keys'))],
    ['approve', async () => byCameraApp(page, (await aDesk()).screen)],
  ]
  for (const [name, open] of pages) {
    await open()
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme })
      await atRest(page)
      assert.deepEqual(await axe(page), [], `${name}, ${scheme}`)
    }
    assert.deepEqual(await nameless(page), [], name)
    assert.equal(await overflow(page), 0, name)
    const small = await page.evaluate(`[...document.querySelectorAll('button, .button, input, nav a')]
      .filter((it) => it.checkVisibility())
      .map((it) => [it.innerText || it.id, Math.round(it.getBoundingClientRect().height)])
      .filter(([, height]) => height < 48)`)
    assert.deepEqual(small, [], name)
  }
  const [decline, approve] = [
    await page.getByRole('button', { name: 'Decline' }).boundingBox(),
    await approveButton(page).boundingBox(),
  ]
  assert.deepEqual([decline?.width, decline?.height], [approve?.width, approve?.height])
  assert.ok((decline?.x as number) < (approve?.x as number))
  assert.ok(person.username)
  assert.deepEqual([...new Set(loaded.map((url) => new URL(url).origin))], [server.origin])
  const scripts = [...new Set(loaded.map((url) => new URL(url).pathname).filter((path) => path.endsWith('.js')))]
  const size = (path: string) => gzipSync(readFileSync(join(import.meta.dirname, '../web/dist', path))).length
  const total = scripts.filter((path) => !path.includes('second-reader')).reduce((sum, path) => sum + size(path), 0)
  assert.ok(total < 60_000, `${total} bytes in ${scripts}`)
  await nothingWrong(visitor)
})

test('what the first reader cannot read, the second one does: from our own origin, under the page’s own policy', async () => {
  const visitor = await newPhone()
  const { page } = visitor
  const loaded: string[] = []
  page.on('response', (answer) => loaded.push(new URL(answer.url()).pathname))
  film.show(['https://elsewhere.example/'], 1, { mirrored: true })
  await page.goto(`${server.origin}/phone`)
  await title(page, 'This code is not ours')
  assert.ok((await words(page)).includes('https://elsewhere.example/'))
  assert.ok(loaded.some((path) => path.endsWith('.wasm')))
  await nothingWrong(visitor)
})
