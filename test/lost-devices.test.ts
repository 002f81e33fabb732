import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword, said } from './support/attack.ts'
import { Authenticator } from './support/authenticator.ts'
import type { Browser } from './support/browser.ts'
import { eventually } from './support/deployment.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { claimKey, firstOperator, forgetStep, newPerson, type Person, partsOf, passcode, signIn } from './support/people.ts'
import { approve, askPhone, authenticatorOf, claimDevice, enrolPhone, hear, type Phone, scan, uuidOf } from './support/phones.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const { origin } = server
await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
const olga = await firstOperator(server)

const status = async (browser: Browser): Promise<string> => said(await browser.try(contract.currentSession, {}))
const stateOf = async (id: string) => (await olga.browser.call(contract.getCode, { id })).state
/** A screen that waits, and a phone that has claimed its request and not decided it. */
const asked = async (phone: Phone) => {
  const desk = server.browser()
  const screen = await askPhone(desk)
  return { desk, screen, claimed: await scan(server, phone, screen) }
}
let hired = 0
withEitherKind('who has lost their only factor is said to need a recovery code, or without one an operator', async (synced) => {
  const before = await olga.browser.call(contract.getAuthenticationSettings, {})
  await server.sql(`update authentication_settings set second_factor_roles = '{user}', second_factor_from = null`)
  const ida = await newPerson(server, olga, ofKind('ida', synced))
  const phone = await enrolPhone(server, olga, ida, { synced })
  await server.sql(`delete from totp where user_id = $1`, [uuidOf(ida.id)])
  const told = async () => {
    const { wayBack, factors } = await olga.browser.call(contract.getUser, { id: ida.id })
    const desk = server.browser()
    await desk.call(contract.openSignIn, {})
    const { signIn: asked } = await desk.call(contract.provePassword, { username: ida.username, password: ida.password })
    return [wayBack, factors.recoveryCodesLeft > 0, asked.next.includes('recovery-code'), asked.next.length > 0]
  }
  const counted = async () => (await olga.browser.call(contract.getAuthenticationSettings, {})).withoutSecondFactor
  const wizards = await counted()
  assert.equal((await told())[0], undefined)
  await olga.browser.call(contract.reportDeviceLost, { id: phone.deviceId, reason: 'a drill' })
  assert.deepEqual(await told(), ['recovery-code', true, true, true])
  await server.sql(`delete from recovery_code where user_id = $1`, [uuidOf(ida.id)])
  assert.deepEqual(await told(), ['operator', false, false, false])
  assert.equal(await counted(), wizards, 'no wizard waits for them')
  await server.sql(`update authentication_settings set second_factor_roles = $1::text[]`, [before.secondFactor.roles])
})
withEitherKind('when a person last signed in stays true after the device that they did it with is lost', async (synced) => {
  const kim = await newPerson(server, olga, ofKind('kim', synced))
  const phone = await enrolPhone(server, olga, kim, { synced })
  await signIn(server, kim, phone.browser)
  const last = async () => (await olga.browser.call(contract.getUser, { id: kim.id })).lastSignInAt
  const before = await last()
  assert.ok(before)
  await olga.browser.call(contract.reportDeviceLost, { id: phone.deviceId, reason: 'a drill' })
  assert.equal(await last(), before)
})
const reportedBy = {
  'its owner': async (person: Person, id: string) => {
    const desk = await signIn(server, person)
    await desk.call(contract.reportMyDeviceLost, { id })
    assert.equal(await status(desk), '200', 'who reports it stays')
  },
  'an operator': (_: Person, id: string) => olga.browser.call(contract.reportDeviceLost, { id }),
  'an operator who revokes it': (_: Person, id: string) => olga.browser.call(contract.revokeDevice, { id }),
  'its owner, who removes it': async (person: Person, id: string) => {
    const desk = await signIn(server, person)
    await desk.call(contract.removeDevice, { id })
    assert.equal(await status(desk), '200', 'who removes it stays')
  },
}
for (const [by, report] of Object.entries(reportedBy))
  withEitherKind(
    `all that a phone holds open is dead with the answer, reported by ${by}: sessions of its browser, codes, claims, sign-ins, requests`,
    async (synced) => {
      const ana = await newPerson(server, olga, ofKind(`ana${Object.keys(reportedBy).indexOf(by)}`, synced))
      const phone = await enrolPhone(server, olga, ana, { synced })
      // a code for her that the phone has claimed
      const letter = (await olga.browser.call(contract.enrolUser, { id: ana.id, factor: 'device' })).code
      const waits = await claimDevice(phone.browser, letter.url as string)
      // in the phone’s own browser by password and passcode: nothing names the device but the browser’s key
      const inside = await signIn(server, ana, phone.browser)
      assert.equal((await inside.call(contract.currentSession, {})).device, undefined)
      const shown = (await inside.call(contract.enrolAnotherPhone, { factor: 'device' })).code
      const shownApp = (await inside.call(contract.enrolAnotherPhone, { factor: 'totp' })).code
      const thief = server.browser()
      const thiefs = await claimKey(thief, partsOf(shownApp.url as string))
      // half a sign-in of that browser
      const half = await afterPassword(phone.browser, ana)
      // a request that it has claimed, and one that it approved
      const undecided = await asked(phone)
      const { told, ended } = await hear(undecided.desk)
      const decided = await asked(phone)
      assert.equal(said(await approve(phone, origin, decided.claimed, decided.screen.match)), '200')
      // another person at the same browser, and hers at another one
      const bob = await newPerson(server, olga, `bob-${ana.username}`)
      const shared = phone.browser.at(origin)
      shared.cookies = new Map()
      await signIn(server, bob, shared)
      const elsewhere = (await (await signIn(server, ana)).call(contract.enrolAnotherPhone, { factor: 'device' })).code

      await report(ana, phone.deviceId)
      assert.equal(await status(inside), 'no-session')
      assert.deepEqual(
        [await stateOf(shown.id), await stateOf(shownApp.id), await stateOf(letter.id)],
        ['revoked', 'revoked', 'revoked'],
      )
      assert.equal(said(await server.browser().try(contract.claimCode, partsOf(shown.url as string))), 'code-revoked')
      const confirmed = await thief.try(contract.confirmEnrolment, {
        confirm: thiefs.confirm,
        code: passcode(thiefs.secret),
        currentPassword: ana.password,
      })
      assert.equal(said(confirmed), 'code-revoked')
      const registered = await phone.browser.try(contract.confirmEnrolment, {
        confirm: waits.confirm,
        registration: new Authenticator().create(waits.options, { origin }),
        currentPassword: ana.password,
      })
      assert.equal(said(registered), 'code-revoked')
      assert.equal(said(await half.try(contract.proveTotp, { code: passcode(ana.secret) })), 'conflict')
      assert.equal(said(await undecided.desk.try(contract.collectSignIn, {})), 'conflict')
      await ended
      assert.deepEqual(told.at(-1), { event: 'denied', data: { type: 'denied', reason: 'device' } })
      assert.equal(said(await approve(phone, origin, undecided.claimed, undecided.screen.match)), 'code-used')
      // what it approved and nobody had collected says why, to its screen and on record
      const late = await decided.desk.try(contract.collectSignIn, {})
      assert.deepEqual([late.problem.code, late.problem.reason], ['conflict', 'device'])
      const [refused] = (await olga.browser.call(contract.listEvents, { codeId: decided.screen.code.id, type: 'sign-in.phone' }))
        .items
      assert.deepEqual(
        [refused?.outcome, refused?.detail.why, refused?.device.id, refused?.subject?.name],
        ['denied', 'what approved it was ended meanwhile', phone.deviceId, ana.username],
      )
      const known = await server.sql(
        `select u.username from known_browser k join device d on d.key_thumbprint = k.thumbprint join users u on u.id = k.user_id where d.id = $1`,
        [uuidOf(phone.deviceId)],
      )
      assert.deepEqual(known, [{ username: bob.username }], 'her browser is known no more')
      assert.deepEqual(
        [await status(shared), await stateOf(elsewhere.id)],
        ['200', 'live'],
        'what is another’s, or elsewhere, stays',
      )
      const { items } = await olga.browser.call(contract.listEvents, { deviceId: phone.deviceId, limit: 10 })
      const event = items.find(({ type }) => type.startsWith('device.'))
      const { sessions, requests, signIns, codes } = event?.detail ?? {}
      assert.deepEqual({ sessions, requests, signIns, codes }, { sessions: 1, requests: 2, signIns: 1, codes: 3 })
    },
  )

