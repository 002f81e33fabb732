import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword, cookiesOf, from, raw, said } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import { claimKey, firstOperator, forgetStep, newPerson, type Person, partsOf, passcode, signIn } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const ada = await newPerson(server, olga, 'ada')
const otto = await newPerson(server, olga, 'otto', ['operator'])

const show = async (browser: Browser): Promise<string> => said(await browser.try(contract.currentSession, {}))
const agedOf = (person: Person, set: string) =>
  server.sql(`update session set ${set} where ended_at is null and user_id = (select id from users where username = $1)`, [
    person.username,
  ])
const stepUp = async (person: Person, browser: Browser): Promise<void> => {
  await forgetStep(server, person)
  await browser.call(contract.stepUp, {})
  await browser.call(contract.provePassword, { password: person.password })
  await browser.call(contract.proveTotp, { code: passcode(person.secret) })
}

test('a session ends after 15 minutes without a call that a person caused, and lasts 12 hours at most', async () => {
  const browser = await signIn(server, ada)
  const fresh = await browser.call(contract.currentSession, {})
  const minutes = (until: string) => Math.round((Date.parse(until) - Date.now()) / 60_000)
  assert.equal(minutes(fresh.idleExpiresAt), 15)
  assert.equal(minutes(fresh.expiresAt), 720)
  assert.equal(minutes(fresh.freshUntil), 5)

  await agedOf(ada, `seen_at = now() - interval '14 min 50 s'`)
  // a background call does not keep it from idling
  await browser.try(contract.currentSession, {}, { headers: { 'postern-background': 'true' } })
  const still = await browser.try(contract.currentSession, {}, { headers: { 'postern-background': 'true' } })
  assert.ok(minutes(still.value.idleExpiresAt) <= 1)
  await browser.call(contract.myFactors, {})
  assert.equal(minutes((await browser.call(contract.currentSession, {})).idleExpiresAt), 15)
  await agedOf(ada, `seen_at = now() - interval '15 min 1 s'`)
  const idle = await browser.try(contract.currentSession, {})
  assert.equal(said(idle), 'no-session')
  assert.equal(browser.cookies.has('postern-session'), false)

  const long = await signIn(server, ada)
  await agedOf(ada, `seen_at = now(), created_at = created_at - interval '12 h', expires_at = expires_at - interval '12 h'`)
  assert.equal(await show(long), 'no-session')
})

test('a step-up gives a new cookie and kills the old one; a change of factors asks for one after 5 minutes', async () => {
  const browser = await signIn(server, ada)
  const before = await browser.call(contract.currentSession, {})
  await agedOf(ada, `proved_at = now() - interval '4 min 50 s'`)
  assert.equal(said(await browser.try(contract.startTotp, {})), '201')
  await agedOf(ada, `proved_at = now() - interval '5 min 1 s'`)
  for (const [endpoint, input] of [
    [contract.startTotp, {}],
    [contract.renewRecoveryCodes, {}],
    [contract.removeTotp, {}],
    [contract.enrolAnotherPhone, { factor: 'totp' }],
    [contract.changePassword, { current: ada.password, new: 'another harbour walks 43 miles' }],
  ] as const) {
    const refused = await browser.try(endpoint, input as never)
    assert.equal(said(refused), 'step-up-required', endpoint.path)
    assert.equal(refused.problem.maxAge, 300)
    assert.ok(refused.problem.acr)
  }
  // reading is not a change
  assert.equal(said(await browser.try(contract.myFactors, {})), '200')

  const old = new Map(browser.cookies)
  const opened = await browser.call(contract.stepUp, {})
  assert.equal(opened.signIn.purpose, 'step-up')
  assert.deepEqual(opened.signIn.next, ['password'])
  await browser.call(contract.provePassword, { password: ada.password })
  // half of it freshens nothing
  assert.equal(said(await browser.try(contract.startTotp, {})), 'step-up-required')
  assert.deepEqual((await browser.call(contract.currentSignIn, {})).signIn.next, ['totp'])
  await forgetStep(server, ada)
  await browser.call(contract.proveTotp, { code: passcode(ada.secret) })
  assert.notEqual(browser.cookies.get('postern-session'), old.get('postern-session'))
  assert.equal(said(await browser.try(contract.startTotp, {})), '201')
  const after = await browser.call(contract.currentSession, {})
  assert.notEqual(after.id, before.id)
  const dead = browser.at(server.origin)
  dead.cookies = old
  assert.equal(await show(dead), 'no-session')
  assert.equal((await browser.call(contract.mySessions, {})).items.filter(({ id }) => id === before.id).length, 0)
})

