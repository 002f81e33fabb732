import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CreationOptions } from '@postern/contract'
import * as contract from '@postern/contract'
import { operatorExists } from '@postern/server'
import { afterPassword, atOnce, dump, said, tallied } from './support/attack.ts'
import { Authenticator } from './support/authenticator.ts'
import type { Browser } from './support/browser.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { firstOperator, forgetStep, goodPassword, newPerson, type Person, partsOf, passcode, signIn } from './support/people.ts'
import {
  approve,
  askPhone,
  authenticatorOf,
  claimDevice,
  enrolOwnPhone,
  enrolPhone,
  hear,
  type Phone,
  scan,
  uuidOf,
} from './support/phones.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const { origin } = server
await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
/** A deployment with one owner. */
const lonely = await startServer()
const olga = await firstOperator(server)
const otto = await newPerson(server, olga, 'otto', ['operator'])

const status = async (browser: Browser): Promise<string> => said(await browser.try(contract.currentSession, {}))
const cookie = (browser: Browser): string => browser.cookies.get('postern-session') as string
/** Its last proof was more than five minutes ago. */
const stale = (person: Person) =>
  server.sql(`update session set proved_at = now() - interval '6 min' where user_id = $1 and ended_at is null`, [
    uuidOf(person.id),
  ])
/** As a page adds a passkey of its own browser. */
const add = async (browser: Browser, authenticator = new Authenticator(), name?: string) =>
  browser.try(contract.addPasskey, {
    registration: authenticator.create(await browser.call(contract.passkeyOptions, {}), { origin }),
    ...(name === undefined ? {} : { name }),
  })
const bySigningIn = async (phone: Pick<Phone, 'authenticator'>, desk = server.browser()): Promise<Browser> => {
  await desk.call(contract.openSignIn, {})
  const options = await desk.call(contract.signInPasskeyOptions, {})
  await desk.call(contract.provePasskey, { assertion: phone.authenticator.get(options, { origin }) })
  return desk
}
const devicesOf = async (person: Person, state?: contract.DeviceState) =>
  (await olga.browser.call(contract.listDevices, { userId: person.id, ...(state ? { state } : {}) })).items
const eventsOf = async (person: { id: string }, type: string) =>
  (await olga.browser.call(contract.listEvents, { userId: person.id, type })).items
const settings = async (more: Partial<contract.DeviceSettings>, by: Browser = olga.browser) => {
  const read = await by.try(contract.getDeviceSettings, {})
  const { version: _, ...now } = read.value
  return by.try(contract.putDeviceSettings, { ...now, ...more }, { headers: { 'if-match': read.headers.get('etag') as string } })
}
/** The person has a password and nothing else, as before a second factor was demanded. */
const bare = (person: Person) =>
  server.sql(`with t as (delete from totp where user_id = $1), d as (delete from recovery_code where user_id = $1) select 1`, [
    uuidOf(person.id),
  ])

withEitherKind(
  'a passkey of one’s own needs fresh authentication; it gives a new cookie, and every other session ends',
  async (synced) => {
    const ada = await newPerson(server, olga, ofKind('ada', synced))
    const other = await signIn(server, ada)
    const desk = await signIn(server, ada)
    await stale(ada)
    const refused = await desk.try(contract.passkeyOptions, {})
    assert.deepEqual([refused.status, refused.problem.code, refused.problem.maxAge], [403, 'step-up-required', 300])
    assert.equal(await status(other), '200')
    await signIn(server, ada, desk)
    const options = await desk.call(contract.passkeyOptions, {})
    assert.equal(Buffer.from(options.user.id, 'base64url').length, 16)
    assert.deepEqual(options.authenticatorSelection, {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    })
    const authenticator = authenticatorOf(synced)
    const registration = authenticator.create(options, { origin })
    // grown stale between the two calls
    await stale(ada)
    assert.equal(said(await desk.try(contract.addPasskey, { registration })), 'step-up-required')
    await signIn(server, ada, desk)
    const before = cookie(desk)
    const added = await add(desk, authenticator, '  Ada’s key ')
    assert.equal(added.status, 201)
    assert.deepEqual(
      [added.value.device.name, added.value.device.state, added.value.device.synced],
      ['Ada’s key', 'active', synced],
    )
    // there were codes already: they came with the first second factor
    assert.equal(added.value.recoveryCodes, undefined)
    assert.notEqual(cookie(desk), before)
    assert.equal(await status(desk), '200')
    assert.equal(await status(other), 'no-session')
    const [event] = await eventsOf(ada, 'device.registered')
    assert.deepEqual([event?.outcome, event?.biometric, event?.device.id], ['success', 'verified', added.value.device.id])
    assert.ok((await desk.call(contract.myNotices, {})).items.some(({ kind }) => kind === 'factor-changed'))
    // the authenticator that holds one is named, so that it makes no second
    await assert.rejects(add(desk, authenticator), /InvalidStateError/)
  },
)