test('codes that a lost device’s sessions issued to others die with it while nobody has claimed them; what a job made stays', async () => {
  const otto = await newPerson(server, olga, 'otto', ['operator'])
  await server.sql(`update device_settings set computer_first = '{}'`)
  const phone = await enrolPhone(server, olga, otto)
  const one = await asked(phone)
  await approve(phone, origin, one.claimed, one.screen.match)
  await one.desk.call(contract.collectSignIn, {})
  const inside = await signIn(server, otto, phone.browser)
  const elsewhere = await signIn(server, otto)
  const issuedBy = async (browser: Browser, more: object = {}) => {
    const { id } = await olga.browser.call(contract.createUser, { username: `hired${++hired}` })
    return { userId: id, ...(await browser.call(contract.enrolUser, { id, factor: 'device', ...more })).code }
  }
  const shown = await issuedBy(one.desk)
  const letter = await issuedBy(inside, { deliver: 'letter' })
  const before = await issuedBy(elsewhere)
  const { code: again } = await one.desk.call(contract.reissueCode, { id: before.id })
  const claimed = await issuedBy(one.desk)
  await claimDevice(server.browser(), claimed.url as string)
  const handedOn = await issuedBy(one.desk)
  await server.sql(`update code set owner_id = $2 where id = $1`, [uuidOf(handedOn.id), uuidOf(olga.id)])
  const others = [await issuedBy(elsewhere), await issuedBy(olga.browser)]
  const { id: printed } = await olga.browser.call(contract.createUser, { username: 'printed' })
  await inside.call(contract.bulkCodes, { action: 'issue', userIds: [printed] })
  const fromJob = await eventually(
    async () => (await olga.browser.call(contract.listCodes, { userId: printed })).items[0]?.id,
    (id) => id !== undefined,
  )

  await (await signIn(server, otto)).call(contract.reportMyDeviceLost, { id: phone.deviceId })
  assert.deepEqual(await Promise.all([shown, letter, again, handedOn].map(({ id }) => stateOf(id))), [
    'revoked',
    'revoked',
    'revoked',
    'revoked',
  ])
  assert.equal(said(await server.browser().try(contract.claimCode, partsOf(shown.url as string))), 'code-revoked')
  assert.deepEqual(await Promise.all([claimed.id, ...others.map(({ id }) => id), fromJob as string].map(stateOf)), [
    'used',
    'live',
    'live',
    'live',
  ])
  const [event] = (await olga.browser.call(contract.listEvents, { deviceId: phone.deviceId, type: 'device.lost' })).items
  assert.equal(event?.detail.codesForOthers, 4)
})