test('a step-up carries the code that opened the session, proves nobody else, takes no recovery code, and dies with its session', async () => {
  const carl = await newPerson(server, olga, 'carl')
  await stepUp(carl, carl.browser)
  assert.equal((await carl.browser.call(contract.currentSession, {})).codeId, carl.codeId)

  await carl.browser.call(contract.stepUp, {})
  assert.equal(
    said(await carl.browser.try(contract.provePassword, { username: 'ada', password: `${ada.password}!` })),
    'factor-wrong',
  )
  await carl.browser.call(contract.provePassword, { username: 'ada', password: carl.password })
  assert.equal(said(await carl.browser.try(contract.proveRecoveryCode, { code: carl.recoveryCodes[0] as string })), 'conflict')
  await forgetStep(server, carl)
  await carl.browser.call(contract.proveTotp, { code: passcode(carl.secret) })
  assert.equal((await carl.browser.call(contract.currentSession, {})).user.username, 'carl')

  await carl.browser.call(contract.stepUp, {})
  await carl.browser.call(contract.provePassword, { password: carl.password })
  const half = new Map(carl.browser.cookies)
  await carl.browser.call(contract.signOut, {})
  carl.browser.cookies = half
  await forgetStep(server, carl)
  assert.equal(said(await carl.browser.try(contract.proveTotp, { code: passcode(carl.secret) })), 'conflict')
  assert.equal(await show(carl.browser), 'no-session')
})

test('an assurance that no factor reaches is refused with words, not promised', async () => {
  const browser = await signIn(server, ada)
  for (const acr of ['phr', 'phrh'] as const) assert.equal(said(await browser.try(contract.stepUp, { acr })), 'conflict')

  // by a password alone, where nobody demands more
  await server.sql(`update authentication_settings set second_factor_roles = array['owner']`)
  const paula = await newPerson(server, olga, 'paula')
  await server.sql(`delete from totp where user_id = (select id from users where username = 'paula')`)
  const alone = server.browser()
  await alone.call(contract.openSignIn, {})
  await alone.call(contract.provePassword, { username: 'paula', password: paula.password })
  const refused = await alone.try(contract.stepUp, { acr: 'aal2' })
  assert.equal(said(refused), 'conflict')
  assert.match(refused.problem.detail ?? '', /Add an authenticator app or a passkey/)
  assert.equal(said(await alone.try(contract.stepUp, { acr: 'aal1' })), '201')

  // nor does one complete with less whose factor goes away on the way
  const carla = await newPerson(server, olga, 'carla')
  await carla.browser.call(contract.stepUp, { acr: 'aal2' })
  await server.sql(`delete from totp where user_id = (select id from users where username = 'carla')`)
  const { signIn: proved } = await carla.browser.call(contract.provePassword, { password: carla.password })
  assert.deepEqual([proved.state, proved.next], ['pending', []])
  await server.sql(`update authentication_settings set second_factor_roles = array['user', 'auditor', 'operator', 'owner']`)
})

test('signing out leaves no pending key behind, but for one that was claimed on another phone', async () => {
  const person = await newPerson(server, olga, 'pia')
  const desk = await signIn(server, person)
  const phone = server.browser()
  const { code } = await desk.call(contract.enrolAnotherPhone, { factor: 'totp' })
  const claimed = await claimKey(phone, partsOf(code.url as string))
  await desk.call(contract.signOut, {})
  await forgetStep(server, person)
  const confirmed = await phone.call(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    code: passcode(claimed.secret),
    currentPassword: person.password,
  })
  assert.equal(confirmed.user.username, 'pia')

  const again = await signIn(server, { ...person, secret: claimed.secret })
  await again.call(contract.startTotp, {})
  const pending = () =>
    server.sql(`select from totp where state = 'pending' and user_id = (select id from users where username = 'pia')`)
  assert.equal((await pending()).length, 1)
  await again.call(contract.signOut, {})
  assert.equal((await pending()).length, 0)
})

test('one signs out here, one other, or all others; each is dead at once and on record', async () => {
  await agedOf(ada, `ended_at = now(), ended_why = 'test'`)
  const [here, there, far] = [
    await signIn(server, ada),
    await signIn(server, ada),
    await signIn(server, ada, from(server, '2.125.160.216')),
  ]
  const listed = (await here.call(contract.mySessions, {})).items
  assert.equal(listed.length, 3)
  assert.equal(listed.filter(({ current }) => current).length, 1)
  assert.ok(
    listed.every(
      ({ browser, platform, deviceType }) => browser === 'Chrome 156' && platform === 'Linux' && deviceType === 'desktop',
    ),
  )
  const farId = (await far.call(contract.currentSession, {})).id
  assert.equal(listed.find(({ id }) => id === farId)?.country, 'GB')

  await here.call(contract.endMySession, { id: (await there.call(contract.currentSession, {})).id })
  assert.equal(await show(there), 'no-session')
  assert.equal(await show(far), '200')
  const gone = listed.find(({ id, current }) => !current && id !== farId)?.id as string
  assert.equal(said(await here.try(contract.endMySession, { id: gone })), 'not-found')

  assert.deepEqual(await here.call(contract.endMyOtherSessions, {}), { ended: 1 })
  assert.equal(await show(far), 'no-session')
  assert.equal(await show(here), '200')

  const cookies = new Map(here.cookies)
  await here.call(contract.signOut, {})
  assert.equal(here.cookies.has('postern-session'), false)
  here.cookies = cookies
  assert.equal(await show(here), 'no-session')
  const { items } = await olga.browser.call(contract.listEvents, { type: 'session.ended', userId: ada.id })
  assert.equal(items.filter(({ outcome }) => outcome === 'success').length, 3)
})