test('a registration is good once, for the session and browser that asked, and counts as a failure where it is wrong', async () => {
  const kim = await newPerson(server, olga, 'kim')
  const desk = await signIn(server, kim)
  const another = await signIn(server, kim)
  const authenticator = new Authenticator()
  const theirs = authenticator.create(await another.call(contract.passkeyOptions, {}), { origin })
  assert.equal(said(await desk.try(contract.addPasskey, { registration: theirs })), 'factor-wrong')
  const unverified = new Authenticator({ userVerification: false })
  assert.equal(said(await add(desk, unverified)), 'factor-wrong')
  const options = await desk.call(contract.passkeyOptions, {})
  const foreign = authenticator.create(options, { origin: 'http://evil.localhost' })
  assert.equal(said(await desk.try(contract.addPasskey, { registration: foreign })), 'factor-wrong')
  assert.equal(
    said(await desk.try(contract.addPasskey, { registration: authenticator.create(options, { origin }) })),
    'factor-wrong',
  )
  assert.deepEqual(await devicesOf(kim), [])
  const good = await desk.call(contract.passkeyOptions, {})
  const registration = authenticator.create(good, { origin })
  const outcomes = await atOnce(6, async () => said(await desk.try(contract.addPasskey, { registration })))
  assert.equal(tallied(outcomes)['201'], 1, JSON.stringify(outcomes))
  assert.equal((await devicesOf(kim)).length, 1)
  // somebody else's credential is nobody else's
  const lee = await newPerson(server, olga, 'lee')
  const hers = await signIn(server, lee)
  const credentialId = authenticator.credentials.at(-1)?.id as Buffer
  const stolen = new Authenticator().create(
    await hers.call(contract.passkeyOptions, {}),
    { origin },
    { tamper: { credentialId } },
  )
  assert.equal(said(await hers.try(contract.addPasskey, { registration: stolen })), 'conflict')
  assert.equal((await devicesOf(lee)).length, 0)
})

withEitherKind(
  'who has only a password registers a passkey in the sign-in that asks for a factor, and gets recovery codes',
  async (synced) => {
    const mia = await newPerson(server, olga, ofKind('mia', synced))
    await bare(mia)
    assert.equal((await olga.browser.call(contract.getUser, { id: mia.id })).enrolmentDue, true)
    const desk = server.browser()
    await desk.call(contract.openSignIn, {})
    const asked = await desk.call(contract.provePassword, { username: mia.username, password: mia.password })
    assert.deepEqual([asked.signIn.state, asked.signIn.next], ['enrolment-required', ['enrol-passkey', 'enrol-totp']])
    // it goes on: nothing says that it is over
    const { problem } = await desk.try(contract.collectSignIn, {})
    assert.deepEqual([problem.code, problem.detail], ['conflict', 'No phone has approved this sign-in.'])
    const authenticator = authenticatorOf(synced)
    const added = await add(desk, authenticator)
    assert.equal(added.status, 201)
    assert.equal(added.value.signIn?.state, 'complete')
    assert.equal(new Set(added.value.recoveryCodes).size, 10)
    const session = await desk.call(contract.currentSession, {})
    assert.deepEqual([session.assurance.acr, session.assurance.amr], ['aal2', ['pwd', synced ? 'swk' : 'hwk', 'user', 'mfa']])
    assert.equal(session.device?.id, added.value.device.id)
    const user = await olga.browser.call(contract.getUser, { id: mia.id })
    assert.deepEqual([user.factors.devices, user.factors.totp, user.enrolmentDue], [1, false, false])
    const due = await olga.browser.call(contract.listUsers, { due: 'true', limit: 200 })
    assert.ok(!due.items.some(({ username }) => username === mia.username))
    assert.equal((await bySigningIn({ authenticator })).cookies.has('postern-session'), true)
  },
)

test('a session keeps what it proved when a factor is added: no less, no more, no later and no longer', async () => {
  const nia = await newPerson(server, olga, 'nia')
  const held = await enrolPhone(server, olga, nia)
  const synced = await enrolPhone(server, olga, nia, { synced: true })
  const byOurCode = async () => {
    const desk = server.browser()
    const screen = await askPhone(desk)
    assert.equal(said(await approve(held, origin, await scan(server, held, screen), screen.match)), '200')
    await desk.call(contract.collectSignIn, {})
    return desk
  }
  const aPasskey = async (desk: Browser) => {
    const { device: made } = (await add(desk)).value
    assert.equal(made.current, false)
    assert.equal(said(await desk.try(contract.removeDevice, { id: made.id })), '204')
  }
  const aPasscodeKey = async (desk: Browser) => {
    const { id, secret } = await desk.call(contract.startTotp, {})
    await forgetStep(server, nia)
    await desk.call(contract.confirmTotp, { id, code: passcode(secret) })
    nia.secret = secret
  }
  for (const [open, acr, amr, device] of [
    [() => bySigningIn(held), 'phrh', ['hwk', 'user', 'mfa'], held.deviceId],
    [() => bySigningIn(synced), 'phr', ['swk', 'user', 'mfa'], synced.deviceId],
    [byOurCode, 'aal2', ['hwk', 'user', 'mfa'], held.deviceId],
    [() => signIn(server, nia), 'aal2', ['pwd', 'otp', 'mfa'], undefined],
  ] as const)
    for (const adds of [aPasskey, aPasscodeKey]) {
      const desk = await open()
      // proved a minute ago, and over in an hour
      await server.sql(
        `update session set proved_at = proved_at - interval '1 min', expires_at = least(expires_at, now() + interval '1 h') where user_id = $1 and ended_at is null`,
        [uuidOf(nia.id)],
      )
      const [before, cookieBefore] = [await desk.call(contract.currentSession, {}), cookie(desk)]
      await adds(desk)
      const after = await desk.call(contract.currentSession, {})
      assert.notEqual(cookie(desk), cookieBefore)
      assert.deepEqual([after.assurance.acr, after.assurance.amr, after.device?.id], [acr, amr, device], adds.name)
      assert.deepEqual([after.assurance, after.expiresAt, after.codeId], [before.assurance, before.expiresAt, before.codeId])
    }
})