withEitherKind(
  'in the very browser that registered it a device goes alone: session, codes and sign-ins there stay; what it opened does not',
  async (synced) => {
    for (const act of [contract.reportMyDeviceLost, contract.removeDevice]) {
      const eve = await newPerson(server, olga, ofKind(act === contract.removeDevice ? 'eve-removes' : 'eve-reports', synced))
      const desk = await signIn(server, eve)
      const key = authenticatorOf(synced)
      const { device } = await desk.call(contract.addPasskey, {
        registration: key.create(await desk.call(contract.passkeyOptions, {}), { origin }),
      })
      const { code } = await desk.call(contract.enrolAnotherPhone, { factor: 'device' })
      const before = await signIn(server, eve, desk.at(origin))
      const byKey = server.browser()
      await byKey.call(contract.openSignIn, {})
      await byKey.call(contract.provePasskey, {
        assertion: key.get(await byKey.call(contract.signInPasskeyOptions, {}), { origin }),
      })
      const { code: itsOwn } = await byKey.call(contract.enrolAnotherPhone, { factor: 'device' })
      await before.call(act, { id: device.id })
      assert.deepEqual([await status(before), await status(byKey)], ['200', 'no-session'])
      assert.deepEqual([await stateOf(code.id), await stateOf(itsOwn.id)], ['live', 'revoked'])
      const known = await server.sql(`select 1 as is from known_browser where user_id = $1 and thumbprint = $2`, [
        uuidOf(eve.id),
        desk.thumbprint(),
      ])
      assert.equal(known.length, 1)
    }
  },
)