test('a link, an image or a form elsewhere signs nobody out', async () => {
  const browser = await signIn(server, ada)
  for (const [method, path] of [
    ['GET', '/api/session'],
    ['DELETE', '/api/session'],
    ['GET', '/sign-in'],
    ['GET', '/c/cod_00000000000000000000000000'],
    ['POST', '/api/session/step-up'],
    ['POST', '/api/sign-ins'],
  ] as const)
    await raw(server.origin, method, path, {
      headers: {
        cookie: cookiesOf(browser),
        'sec-fetch-mode': 'navigate',
        'sec-fetch-site': 'cross-site',
        'content-type': 'application/json',
      },
      body: method === 'POST' ? '{}' : '',
    })
  assert.equal(await show(browser), '200')
})

test('an operator ends anybody’s session but that of a person with more rights, and sees all', async () => {
  const browser = await signIn(server, ada)
  const { id } = await browser.call(contract.currentSession, {})
  const seen = await otto.browser.call(contract.listSessions, { limit: 200 })
  assert.ok(seen.items.some((session) => session.id === id && session.user.username === 'ada'))
  assert.deepEqual(
    new Set((await otto.browser.call(contract.listSessions, { userId: ada.id })).items.map(({ user }) => user.username)),
    new Set(['ada']),
  )
  await otto.browser.call(contract.endSession, { id })
  assert.equal(await show(browser), 'no-session')
  assert.equal(said(await otto.browser.try(contract.endSession, { id })), 'not-found')
  const hers = (await olga.browser.call(contract.currentSession, {})).id
  assert.equal(said(await otto.browser.try(contract.endSession, { id: hers })), 'not-allowed')
  assert.equal(await show(olga.browser), '200')
})

test('a change of roles ends the person’s sessions: rights are those of a new sign-in', async () => {
  const rosa = await newPerson(server, olga, 'rosa')
  const read = await olga.browser.try(contract.getUser, { id: rosa.id })
  await olga.browser.try(
    contract.updateUser,
    { id: rosa.id, displayName: 'Rosa' },
    { headers: { 'if-match': read.headers.get('etag') as string } },
  )
  assert.equal(await show(rosa.browser), '200')
  const again = await olga.browser.try(contract.getUser, { id: rosa.id })
  await olga.browser.call(
    contract.updateUser,
    { id: rosa.id, roles: ['operator'] },
    { headers: { 'if-match': again.headers.get('etag') as string } },
  )
  assert.equal(await show(rosa.browser), 'no-session')
  const browser = await signIn(server, rosa)
  assert.deepEqual((await browser.call(contract.currentSession, {})).user.roles, ['operator'])
})

test('a session that a code opened ends when the code is revoked', async () => {
  const vera = await newPerson(server, olga, 'vera')
  const other = await signIn(server, vera)
  await olga.browser.call(contract.revokeCode, { id: vera.codeId, reason: 'a photograph went round' })
  assert.equal(await show(vera.browser), 'no-session')
  assert.equal(await show(other), '200')
})

test('a password change ends all other sessions, and so does a new set of recovery codes; both are told to their person', async () => {
  const paul = await newPerson(server, olga, 'paul')
  for (const change of [
    () => paul.browser.call(contract.changePassword, { current: paul.password, new: 'another harbour walks 43 miles' }),
    () => paul.browser.call(contract.renewRecoveryCodes, {}),
  ]) {
    const other = await signIn(server, paul)
    const told = async () =>
      (await paul.browser.call(contract.myNotices, {})).items.filter(({ kind }) => kind === 'factor-changed').length
    const before = await told()
    await change()
    assert.equal(await told(), before + 1)
    paul.password = 'another harbour walks 43 miles'
    assert.equal(await show(other), 'no-session')
    assert.equal(await show(paul.browser), '200')
  }
})

test('a cookie is no other kind of token, and another kind is no cookie', async () => {
  const browser = await signIn(server, ada)
  const half = await afterPassword(server.browser(), ada)
  const crossed = half.at(server.origin)
  crossed.cookies = new Map([['postern-session', half.cookies.get('postern-sign-in') as string]])
  assert.equal(await show(crossed), 'no-session')
  const turned = browser.at(server.origin)
  turned.cookies = new Map([['postern-sign-in', browser.cookies.get('postern-session') as string]])
  assert.equal(said(await turned.try(contract.currentSignIn, {})), 'no-session')
  const bearer = server.browser()
  bearer.bearer = browser.cookies.get('postern-session') as string
  assert.equal(said(await bearer.try(contract.currentSession, {})), 'no-session')
})