withEitherKind(
  'with a recovery code a passkey takes the place of the passcode key; the session is full, and others end',
  async (synced) => {
    const ned = await newPerson(server, olga, ofKind('ned', synced))
    const other = await signIn(server, ned)
    const desk = await afterPassword(server.browser(), ned)
    await desk.call(contract.proveRecoveryCode, { code: ned.recoveryCodes[0] as string })
    assert.equal((await desk.call(contract.currentSession, {})).scope, 'recovery')
    assert.equal(said(await desk.try(contract.myFactors, {})), 'step-up-required')
    const before = cookie(desk)
    const authenticator = authenticatorOf(synced)
    assert.equal((await add(desk, authenticator)).status, 201)
    const session = await desk.call(contract.currentSession, {})
    assert.deepEqual([session.scope, session.assurance.acr, session.recoveryCodesLeft], ['full', 'aal2', 9])
    assert.notEqual(cookie(desk), before)
    assert.equal(await status(other), 'no-session')
    const factors = await desk.call(contract.myFactors, {})
    assert.deepEqual([factors.totp, factors.devices], [null, 1])
    const again = await afterPassword(server.browser(), ned)
    assert.equal(said(await again.try(contract.proveTotp, { code: passcode(ned.secret) })), 'conflict')
  },
)

withEitherKind(
  'devices are listed, named, removed; the last factor that policy demands stays; an unknown id and another’s are one',
  async (synced) => {
    const pia = await newPerson(server, olga, ofKind('pia', synced))
    const hers = await enrolPhone(server, olga, pia, { synced })
    const desk = await signIn(server, pia)
    const [listed] = (await desk.call(contract.myDevices, {})).items
    assert.deepEqual(
      [listed?.id, listed?.name, listed?.current, listed?.platform],
      [hers.deviceId, 'Chrome 156, Android', false, 'Android'],
    )
    const renamed = await desk.call(contract.renameDevice, { id: hers.deviceId, name: ' The blue one ' })
    assert.equal(renamed.name, 'The blue one')
    for (const name of ['', '   ', 'x'.repeat(65)])
      assert.equal(said(await desk.try(contract.renameDevice, { id: hers.deviceId, name })), 'invalid-request')

    const quin = await newPerson(server, olga, ofKind('quin', synced))
    const his = await enrolPhone(server, olga, quin, { synced })
    const unknown = `dev_${'0'.repeat(26)}`
    const { requestId: _, ...words } = (await desk.try(contract.removeDevice, { id: unknown })).problem
    assert.equal(words.code, 'not-found')
    for (const id of [unknown, his.deviceId]) {
      for (const tried of [
        await desk.try(contract.removeDevice, { id }),
        await desk.try(contract.reportMyDeviceLost, { id }),
        await desk.try(contract.renameDevice, { id, name: 'mine now' }),
      ]) {
        const { requestId: __, ...rest } = tried.problem
        assert.deepEqual([tried.status, rest], [404, words])
      }
      assert.equal(said(await desk.try(contract.reportDeviceLost, { id })), 'not-allowed')
    }
    assert.equal((await devicesOf(quin))[0]?.name, 'Chrome 156, Android')

    // without fresh authentication nothing is removed
    await stale(pia)
    assert.equal(said(await desk.try(contract.removeDevice, { id: hers.deviceId })), 'step-up-required')
    await signIn(server, pia, desk)
    // a passcode key is there beside it
    const byPhone = await bySigningIn(hers)
    const other = await signIn(server, pia)
    assert.equal(said(await desk.try(contract.removeDevice, { id: hers.deviceId })), '204')
    for (const ended of [byPhone, other]) assert.equal(await status(ended), 'no-session')
    assert.equal(await status(desk), '200')
    const again = await desk.try(contract.removeDevice, { id: hers.deviceId })
    assert.deepEqual([again.status, again.problem.reason], [409, 'device-ended'])
    const [gone] = (await desk.call(contract.myDevices, {})).items
    assert.equal(gone?.state, 'revoked')
    assert.ok(gone?.stateAt)

    // a device alone: the last one stays, also where two are removed at once
    const ray = await newPerson(server, olga, ofKind('ray', synced))
    const first = await enrolPhone(server, olga, ray, { synced })
    const second = await enrolPhone(server, olga, ray, { synced })
    const mine = await signIn(server, ray)
    assert.equal(said(await mine.try(contract.removeTotp, {})), '204')
    const outcomes = await Promise.all(
      [first, second].map(async ({ deviceId }) => said(await mine.try(contract.removeDevice, { id: deviceId }))),
    )
    assert.deepEqual(tallied(outcomes), { '204': 1, conflict: 1 })
    const [left] = await devicesOf(ray, 'active')
    const refused = await mine.try(contract.removeDevice, { id: left?.id as string })
    assert.equal(refused.problem.reason, 'last-factor')
  },
)

withEitherKind(
  'where nothing demands a second factor the last device can go, and its recovery codes with it',
  async (synced) => {
    const sam = await newPerson(server, olga, ofKind('sam', synced))
    const his = await enrolPhone(server, olga, sam, { synced })
    const desk = await signIn(server, sam)
    await desk.call(contract.removeTotp, {})
    assert.equal((await desk.call(contract.myFactors, {})).recoveryCodes.left, 10)
    assert.equal(said(await desk.try(contract.removeDevice, { id: his.deviceId })), '204')
    assert.equal((await desk.call(contract.myFactors, {})).recoveryCodes.left, 0)
  },
  async (both) => {
    await server.sql(`update authentication_settings set second_factor_roles = '{operator,owner}'`)
    try {
      await both()
    } finally {
      await server.sql(`update authentication_settings set second_factor_roles = '{user,auditor,operator,owner}'`)
    }
  },
)