withEitherKind('with the results of its code a device goes with what its browser holds', async (synced) => {
  const fay = await newPerson(server, olga, ofKind('fay', synced))
  const phone = await enrolPhone(server, olga, fay, { synced })
  const inside = await signIn(server, fay, phone.browser)
  const { code } = await inside.call(contract.enrolAnotherPhone, { factor: 'totp' })
  const [device] = (await olga.browser.call(contract.listDevices, { userId: fay.id })).items
  await olga.browser.call(contract.revokeCode, { id: device?.codeId as string, reason: 'photographed', also: ['results'] })
  assert.deepEqual([await status(inside), await stateOf(code.id)], ['no-session', 'revoked'])
})

test('a device is a filter of codes: the one that enrolled it, those that it approved, those that it showed; and all are revoked at once', async () => {
  const gil = await newPerson(server, olga, 'gil')
  const phone = await enrolPhone(server, olga, gil)
  const other = await enrolPhone(server, olga, gil)
  const byPhone = async (which: Phone) => {
    const one = await asked(which)
    await approve(which, origin, one.claimed, one.screen.match)
    await one.desk.call(contract.collectSignIn, {})
    return { desk: one.desk, id: one.screen.code.id }
  }
  const [approved] = [await byPhone(phone), await byPhone(other)]
  const shown = (await approved.desk.call(contract.enrolAnotherPhone, { factor: 'totp' })).code
  const enrolled = (await olga.browser.call(contract.listDevices, { userId: gil.id })).items.find(
    ({ id }) => id === phone.deviceId,
  )
  const mine = [enrolled?.codeId, approved.id, shown.id].sort()
  const listed = async (more: object = {}) =>
    (await olga.browser.call(contract.listCodes, { device: phone.deviceId, ...more })).items.map(({ id }) => id).sort()
  assert.deepEqual(await listed(), mine)
  assert.deepEqual(await listed({ state: 'live' }), [shown.id])
  assert.deepEqual(await listed({ kind: 'sign-in' }), [approved.id])
  assert.deepEqual(await listed({ q: 'gil' }), [enrolled?.codeId, shown.id].sort())
  const counts = await olga.browser.call(contract.countCodes, { device: phone.deviceId })
  assert.deepEqual([counts.all, counts.states.live, counts.states.used], [3, 1, 2])
  assert.deepEqual((await olga.browser.call(contract.listCodes, { device: `dev_${'0'.repeat(26)}` })).items, [])

  // it asks for somebody who has just authenticated, however few they are
  const revoke = {
    action: 'revoke' as const,
    filter: { device: phone.deviceId },
    reason: 'left on a train',
    also: ['results' as const],
  }
  await server.sql(`update session set proved_at = now() - interval '6 min' where user_id = $1`, [uuidOf(olga.id)])
  assert.equal(said(await olga.browser.try(contract.bulkCodes, revoke)), 'step-up-required')
  await signIn(server, olga, olga.browser)
  const tried = await olga.browser.call(contract.bulkCodes, { ...revoke, dryRun: true })
  assert.equal(tried.total, 3)
  const job = await olga.browser.call(contract.bulkCodes, revoke)
  assert.equal(job.state, 'done')
  assert.deepEqual(await listed({ state: 'revoked' }), mine)
  const states = (await olga.browser.call(contract.listDevices, { userId: gil.id })).items.map(({ id, state }) => [id, state])
  assert.deepEqual(Object.fromEntries(states), { [phone.deviceId]: 'revoked', [other.deviceId]: 'active' })
  assert.equal(await status(approved.desk), 'no-session')
})

