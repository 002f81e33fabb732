import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword, atOnce, said, settle, tallied } from './support/attack.ts'
import type { Authenticator } from './support/authenticator.ts'
import { Browser } from './support/browser.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { firstOperator, forgetStep, newPerson, passcode } from './support/people.ts'
import { age, approve, askPhone, type Claimed, enrolPhone, type Phone, type Screen, scan, uuidOf } from './support/phones.ts'
import { startServer } from './support/server.ts'

/** What is tried and comes to nothing: it is on record, it fills neither log nor table, and it shuts nobody out. */
const server = await startServer()
const limits = async (failures: number): Promise<unknown> =>
  server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = $1`, [failures])
await limits(100_000)
const olga = await firstOperator(server)
const ada = await newPerson(server, olga, 'ada')
const phone = await enrolPhone(server, olga, ada)

let addresses = 0
const newDesk = (): Browser => {
  const desk = server.browser()
  desk.headers['x-forwarded-for'] = `198.51.100.${++addresses}`
  return desk
}
const addressOf = (browser: Browser): string => browser.headers['x-forwarded-for'] as string
const eventsOf = async (query: Record<string, unknown>) =>
  (await olga.browser.call(contract.listEvents, { limit: 200, ...query } as never)).items
const brief = ({ type, outcome, detail, subject }: contract.Event) => [type, outcome, detail.code, subject?.name]
const claimedBy = async (which: Phone): Promise<{ screen: Screen; claimed: Claimed }> => {
  const screen = await askPhone(newDesk())
  return { screen, claimed: await scan(server, which, screen) }
}
const withOptions = (claimed: Claimed, options: unknown): Claimed => ({ ...claimed, options: options as never })

test('a decision that comes too late, twice or for a revoked code is on record, whose it is and why', async () => {
  const late: [string, contract.RefusalCode, (screen: Screen, claimed: Claimed) => Promise<unknown>][] = [
    ['over', 'code-expired', (screen) => age(server, screen, 121)],
    [
      'declined before',
      'code-used',
      (_, { confirm }) => phone.browser.call(contract.declineRequest, { confirm, reason: 'declined' }),
    ],
    ['revoked', 'code-revoked', ({ code }) => olga.browser.call(contract.revokeCode, { id: code.id, reason: 'a drill' })],
  ]
  for (const [what, code, happens] of late) {
    const { screen, claimed } = await claimedBy(phone)
    await happens(screen, claimed)
    assert.equal(said(await approve(phone, server.origin, claimed, screen.match)), code, what)
    const declined = await phone.browser.try(contract.declineRequest, { confirm: claimed.confirm, reason: 'declined' })
    assert.equal(said(declined), code, what)
    // the sign-in that was declined before is denied too, by an event of its own
    const denied = (await eventsOf({ codeId: screen.code.id, outcome: 'denied' })).filter(({ type }) => type !== 'sign-in.phone')
    assert.deepEqual(
      denied.map(brief).reverse(),
      [
        ['approval.approved', 'denied', code, 'ada'],
        ['approval.declined', 'denied', code, 'ada'],
      ],
      what,
    )
  }
})

test('a copied cookie of a sign-in is on record with each call that its thief makes', async () => {
  const desk = await afterPassword(newDesk(), ada)
  const thief = Browser.withCookiesOf(desk)
  thief.headers['x-forwarded-for'] = `203.0.113.${++addresses}`
  await forgetStep(server, ada)
  const options = await desk.call(contract.signInPasskeyOptions, {})
  for (const tried of [
    await thief.try(contract.collectSignIn, {}),
    await thief.try(contract.provePassword, { username: 'ada', password: ada.password }),
    await thief.try(contract.proveTotp, { code: passcode(ada.secret) }),
    await thief.try(contract.proveRecoveryCode, { code: ada.recoveryCodes[0] as string }),
    await thief.try(contract.provePasskey, { assertion: phone.authenticator.get(options, { origin: server.origin }) }),
  ])
    assert.equal(said(tried), 'session-binding')
  const events = await eventsOf({ address: addressOf(thief) })
  assert.deepEqual(
    events.map(brief),
    Array.from({ length: 5 }, () => ['session.binding', 'denied', 'session-binding', 'ada']),
  )
  // and the sign-in is its browser’s still
  assert.equal(said(await desk.try(contract.proveTotp, { code: passcode(ada.secret) })), '200')
})

test('a proof that comes where none is asked for is on record: too early, after the end, in a sign-in that is over', async () => {
  const proofs = async (desk: Browser): Promise<string[]> => [
    said(await desk.try(contract.provePassword, { username: 'ada', password: ada.password })),
    said(await desk.try(contract.proveTotp, { code: passcode(ada.secret) })),
    said(await desk.try(contract.proveRecoveryCode, { code: ada.recoveryCodes[0] as string })),
    said(await desk.try(contract.provePasskey, { assertion })),
  ]
  const asked = await afterPassword(newDesk(), ada)
  const assertion = phone.authenticator.get(await asked.call(contract.signInPasskeyOptions, {}), { origin: server.origin })
  const types = ['sign-in.password', 'sign-in.totp', 'sign-in.recovery-code', 'sign-in.passkey']
  const over = async (how: string): Promise<Browser> => {
    const desk = await afterPassword(newDesk(), ada)
    const { signIn } = await desk.call(contract.currentSignIn, {})
    await server.sql(`update sign_in set ${how} where id = $1`, [uuidOf(signIn.id)])
    return desk
  }
  for (const desk of [
    await over(`expires_at = now()`),
    await over(`state = 'failed'`),
    await over(`state = 'collected', session_id = id`),
  ]) {
    assert.deepEqual(await proofs(desk), ['conflict', 'conflict', 'conflict', 'conflict'])
    const events = await eventsOf({ address: addressOf(desk), outcome: 'denied' })
    assert.deepEqual(
      events.reverse().map(brief),
      types.map((type) => [type, 'denied', 'conflict', 'ada']),
    )
  }
  // a passcode before the password
  const early = newDesk()
  await early.call(contract.openSignIn, {})
  assert.equal(said(await early.try(contract.proveTotp, { code: '123456' })), 'conflict')
  assert.deepEqual((await eventsOf({ address: addressOf(early) })).map(brief), [
    ['sign-in.totp', 'denied', 'conflict', undefined],
  ])
})

test('a passkey that does not hold is on record with its device and its person', async () => {
  const desk = newDesk()
  await desk.call(contract.openSignIn, {})
  const options = await desk.call(contract.signInPasskeyOptions, {})
  const good = phone.authenticator.get(options, { origin: server.origin })
  const bytes = Buffer.from(good.response.signature, 'base64url')
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
  const bad = { ...good, response: { ...good.response, signature: bytes.toString('base64url') } }
  assert.equal(said(await desk.try(contract.provePasskey, { assertion: bad })), 'factor-wrong')
  // its challenge is spent: the right one is judged no more, and is on record as well
  assert.equal(said(await desk.try(contract.provePasskey, { assertion: good })), 'factor-wrong')
  for (const event of await eventsOf({ address: addressOf(desk) }))
    assert.deepEqual([...brief(event), event.device.id], ['sign-in.passkey', 'failure', 'factor-wrong', 'ada', phone.deviceId])
  assert.equal((await eventsOf({ address: addressOf(desk) })).length, 2)
  // of an approval likewise
  const { screen, claimed } = await claimedBy(phone)
  const signed = phone.authenticator.get(
    claimed.options,
    { origin: server.origin },
    { tamper: { clientData: { origin: 'https://elsewhere.example' } } },
  )
  const tried = { confirm: claimed.confirm, assertion: signed, match: screen.match }
  assert.equal(said(await phone.browser.try(contract.approveRequest, tried)), 'factor-wrong')
  const [event] = await eventsOf({ codeId: screen.code.id, type: 'approval.approved' })
  assert.deepEqual([event?.outcome, event?.subject?.name, event?.device.id], ['failure', 'ada', phone.deviceId])
})

test('a sign-in that its phone stops is found among what was denied, and says whether it was “not me”', async () => {
  for (const reason of ['not-me', 'declined'] as const) {
    const { screen, claimed } = await claimedBy(phone)
    await phone.browser.call(contract.declineRequest, { confirm: claimed.confirm, reason })
    const [denied, ...more] = await eventsOf({ codeId: screen.code.id, outcome: 'denied' })
    assert.deepEqual([denied?.type, denied?.detail.cause, denied?.subject?.name, more], ['sign-in.phone', reason, 'ada', []])
    // saying no is a deed that succeeded
    const [said] = await eventsOf({ codeId: screen.code.id, type: 'approval.declined' })
    assert.deepEqual([said?.outcome, said?.detail.cause], ['success', reason])
  }
})

test('of a request that its phone stops the record tells where it was asked for, and by which policy', async () => {
  phone.browser.headers['x-forwarded-for'] = '203.0.113.200'
  try {
    for (const reason of ['not-me', 'declined'] as const) {
      const desk = newDesk()
      const screen = await askPhone(desk)
      const { confirm } = await scan(server, phone, screen)
      await phone.browser.call(contract.declineRequest, { confirm, reason })
      const asked = `asked from ${addressOf(desk)}, AU`
      const { version } = await olga.browser.call(contract.getDeviceSettings, {})
      const told = (await eventsOf({ codeId: screen.code.id })).reverse().map(({ type, address, policy, detail }) => {
        return [type, address, policy, detail.askedFrom, type === 'approval.declined' ? undefined : detail.reason]
      })
      assert.deepEqual(told, [
        ['code.claimed', '203.0.113.200', `devices/${version}`, 'AU', asked],
        ['approval.declined', '203.0.113.200', `devices/${version}`, 'AU', undefined],
        ['sign-in.phone', '203.0.113.200', `devices/${version}`, 'AU', asked],
      ])
    }
  } finally {
    delete phone.browser.headers['x-forwarded-for']
  }
})

const endings: [string, (desk: Browser, screen: Screen) => Promise<unknown>][] = [
  ['a newer code', (desk) => desk.call(contract.openQr, {})],
  ['its time', (_, screen) => age(server, screen, 121)],
  ['another way in', async (desk) => afterPasscode(await enterPassword(desk))],
  ['a revocation', (_, { code }) => olga.browser.call(contract.revokeCode, { id: code.id, reason: 'a drill' })],
]
const enterPassword = async (desk: Browser): Promise<Browser> => {
  await desk.call(contract.provePassword, { username: ada.username, password: ada.password })
  return desk
}
const afterPasscode = async (desk: Browser): Promise<unknown> => {
  await forgetStep(server, ada)
  return desk.call(contract.proveTotp, { code: passcode(ada.secret) })
}
test('"this was not me" is told also where who asked took the request back before it was said, once', async () => {
  for (const [by, ends] of endings) {
    const desk = newDesk()
    const screen = await askPhone(desk)
    const { confirm } = await scan(server, phone, screen)
    await ends(desk, screen)
    // a plain no comes too late: there is nothing left to say no to
    const declined = await phone.browser.try(contract.declineRequest, { confirm, reason: 'declined' })
    assert.equal(declined.status, 410, by)
    const { options } = await phone.browser.call(contract.declineRequest, { confirm, reason: 'not-me' })
    assert.ok(options, by)
    const [denied] = await eventsOf({ codeId: screen.code.id, type: 'sign-in.phone', outcome: 'denied' })
    assert.deepEqual([denied?.detail.cause, denied?.subject?.name], ['not-me', 'ada'], by)
    const told = await server.sql(
      `select count(*)::int as n from notice n join event e on e.id = n.event_id where n.kind = 'not-me' and e.code_id = $1`,
      [uuidOf(screen.code.id)],
    )
    assert.equal(told[0]?.n, 1, by)
    if (by !== 'another way in') {
      assert.equal(said(await desk.try(contract.openQr, {})), 'rate-limited', `${by}: who asked waits`)
    }
    // said twice it is told once; with the passkey it signs out everywhere, as ever
    assert.ok((await phone.browser.call(contract.declineRequest, { confirm, reason: 'not-me' })).options)
    assert.equal((await eventsOf({ codeId: screen.code.id, type: 'sign-in.phone', outcome: 'denied' })).length, 1, by)
    const assertion = phone.authenticator.get(options, { origin: server.origin })
    const all = await phone.browser.call(contract.declineRequest, { confirm, reason: 'not-me', assertion })
    assert.equal(typeof all.sessionsEnded, 'number', by)
  }
})

test('what its person decided is not said otherwise afterwards', async () => {
  const decided: ((screen: Screen, claimed: Claimed) => Promise<unknown>)[] = [
    (_, { confirm }) => phone.browser.call(contract.declineRequest, { confirm, reason: 'declined' }),
    (screen, claimed) => approve(phone, server.origin, claimed, screen.match),
    async (screen, claimed) => {
      assert.equal((await approve(phone, server.origin, claimed, screen.match)).status, 200)
      await age(server, screen, 121)
    },
  ]
  for (const decide of decided) {
    const { screen, claimed } = await claimedBy(phone)
    await decide(screen, claimed)
    const late = await phone.browser.try(contract.declineRequest, { confirm: claimed.confirm, reason: 'not-me' })
    assert.equal(said(late), 'code-used')
  }
})

test('a passkey whose counter ran backwards is locked, and not the request: another one of its person approves', async () => {
  const cora = await newPerson(server, olga, 'cora')
  const hers = await enrolPhone(server, olga, cora)
  const key = await enrolPhone(server, olga, cora)
  const desk = newDesk()
  const screen = await askPhone(desk)
  const claimed = await scan(server, hers, screen)
  hers.authenticator.counter = 5
  const used = newDesk()
  await used.call(contract.openSignIn, {})
  const options = await used.call(contract.signInPasskeyOptions, {})
  await used.call(contract.provePasskey, { assertion: hers.authenticator.get(options, { origin: server.origin }) })
  const copied = hers.authenticator.get(claimed.options, { origin: server.origin }, { tamper: { counter: 2 } })
  const tried = await hers.browser.try(contract.approveRequest, {
    confirm: claimed.confirm,
    assertion: copied,
    match: screen.match,
  })
  assert.deepEqual([tried.status, tried.problem.code, tried.problem.reason], [401, 'factor-wrong', undefined])
  const [locked] = (await olga.browser.call(contract.listDevices, { userId: cora.id, state: 'revoked' })).items
  assert.equal(locked?.id, hers.deviceId)
  const again = withOptions(claimed, tried.problem.options)
  assert.equal((await approve({ ...hers, authenticator: key.authenticator }, server.origin, again, screen.match)).status, 200)
  assert.equal((await desk.call(contract.collectSignIn, {})).signIn.state, 'complete')
})

test('whoever repeats such a call is bounded by their address: beyond its failures 429, and no event more', async () => {
  const { claimed, screen } = await claimedBy(phone)
  await phone.browser.call(contract.declineRequest, { confirm: claimed.confirm, reason: 'declined' })
  const desk = await afterPassword(newDesk(), ada)
  const { signIn } = await desk.call(contract.currentSignIn, {})
  const thief = Browser.withCookiesOf(desk)
  thief.headers['x-forwarded-for'] = `203.0.113.${++addresses}`
  phone.browser.headers['x-forwarded-for'] = `203.0.113.${++addresses}`
  await settle(15, 60)
  await limits(3)
  try {
    const stolen = await atOnce(9, async () => said(await thief.try(contract.currentSignIn, {})))
    assert.deepEqual(tallied(stolen), { 'session-binding': 3, 'rate-limited': 6 })
    assert.equal((await eventsOf({ address: addressOf(thief) })).length, 3)
    const late = await atOnce(9, async () => said(await approve(phone, server.origin, claimed, screen.match)))
    assert.deepEqual(tallied(late), { 'code-used': 3, 'rate-limited': 6 })
    assert.equal((await eventsOf({ address: addressOf(phone.browser) })).length, 3)
    await server.sql(`update sign_in set expires_at = now() where id = $1`, [uuidOf(signIn.id)])
    const proofs = await atOnce(9, async () => said(await desk.try(contract.proveTotp, { code: '123456' })))
    assert.deepEqual(tallied(proofs), { conflict: 3, 'rate-limited': 6 })
    assert.equal((await eventsOf({ address: addressOf(desk), outcome: 'denied' })).length, 3)
  } finally {
    await limits(100_000)
    delete phone.browser.headers['x-forwarded-for']
  }
})

test('from an address that is over its failures a good approval waits, too, and comes again with the same assertion', async () => {
  const { claimed, screen } = await claimedBy(phone)
  phone.browser.headers['x-forwarded-for'] = `203.0.113.${++addresses}`
  const assertion = phone.authenticator.get(claimed.options, { origin: server.origin })
  const send = (confirm: string) => phone.browser.try(contract.approveRequest, { confirm, assertion, match: screen.match })
  await settle(15, 60)
  await limits(3)
  try {
    for (let failure = 0; failure < 3; failure++) assert.equal(said(await send('nobody’s')), 'code-unknown')
    const limited = await send(claimed.confirm)
    assert.equal(said(limited), 'rate-limited')
    assert.ok((limited.problem.retryAfter as number) <= 60)
    assert.equal((await eventsOf({ codeId: screen.code.id, type: 'approval.approved' })).length, 0)
    await limits(100_000)
    assert.equal(said(await send(claimed.confirm)), '200')
  } finally {
    await limits(100_000)
    delete phone.browser.headers['x-forwarded-for']
  }
})

test('collecting what nobody approved, over and over, is one event a minute with its count', async () => {
  const desk = newDesk()
  await askPhone(desk)
  for (let n = 0; n < 7; n++) assert.equal(said(await desk.try(contract.collectSignIn, {})), 'conflict')
  assert.deepEqual(await eventsOf({ address: addressOf(desk) }), [])
  await server.core.tally.flush(true)
  const events = await eventsOf({ address: addressOf(desk) })
  assert.ok(events.length === 1 || events.length === 2, 'a minute, or two where one ended meanwhile')
  assert.equal(
    events.reduce((sum, { detail }) => sum + Number(detail.count), 0),
    7,
  )
  assert.deepEqual(
    [events[0]?.type, events[0]?.outcome, events[0]?.detail.why],
    ['sign-in.phone', 'denied', 'nothing is approved'],
  )
})

test('asking for challenges fills no table: the newest few of a request are good, and no more are kept', async () => {
  const kept = async (id: string): Promise<number> =>
    Number((await server.sql(`select count(*) as n from challenge where request_id = $1`, [uuidOf(id)]))[0]?.n)
  const desk = await afterPassword(newDesk(), ada)
  const { signIn } = await desk.call(contract.currentSignIn, {})
  const first = await desk.call(contract.signInPasskeyOptions, {})
  for (let n = 0; n < 12; n++) await desk.call(contract.signInPasskeyOptions, {})
  await atOnce(6, () => desk.call(contract.signInPasskeyOptions, {}))
  const last = await desk.call(contract.signInPasskeyOptions, {})
  assert.equal(await kept(signIn.id), 5)
  const prove = (options: contract.RequestOptions) =>
    desk.try(contract.provePasskey, { assertion: phone.authenticator.get(options, { origin: server.origin }) })
  assert.equal(said(await prove(first)), 'factor-wrong')
  assert.equal(said(await prove(last)), '200')
  // and of "this was not me", said again and again
  const { screen, claimed } = await claimedBy(phone)
  const decline = () => phone.browser.call(contract.declineRequest, { confirm: claimed.confirm, reason: 'not-me' })
  for (let n = 0; n < 12; n++) assert.ok((await decline()).options)
  // the one of the approval that was not to be, and five
  assert.equal(await kept(screen.code.id), 6)
})

withEitherKind('after a passkey that is not theirs a person goes on: another one approves, or they say no', async (synced) => {
  const bea = await newPerson(server, olga, ofKind('bea', synced))
  const hers = await enrolPhone(server, olga, bea, { synced })
  const lost = await enrolPhone(server, olga, bea, { synced })
  await olga.browser.call(contract.reportDeviceLost, { id: lost.deviceId, reason: 'a drill' })
  const wrong: [string, Phone['authenticator']][] = [
    ['another person’s', phone.authenticator],
    ['one that was lost', lost.authenticator],
  ]
  for (const [what, authenticator] of wrong) {
    const { screen, claimed } = await claimedBy(hers)
    const refused = await approve({ ...hers, authenticator }, server.origin, claimed, screen.match)
    assert.deepEqual([refused.status, refused.problem.code, refused.problem.reason], [401, 'factor-wrong', undefined], what)
    const next = withOptions(claimed, refused.problem.options)
    assert.notEqual(next.options.challenge, claimed.options.challenge)
    // over what is shown, as before; the one that was answered is judged no more
    assert.equal(next.options.challenge.slice(-42), claimed.options.challenge.slice(-42))
    const spent = await approve(hers, server.origin, claimed, screen.match)
    assert.equal(said(spent), 'factor-wrong', what)
    assert.equal(said(await approve(hers, server.origin, withOptions(claimed, spent.problem.options), screen.match)), '200', what)
  }
  // a "no" needs no passkey, and what it can do besides is not spoilt by the wrong one either
  const { claimed } = await claimedBy(hers)
  await approve({ ...hers, authenticator: phone.authenticator }, server.origin, claimed, '11')
  const not = { confirm: claimed.confirm, reason: 'not-me' as const }
  const { options } = await hers.browser.call(contract.declineRequest, not)
  const by = (authenticator: Authenticator, signs: unknown) =>
    hers.browser.try(contract.declineRequest, { ...not, assertion: authenticator.get(signs as never, { origin: server.origin }) })
  const foreign = await by(phone.authenticator, options)
  assert.equal(said(foreign), 'factor-wrong')
  const ended = await by(hers.authenticator, foreign.problem.options)
  assert.deepEqual([said(ended), ended.value], ['200', { sessionsEnded: 0 }])
})