withEitherKind(
  'a device that is reported lost is dead with the answer, with what it opened and approved; who reports it stays',
  async (synced) => {
    const tea = await newPerson(server, olga, ofKind('tea', synced))
    const hers = await enrolPhone(server, olga, tea, { synced })
    const byPhone = await bySigningIn(hers)
    const approvedDesk = server.browser()
    const screen = await askPhone(approvedDesk)
    assert.equal((await approve(hers, origin, await scan(server, hers, screen), screen.match)).status, 200)
    const collectedDesk = server.browser()
    const second = await askPhone(collectedDesk)
    assert.equal((await approve(hers, origin, await scan(server, hers, second), second.match)).status, 200)
    await collectedDesk.call(contract.collectSignIn, {})
    const desk = await signIn(server, tea)
    // no fresh proof is asked for: whoever has lost a phone is in a hurry
    await stale(tea)
    const lost = await desk.call(contract.reportMyDeviceLost, { id: hers.deviceId })
    assert.equal(lost.state, 'lost')
    assert.equal(await status(desk), '200')
    for (const browser of [byPhone, collectedDesk]) assert.equal(await status(browser), 'no-session')
    assert.equal(said(await approvedDesk.try(contract.collectSignIn, {})), 'conflict')
    assert.equal(said(await desk.try(contract.reportMyDeviceLost, { id: hers.deviceId })), 'conflict')
    const [denied, event] = await eventsOf(tea, 'device.lost')
    assert.deepEqual([denied?.outcome, denied?.device.id], ['denied', hers.deviceId])
    assert.deepEqual([event?.detail.sessions, event?.detail.requests, event?.device.id], [2, 1, hers.deviceId])
    const { items } = await olga.browser.call(contract.myNotices, {})
    assert.ok(items.some(({ kind, event: about }) => kind === 'device-lost' && about.id === event?.id))
    // by the very session that it opened: that one ends too
    const next = await enrolPhone(server, olga, tea, { synced })
    const own = await bySigningIn(next)
    await own.call(contract.reportMyDeviceLost, { id: next.deviceId })
    assert.equal(await status(own), 'no-session')
  },
)

withEitherKind(
  'where the last factor was lost, the password alone leads to no new one: a recovery code is asked for',
  async (synced) => {
    const uma = await newPerson(server, olga, ofKind('uma', synced))
    const hers = await enrolPhone(server, olga, uma, { synced })
    const desk = await signIn(server, uma)
    await desk.call(contract.removeTotp, {})
    // an unattended desk, and somebody who knows the password
    await stale(uma)
    await desk.call(contract.reportMyDeviceLost, { id: hers.deviceId })
    const thief = server.browser()
    await thief.call(contract.openSignIn, {})
    const { signIn: asked } = await thief.call(contract.provePassword, { username: uma.username, password: uma.password })
    assert.deepEqual([asked.state, asked.next], ['pending', ['recovery-code']])
    assert.equal(said(await thief.try(contract.passkeyOptions, {})), 'no-session')
    assert.equal(said(await thief.try(contract.startTotp, {})), 'no-session')
    await desk.call(contract.stepUp, {})
    const { signIn: step } = await desk.call(contract.provePassword, { password: uma.password })
    assert.deepEqual([step.state, step.next], ['pending', ['recovery-code']])
    assert.equal(said(await desk.try(contract.passkeyOptions, {})), 'step-up-required')
    // she herself has one, also in the session that she has
    await desk.call(contract.proveRecoveryCode, { code: uma.recoveryCodes[0] as string })
    assert.equal((await add(desk, authenticatorOf(synced))).status, 201)
    assert.equal((await desk.call(contract.currentSession, {})).scope, 'full')
  },
)

withEitherKind(
  'where the last factor was lost and no recovery code is left, an operator’s code is the only way to a new one',
  async (synced) => {
    const vera = await newPerson(server, olga, ofKind('vera', synced))
    const hers = await enrolPhone(server, olga, vera, { synced })
    const desk = await signIn(server, vera)
    await desk.call(contract.removeTotp, {})
    await server.sql(`delete from recovery_code where user_id = $1`, [uuidOf(vera.id)])
    await desk.call(contract.reportMyDeviceLost, { id: hers.deviceId })
    const thief = server.browser()
    await thief.call(contract.openSignIn, {})
    const { signIn: asked } = await thief.call(contract.provePassword, { username: vera.username, password: vera.password })
    assert.deepEqual([asked.state, asked.next], ['pending', []])
    for (const endpoint of [contract.passkeyOptions, contract.startTotp, contract.currentSession])
      assert.equal(said(await thief.try(endpoint, {})), 'no-session')
    for (const attempt of [contract.openQr, contract.signInPasskeyOptions])
      assert.equal(said(await thief.try(attempt, {})), 'conflict')
    const again = await enrolPhone(server, olga, vera, { synced })
    const screen = await askPhone(server.browser())
    assert.equal((await approve(again, server.origin, await scan(server, again, screen), screen.match)).status, 200)
  },
)

test('a person has as many active devices as policy says, also where all are confirmed at once', async () => {
  assert.equal(said(await settings({ devicesEach: 2 })), '200')
  try {
    const vic = await newPerson(server, olga, 'vic')
    const claims = []
    for (let at = 0; at < 4; at++) {
      const { code } = await vic.browser.call(contract.enrolAnotherPhone, { factor: 'device' })
      const browser = server.browser()
      claims.push({ browser, claimed: await claimDevice(browser, code.url as string) })
    }
    const tries = await Promise.all(
      claims.map(({ browser, claimed }) =>
        browser.try(contract.confirmEnrolment, {
          confirm: claimed.confirm,
          registration: new Authenticator().create(claimed.options, { origin }),
          currentPassword: vic.password,
        }),
      ),
    )
    assert.deepEqual(tallied(tries.map(said)), { '200': 2, conflict: 2 })
    assert.equal(tries.find(({ status }) => status === 409)?.problem.reason, 'devices-full')
    const active = await devicesOf(vic, 'active')
    assert.equal(active.length, 2)
    // with one gone there is room, and the claim that was refused goes on with a challenge of its own
    const at = tries.findIndex(({ status }) => status === 409)
    const refused = claims[at] as (typeof claims)[number]
    await olga.browser.call(contract.revokeDevice, { id: active[0]?.id as string })
    const confirmed = await refused.browser.try(contract.confirmEnrolment, {
      confirm: refused.claimed.confirm,
      registration: new Authenticator().create(tries[at]?.problem.options as CreationOptions, { origin }),
      currentPassword: vic.password,
    })
    assert.equal(said(confirmed), '200')
  } finally {
    assert.equal(said(await settings({ devicesEach: 10 })), '200')
  }
})