/** A session of a recovery code, in a browser of its own. */
const recovering = async (person: Person): Promise<Browser> => {
  const browser = await afterPassword(server.browser(), person)
  await browser.call(contract.proveRecoveryCode, { code: person.recoveryCodes[0] as string })
  return browser
}
/** How a factor takes the place of what was lost: in the session itself, or on a phone by a code that the session shows, which ends it. */
const confirmers = {
  passkey: async (browser: Browser, _: Person, synced: boolean) => {
    const options = await browser.call(contract.passkeyOptions, {})
    await browser.call(contract.addPasskey, { registration: authenticatorOf(synced).create(options, { origin }) })
  },
  'passcode key': async (browser: Browser, person: Person) => {
    const made = await browser.call(contract.startTotp, {})
    await forgetStep(server, person)
    await browser.call(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })
  },
  'passkey on another phone': async (browser: Browser, person: Person, synced: boolean) => {
    const { code } = await browser.call(contract.enrolAnotherPhone, { factor: 'device' })
    const phone = server.browser()
    const { confirm, options } = await claimDevice(phone, code.url as string)
    const registration = authenticatorOf(synced).create(options, { origin })
    await phone.call(contract.confirmEnrolment, { confirm, registration, currentPassword: person.password })
  },
  'passcode key on another phone': async (browser: Browser, person: Person) => {
    const { code } = await browser.call(contract.enrolAnotherPhone, { factor: 'totp' })
    const phone = server.browser()
    const { confirm, secret } = await claimKey(phone, partsOf(code.url as string))
    await forgetStep(server, person)
    await phone.call(contract.confirmEnrolment, { confirm, code: passcode(secret), currentPassword: person.password })
  },
}
const statesOf = async (person: Person, ids: readonly string[]) => {
  const { items } = await olga.browser.call(contract.listDevices, { userId: person.id })
  return ids.map((id) => items.find((device) => device.id === id)?.state)
}
for (const [factor, confirm] of Object.entries(confirmers)) {
  withEitherKind(
    `a ${factor} confirmed after a recovery code replaces the only device: lost, on record and told, with what it holds open`,
    async (synced) => {
      const hal = await newPerson(server, olga, ofKind(`hal-${factor.length}`, synced))
      const phone = await enrolPhone(server, olga, hal, { synced })
      const inside = await signIn(server, hal, phone.browser)
      const browser = await recovering(hal)
      assert.deepEqual(await statesOf(hal, [phone.deviceId]), ['active'], 'nothing ends before something takes its place')
      await confirm(browser, hal, synced)
      assert.deepEqual(await statesOf(hal, [phone.deviceId]), ['lost'])
      const over = factor.endsWith('another phone')
      assert.deepEqual([await status(inside), await status(browser)], ['no-session', over ? 'no-session' : '200'])
      const old = await afterPassword(server.browser(), hal)
      await forgetStep(server, hal)
      const withOldKey = await old.try(contract.proveTotp, { code: passcode(hal.secret) })
      assert.equal(said(withOldKey), factor.startsWith('passkey') ? 'conflict' : 'factor-wrong', 'the old key is given up')
      const [event] = (await olga.browser.call(contract.listEvents, { type: 'device.lost', userId: hal.id })).items
      assert.deepEqual([event?.outcome, event?.device.id, event?.detail.by], ['success', phone.deviceId, 'recovery'])
      const notices = (await olga.browser.call(contract.myNotices, {})).items
      assert.ok(notices.some(({ kind, event: about }) => kind === 'device-lost' && about.id === event?.id))
    },
  )

  withEitherKind(
    `of more devices than one a ${factor} after a recovery code ends none unasked; what was not named stays`,
    async (synced) => {
      const ivy = await newPerson(server, olga, ofKind(`ivy-${factor.length}`, synced))
      const ids = [
        (await enrolPhone(server, olga, ivy, { synced })).deviceId,
        (await enrolPhone(server, olga, ivy, { synced })).deviceId,
      ]
      await confirm(await recovering(ivy), ivy, synced)
      assert.deepEqual(await statesOf(ivy, ids), ['active', 'active'])
      const jo = await newPerson(server, olga, ofKind(`jo-${factor.length}`, synced))
      const hers = [
        (await enrolPhone(server, olga, jo, { synced })).deviceId,
        (await enrolPhone(server, olga, jo, { synced })).deviceId,
      ]
      const browser = await recovering(jo)
      await browser.call(contract.reportMyDeviceLost, { id: hers[0] as string })
      await confirm(browser, jo, synced)
      assert.deepEqual(await statesOf(jo, hers), ['lost', 'active'])
    },
  )
}

withEitherKind('a phone that confirms after the recovery was completed another way takes nothing of it away', async (synced) => {
  const kim = await newPerson(server, olga, ofKind('overtaken', synced))
  const browser = await recovering(kim)
  const { code } = await browser.call(contract.enrolAnotherPhone, { factor: 'device' })
  const phone = server.browser()
  const { confirm, options } = await claimDevice(phone, code.url as string)
  const made = await browser.call(contract.startTotp, {})
  await forgetStep(server, kim)
  await browser.call(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })
  const registration = authenticatorOf(synced).create(options, { origin })
  const late = await phone.try(contract.confirmEnrolment, { confirm, registration, currentPassword: kim.password })
  assert.equal(late.status, 200, said(late))
  await forgetStep(server, kim)
  await signIn(server, { ...kim, secret: made.secret })
})