withEitherKind(
  'another phone of one’s own: its code asks for the password; the session that shows it goes on, all others end',
  async (synced) => {
    const wim = await newPerson(server, olga, ofKind('wim', synced))
    const desk = await signIn(server, wim)
    const other = await signIn(server, wim)
    await stale(wim)
    assert.equal(said(await desk.try(contract.enrolAnotherPhone, { factor: 'device' })), 'step-up-required')
    await signIn(server, wim, desk)
    const { code } = await desk.call(contract.enrolAnotherPhone, { factor: 'device' })
    const parts = partsOf(code.url as string)
    const phone = server.browser()
    const looked = await phone.call(contract.inspectCode, parts)
    assert.deepEqual([looked.kind, looked.needs], ['enrol-device', ['current-password']])
    const claimed = await claimDevice(phone, code.url as string)
    const authenticator = authenticatorOf(synced)
    const registration = authenticator.create(claimed.options, { origin })
    const { confirm } = claimed
    assert.equal(said(await phone.try(contract.confirmEnrolment, { confirm, registration })), 'invalid-request')
    const wrong = await phone.try(contract.confirmEnrolment, { confirm, registration, currentPassword: 'not the password' })
    assert.deepEqual([wrong.status, wrong.problem.triesLeft], [401, 4])
    const done = await phone.try(contract.confirmEnrolment, {
      confirm,
      registration,
      currentPassword: wim.password,
      signIn: true,
    })
    assert.equal(said(done), '200')
    assert.equal(await status(desk), '200')
    assert.equal(await status(other), 'no-session')
    assert.equal(await status(phone), '200')
    assert.equal((await devicesOf(wim, 'active'))[0]?.codeId, code.id)
  },
)

test('a registration for another code, key or purpose is refused, and is one of the five tries', async () => {
  const xia = await newPerson(server, olga, 'xia')
  const { code } = await olga.browser.call(contract.enrolUser, { id: xia.id, factor: 'device' })
  const phone = server.browser()
  const claimed = await claimDevice(phone, code.url as string)
  const yun = await newPerson(server, olga, 'yun')
  const other = await olga.browser.call(contract.enrolUser, { id: yun.id, factor: 'device' })
  const otherPhone = server.browser()
  const otherClaim = await claimDevice(otherPhone, other.code.url as string)
  const desk = await signIn(server, xia)
  const own = await desk.call(contract.passkeyOptions, {})
  const authenticator = new Authenticator()
  const confirm = (options: CreationOptions) =>
    phone.try(contract.confirmEnrolment, {
      confirm: claimed.confirm,
      registration: authenticator.create(options, { origin }),
      currentPassword: xia.password,
    })
  for (const [at, options] of [otherClaim.options, { ...own, rp: claimed.options.rp }].entries()) {
    const tried = await confirm(options)
    assert.deepEqual([tried.status, tried.problem.code, tried.problem.triesLeft], [401, 'factor-wrong', 4 - at])
  }
  // by another key there is no such claim
  const thief = await server.browser().try(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    registration: authenticator.create(claimed.options, { origin }),
    currentPassword: xia.password,
  })
  assert.equal(said(thief), 'code-unknown')
  // a wrong one spends its challenge; the answer brings the next
  const unverified = new Authenticator({ userVerification: false })
  const third = await phone.try(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    registration: unverified.create(claimed.options, { origin }),
    currentPassword: xia.password,
  })
  assert.deepEqual([third.problem.code, third.problem.triesLeft], ['factor-wrong', 2])
  assert.notEqual(third.problem.options?.challenge, claimed.options.challenge)
  const good = await confirm(third.problem.options as CreationOptions)
  assert.equal(said(good), '200')

  // and the fifth ends it
  for (let at = 0; at < 5; at++) {
    const tried = await otherPhone.try(contract.confirmEnrolment, {
      confirm: otherClaim.confirm,
      registration: authenticator.create({ ...own, excludeCredentials: [] }, { origin }),
      currentPassword: yun.password,
    })
    assert.deepEqual([said(tried), tried.problem.triesLeft], ['factor-wrong', 4 - at])
    assert.equal(tried.problem.options === undefined, at === 4)
  }
  const late = await otherPhone.try(contract.confirmEnrolment, {
    confirm: otherClaim.confirm,
    registration: authenticator.create(otherClaim.options, { origin }),
    currentPassword: yun.password,
  })
  assert.equal(said(late), 'code-used')
  assert.deepEqual(await devicesOf(yun), [])
})

withEitherKind('a code by letter asks for its activation number before a phone may register', async (synced) => {
  const zoe = await newPerson(server, olga, ofKind('zoe', synced))
  const { code } = await olga.browser.call(contract.enrolUser, { id: zoe.id, factor: 'device', deliver: 'letter' })
  const parts = partsOf(code.url as string)
  const phone = server.browser()
  assert.ok((await phone.call(contract.inspectCode, parts)).needs.includes('activation'))
  assert.equal(said(await phone.try(contract.claimCode, parts)), 'invalid-request')
  const number = code.activation as string
  const wrong = number.replace(/\d/g, (digit) => String((Number(digit) + 1) % 10))
  assert.equal(said(await phone.try(contract.claimCode, { ...parts, activation: wrong })), 'factor-wrong')
  const claimed = await phone.call(contract.claimCode, { ...parts, activation: number })
  assert.equal(claimed.kind, 'enrol-device')
})

withEitherKind(
  'a code names the device that came of it or approved by it, and events are found by their device',
  async (synced) => {
    const wes = await newPerson(server, olga, ofKind('wes', synced))
    const his = await enrolPhone(server, olga, wes, { synced })
    const [device] = await devicesOf(wes)
    const enrolled = await olga.browser.call(contract.getCode, { id: device?.codeId as string })
    assert.deepEqual(enrolled.device, { id: his.deviceId, name: device?.name })
    const desk = server.browser()
    const screen = await askPhone(desk)
    const claimed = await scan(server, his, screen)
    const code = () => olga.browser.call(contract.getCode, { id: screen.code.id })
    assert.equal((await code()).device, null, 'claimed by a phone that has not said whose it is')
    assert.equal(said(await approve(his, origin, claimed, screen.match)), '200')
    await desk.call(contract.collectSignIn, {})
    const named = await olga.browser.call(contract.renameDevice, { id: his.deviceId, name: 'x' }).catch(() => undefined)
    assert.equal(named, undefined, 'an operator names nobody else’s device')
    await desk.call(contract.renameDevice, { id: his.deviceId, name: 'The green one' })
    assert.deepEqual((await code()).device, { id: his.deviceId, name: 'The green one' })
    const { items } = await olga.browser.call(contract.listCodes, { kind: 'sign-in', limit: 200 })
    assert.deepEqual(items.find(({ id }) => id === screen.code.id)?.device, { id: his.deviceId, name: 'The green one' })
    const events = (await olga.browser.call(contract.listEvents, { deviceId: his.deviceId, limit: 200 })).items
    assert.deepEqual(new Set(events.map(({ device: { id } }) => id)), new Set([his.deviceId]))
    assert.deepEqual(
      events.map(({ type }) => type),
      ['device.renamed', 'sign-in.phone', 'approval.approved', 'device.registered', 'enrolment.confirmed'],
    )
  },
)

withEitherKind('an operator ends a device of anybody with no more rights than theirs', async (synced) => {
  const abe = await newPerson(server, olga, synced ? 'abe' : 'kai')
  const his = await enrolPhone(server, olga, abe, { synced })
  const oda = await newPerson(server, olga, ofKind('oda', synced), ['owner'])
  const ownersPhone = await enrolPhone(server, olga, oda, { synced })
  for (const endpoint of [contract.reportDeviceLost, contract.revokeDevice]) {
    const refused = await otto.browser.try(endpoint, { id: ownersPhone.deviceId, reason: 'a coup' })
    assert.equal(said(refused), 'not-allowed')
    assert.equal(said(await otto.browser.try(endpoint, { id: `dev_${'0'.repeat(26)}` })), 'not-found')
  }
  const [denied] = (await olga.browser.call(contract.listEvents, { type: 'device.revoked', outcome: 'denied' })).items.filter(
    ({ detail, subject }) => detail.code === 'not-allowed' && subject?.name === oda.username,
  )
  assert.deepEqual([denied?.actor.name, denied?.subject?.name], ['otto', oda.username])
  const byPhone = await bySigningIn(his)
  const revoked = await otto.browser.call(contract.revokeDevice, { id: his.deviceId, reason: 'left on a train' })
  assert.equal(revoked.state, 'revoked')
  assert.equal(await status(byPhone), 'no-session')
  const late = await otto.browser.try(contract.reportDeviceLost, { id: his.deviceId })
  assert.deepEqual([late.status, late.problem.reason], [409, 'device-ended'])
  const auditor = await newPerson(server, olga, ofKind('aud', synced), ['auditor'])
  assert.equal(said(await auditor.browser.try(contract.revokeDevice, { id: his.deviceId })), 'not-allowed')
  const { items } = await auditor.browser.call(contract.listDevices, { state: 'revoked', q: abe.username })
  assert.deepEqual(
    items.map(({ id }) => id),
    [his.deviceId],
  )
})

withEitherKind(
  'with the results of its code the device is revoked, and its sessions end; off-boarding ends every device',
  async (synced) => {
    const bob = await newPerson(server, olga, ofKind('bob', synced))
    const his = await enrolPhone(server, olga, bob, { synced })
    const kept = await enrolPhone(server, olga, bob, { synced })
    const byPhone = await bySigningIn(his)
    const desk = await signIn(server, bob)
    const [listed] = (await devicesOf(bob)).filter(({ id }) => id === his.deviceId)
    const codeId = listed?.codeId as string
    await olga.browser.call(contract.revokeCode, { id: codeId, reason: 'it was photographed', also: ['results'] })
    assert.deepEqual(
      (await devicesOf(bob, 'active')).map(({ id }) => id),
      [kept.deviceId],
    )
    assert.equal(await status(byPhone), 'no-session')
    assert.equal(await status(desk), '200')
    const last = await bySigningIn(kept)
    await olga.browser.call(contract.offboardUser, { id: bob.id })
    assert.deepEqual(await devicesOf(bob, 'active'), [])
    for (const browser of [last, desk]) assert.equal(await status(browser), 'no-session')
  },
)

test('the device that the last owner signs in with is revoked by nobody: not as a device, one’s own, nor as what came of a code', async () => {
  await lonely.sql(`update authentication_settings set second_factor_roles = '{operator}'`)
  const owner = await firstOperator(lonely, 'only')
  const { deviceId: id } = await enrolOwnPhone(lonely, owner)
  await owner.browser.call(contract.removeTotp, {})
  const device = () => owner.browser.call(contract.listDevices, { userId: owner.id })
  const codeId = (await device()).items[0]?.codeId as string
  const results = { reason: 'x', also: ['results' as const] }
  for (const refused of [
    await owner.browser.try(contract.revokeDevice, { id }),
    await owner.browser.try(contract.removeDevice, { id }),
    await owner.browser.try(contract.revokeCode, { id: codeId, ...results }),
  ])
    assert.deepEqual([said(refused), refused.problem.reason], ['conflict', 'last-owner'])
  const job = await owner.browser.call(contract.bulkCodes, { action: 'revoke', ids: [codeId], ...results })
  assert.deepEqual([job.state, job.failed], ['done', 1])
  assert.deepEqual(
    (await device()).items.map(({ state }) => state),
    ['active'],
  )
  const [denied] = (await owner.browser.call(contract.listEvents, { type: 'device.revoked', outcome: 'denied' })).items
  assert.equal(denied?.detail.why, 'last owner')
  // with another owner who can sign in it is as any
  const second = await newPerson(lonely, owner, 'second', ['owner'])
  assert.equal(said(await second.browser.try(contract.revokeCode, { id: codeId, ...results })), '200')
  assert.equal((await second.browser.call(contract.listDevices, { userId: owner.id })).items[0]?.state, 'revoked')
})

test('policy refuses at registration, by name, what a role may not hold and what proves no model; the claim goes on', async () => {
  const cat = await newPerson(server, olga, 'cat')
  assert.equal(said(await settings({ deviceHeld: ['user'] })), '200')
  try {
    const { code } = await olga.browser.call(contract.enrolUser, { id: cat.id, factor: 'device' })
    const phone = server.browser()
    const claimed = await claimDevice(phone, code.url as string)
    const synced = new Authenticator({ backupEligible: true, backedUp: true, counter: 'zero' })
    const confirm = (authenticator: Authenticator, options: CreationOptions) =>
      phone.try(contract.confirmEnrolment, {
        confirm: claimed.confirm,
        registration: authenticator.create(options, { origin }),
        currentPassword: cat.password,
      })
    const refused = await confirm(synced, claimed.options)
    assert.deepEqual([refused.status, refused.problem.code, refused.problem.reason], [403, 'not-allowed', 'device-held'])
    assert.equal((await devicesOf(cat)).length, 0)
    assert.equal(said(await confirm(new Authenticator(), refused.problem.options as CreationOptions)), '200')
    assert.equal(said(await settings({ models: ['ee882879-721c-4913-9775-3dfcce97072a'] })), '200')
    const desk = await signIn(server, cat)
    const options = await desk.call(contract.passkeyOptions, {})
    assert.equal(options.attestation, 'direct')
    const named = await desk.try(contract.addPasskey, { registration: new Authenticator().create(options, { origin }) })
    assert.deepEqual([said(named), named.problem.reason], ['not-allowed', 'model-unproven'])
  } finally {
    assert.equal(said(await settings({ deviceHeld: [], models: [] })), '200')
  }
})

test('a synced passkey of a role that came to need a held one signs in no more', async () => {
  const dee = await newPerson(server, olga, 'dee')
  const hers = await enrolPhone(server, olga, dee, { synced: true })
  const waiting = server.browser()
  const screen = await askPhone(waiting)
  const claimed = await scan(server, hers, screen)
  assert.equal(said(await settings({ deviceHeld: ['user'] })), '200')
  try {
    await assert.rejects(bySigningIn(hers), /not-allowed/)
    const refused = (await approve(hers, origin, claimed, screen.match)).problem
    assert.deepEqual([refused.code, refused.reason], ['not-allowed', 'device-held'])
    const { told, ended } = await hear(waiting)
    await ended
    assert.deepEqual(told.at(-1)?.data, { type: 'denied', reason: 'device-held' })
  } finally {
    assert.equal(said(await settings({ deviceHeld: [] })), '200')
  }
  assert.equal(await status(await bySigningIn(hers)), '200')
})

test('settings of devices: by version, on record, and softer for operators and owners by an owner alone', async () => {
  const read = await olga.browser.try(contract.getDeviceSettings, {})
  const { version, ...now } = read.value
  assert.deepEqual(
    [now.qr, now.computerFirst, now.oneFrame, now.near, now.knownBrowser, now.devicesEach, now.sessionMinutes],
    ['passwordless', ['operator', 'owner'], true, 'warn', 'warn', 10, 60],
  )
  const etag = read.headers.get('etag') as string
  const missing = await olga.browser.try(contract.putDeviceSettings, now)
  assert.deepEqual([missing.status, missing.problem.code], [428, 'if-match-missing'])
  for (const named of ['*', '"1", "2"', 'W/1', '1']) {
    const answer = await olga.browser.try(contract.putDeviceSettings, now, { headers: { 'if-match': named } })
    assert.equal(answer.status, 412, named)
    assert.match(answer.problem.detail ?? '', /^If-Match takes the one ETag/, named)
  }
  const both = await Promise.all(
    [20, 30].map(async (sessionMinutes) =>
      said(await olga.browser.try(contract.putDeviceSettings, { ...now, sessionMinutes }, { headers: { 'if-match': etag } })),
    ),
  )
  assert.deepEqual(tallied(both), { '200': 1, 'precondition-failed': 1 })
  const saved = (await olga.browser.call(contract.getDeviceSettings, {})).sessionMinutes
  const [event] = (await olga.browser.call(contract.listEvents, { type: 'settings.changed', outcome: 'success', limit: 1 })).items
  assert.equal(event?.subject?.name, 'devices')
  assert.deepEqual(
    [event?.detail['sessionMinutes.from'], event?.detail['sessionMinutes.to'], event?.detail.version],
    ['60', String(saved), version + 1],
  )
  // an operator may make them harder, and softer where only people are meant
  assert.equal(said(await settings({ deviceHeld: ['operator', 'user'], sessionMinutes: 60 }, otto.browser)), '200')
  assert.equal(said(await settings({ deviceHeld: ['operator'] }, otto.browser)), '200')
  for (const softer of [{ deviceHeld: [] }, { computerFirst: ['owner'] as contract.Role[] }, { computerFirst: [] }])
    assert.equal(said(await settings(softer, otto.browser)), 'not-allowed', JSON.stringify(softer))
  assert.equal(said(await settings({ deviceHeld: [] })), '200')
  const user = await newPerson(server, olga, 'plain')
  assert.equal(said(await user.browser.try(contract.getDeviceSettings, {})), 'not-allowed')
  const auditor = await newPerson(server, olga, 'reader', ['auditor'])
  assert.equal((await auditor.browser.try(contract.getDeviceSettings, {})).status, 200)
  assert.equal(said(await settings({ sessionMinutes: 30 }, auditor.browser)), 'not-allowed')
  for (const bad of [
    { startNetworks: ['10.0.0.1/33'] },
    { startNetworks: ['example.org'] },
    { devicesEach: 0 },
    { sessionMinutes: 4 },
    { models: ['YubiKey'] },
    { qr: 'on' },
  ])
    assert.equal(said(await settings(bad as never)), 'invalid-request', JSON.stringify(bad))
  // fresh authentication, as for all settings
  await stale(olga)
  assert.equal(said(await settings({ sessionMinutes: 30 })), 'step-up-required')
  await signIn(server, olga, olga.browser)
})

test('nothing that opens something stands in clear in a table', async () => {
  const eli = await newPerson(server, olga, 'eli')
  const { code } = await olga.browser.call(contract.enrolUser, { id: eli.id, factor: 'device' })
  const phone = server.browser()
  const claimed = await claimDevice(phone, code.url as string)
  const desk = server.browser()
  await desk.call(contract.openSignIn, {})
  const { challenge } = await desk.call(contract.signInPasskeyOptions, {})
  const screen = await askPhone(server.browser())
  const his = await enrolPhone(server, olga, await newPerson(server, olga, 'fin'))
  const request = await scan(server, his, screen)
  const own = await signIn(server, eli)
  const register = await own.call(contract.passkeyOptions, {})
  const tables = JSON.stringify(await dump(server)).toLowerCase()
  // the context’s hash, the second half of an approval’s challenge, is no secret: it is of what the phone shows
  const random = Buffer.from(request.options.challenge, 'base64url').subarray(0, 32)
  const secrets: [string, string | Buffer][] = [
    ['enrolment challenge', claimed.options.challenge],
    ['enrolment confirm', claimed.confirm],
    ['sign-in challenge', challenge],
    ['approval challenge', random],
    ['approval confirm', request.confirm],
    ['registration challenge', register.challenge],
    ['frames’ key', screen.code.frames.key],
    ['cookie', cookie(own)],
  ]
  for (const [name, secret] of secrets) {
    const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : secret
    assert.ok(bytes.length >= 16, name)
    for (const form of [bytes.toString('base64url'), bytes.toString('base64'), bytes.toString('hex')])
      assert.ok(!tables.includes(form.toLowerCase()), name)
  }
  // the look finds what is there
  assert.ok(tables.includes(his.authenticator.credentials[0]?.id.toString('hex') as string))
})

test('the first operator with a passkey alone is the owner; the claim may be repeated, and every other such code is dead', async () => {
  const fresh = await startServer()
  const url = await fresh.bootstrapUrl()
  const browser = fresh.browser()
  const parts = partsOf(url)
  const looked = await browser.call(contract.inspectCode, parts)
  assert.deepEqual(looked.needs, ['username', 'factor', 'password'])
  const claim = { ...parts, username: 'first', factor: 'device' as const }
  assert.equal(said(await browser.try(contract.claimCode, { ...parts, factor: 'device' })), 'invalid-request')
  const claimed = await browser.call(contract.claimCode, claim)
  assert.equal(claimed.kind, 'enrol-device')
  if (claimed.kind !== 'enrol-device') return
  // a lost answer burns nothing: the same options, to the same key alone, for two minutes
  assert.deepEqual(await browser.call(contract.claimCode, claim), claimed)
  assert.equal(said(await fresh.browser().try(contract.claimCode, claim)), 'code-used')
  assert.equal(await operatorExists(fresh.core.db), false)
  const authenticator = new Authenticator()
  const confirmed = await browser.call(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    registration: authenticator.create(claimed.options, { origin: fresh.origin }),
    password: goodPassword,
    signIn: true,
  })
  assert.deepEqual(confirmed.user.roles, ['owner'])
  assert.equal(confirmed.recoveryCodes?.length, 10)
  assert.equal(await operatorExists(fresh.core.db), true)
  assert.equal((await browser.call(contract.currentSession, {})).user.roles[0], 'owner')
  assert.equal(said(await browser.try(contract.claimCode, claim)), 'code-used')
  const [me] = (await browser.call(contract.listUsers, {})).items
  assert.deepEqual([me?.factors.devices, me?.factors.totp, me?.enrolmentDue], [1, false, false])
  // the only owner keeps the only factor
  const [device] = (await browser.call(contract.myDevices, {})).items
  assert.equal(said(await browser.try(contract.removeDevice, { id: device?.id as string })), 'conflict')
  // and a further link is for an operator
  const next = fresh.browser()
  const later = partsOf(await fresh.bootstrapUrl('second'))
  assert.match((await next.call(contract.inspectCode, later)).asks, /an operator/)
  // after two minutes the answer is gone
  const slow = fresh.browser()
  const second = { ...later, username: 'second', factor: 'device' as const }
  await slow.call(contract.claimCode, second)
  await fresh.sql(`update code set claimed_at = claimed_at - interval '121 s' where claimed_at is not null`)
  assert.equal(said(await slow.try(contract.claimCode, second)), 'code-used')
})
