import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Assertion, RequestOptions } from '@postern/contract'
import * as contract from '@postern/contract'
import { afterPassword, atOnce, said, tallied } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { firstOperator, newPerson, type Person, signIn } from './support/people.ts'
import { enrolPhone, type Phone, uuidOf } from './support/phones.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const { origin } = server
await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
const olga = await firstOperator(server)
const ada = await newPerson(server, olga, 'ada')
const hers = await enrolPhone(server, olga, ada)
const alma = await newPerson(server, olga, 'alma')
const almas = await enrolPhone(server, olga, alma, { synced: true })
/** Somebody with a passkey of that kind. */
const own = (synced: boolean) => (synced ? { ada: alma, hers: almas } : { ada, hers })

const opened = async (desk: Browser = server.browser(), username?: string): Promise<Browser> => {
  await desk.call(contract.openSignIn, username === undefined ? {} : { username })
  return desk
}
const optionsOf = (desk: Browser): Promise<RequestOptions> => desk.call(contract.signInPasskeyOptions, {})
const send = (desk: Browser, assertion: Assertion) => desk.try(contract.provePasskey, { assertion })
/** What the page does: asks for options, has them answered by this phone's passkey, and sends the answer. */
const prove = async (desk: Browser, { authenticator }: Pick<Phone, 'authenticator'>) =>
  send(desk, authenticator.get(await optionsOf(desk), { origin }))
const stepUpBy = async (desk: Browser, phone: Phone, acr?: 'phr' | 'phrh') => {
  await desk.call(contract.stepUp, acr ? { acr } : {})
  return prove(desk, phone)
}
const cookie = (browser: Browser): string => browser.cookies.get('postern-session') as string
const eventsOf = async (person: Person, type: string) =>
  (await olga.browser.call(contract.listEvents, { userId: person.id, type })).items
const deviceRow = async ({ deviceId }: Phone) =>
  (
    await server.sql(`select sign_count::int as count, state, bs, last_used_at from device where id = $1`, [uuidOf(deviceId)])
  )[0] as {
    count: number
    state: string
    bs: boolean
    last_used_at: Date | null
  }
const named = (options: RequestOptions): string[] => ((options.allowCredentials ?? []) as { id: string }[]).map(({ id }) => id)

test('what is nested as no authenticator nests it is refused in words, and costs no challenge', async () => {
  const person = await newPerson(server, olga, 'nested')
  const phone = await enrolPhone(server, olga, person)
  const desk = await opened()
  const assertion = phone.authenticator.get(await optionsOf(desk), { origin })
  const nested = (levels: number) => {
    const body = JSON.stringify({ assertion: { ...assertion, clientExtensionResults: { x: 0 } } })
    return body.replace('"x":0', `"x":${'['.repeat(levels)}${']'.repeat(levels)}`)
  }
  for (const levels of [100, 60_000]) {
    const { status, body } = await desk.send('POST', '/api/sign-ins/current/passkey', nested(levels))
    const { code, errors } = body as contract.Problem
    assert.deepEqual([status, code], [422, 'invalid-request'], `${levels} levels`)
    assert.match(errors?.[0]?.message ?? '', /nested too deeply/)
  }
  // as deep as extensions go
  assert.equal((await desk.send('POST', '/api/sign-ins/current/passkey', nested(8))).status, 200)
})

for (const synced of [false, true])
  test(`a passkey that is ${synced ? 'synced' : 'held in its device'} signs in by itself, on record with its device`, async () => {
    const person = await newPerson(server, olga, synced ? 'sven' : 'hella')
    const phone = await enrolPhone(server, olga, person, { synced })
    const desk = await opened()
    const options = await optionsOf(desk)
    assert.equal(options.userVerification, 'required')
    assert.equal(options.rpId, 'localhost')
    assert.ok(Buffer.from(options.challenge, 'base64url').length >= 16)
    const proved = await send(desk, phone.authenticator.get(options, { origin }))
    assert.deepEqual([proved.status, proved.value.signIn?.state], [200, 'complete'])
    const session = await desk.call(contract.currentSession, {})
    assert.equal(session.user.username, person.username)
    assert.equal(session.scope, 'full')
    assert.equal(session.assurance.acr, synced ? 'phr' : 'phrh')
    // no password was typed, so none is told of
    assert.deepEqual(session.assurance.amr, [synced ? 'swk' : 'hwk', 'user', 'mfa'])
    assert.equal(session.device?.id, phone.deviceId)
    const [event] = await eventsOf(person, 'sign-in.passkey')
    assert.deepEqual(
      [event?.outcome, event?.biometric, event?.device.id, event?.factor, event?.actor.name, event?.sessionId],
      ['success', 'verified', phone.deviceId, 'passkey', person.username, session.id],
    )
    assert.match(String(event?.policy), /^authentication\/\d+$/)
    const [listed] = (await desk.call(contract.myDevices, {})).items
    assert.deepEqual([listed?.current, listed?.synced, listed?.backedUp], [true, synced, synced])
    assert.ok(listed?.lastUsedAt)
  })

test('before anybody is known no credential is named, whatever name was typed; after the password those of its person are', async () => {
  await newPerson(server, olga, 'nokey')
  const seen = async (username: string | undefined) => {
    const desk = await opened(server.browser(), username)
    const { signIn } = await desk.call(contract.currentSignIn, {})
    const tried = await desk.try(contract.signInPasskeyOptions, {})
    const { challenge, ...rest } = tried.value as RequestOptions
    const headers = [...tried.headers].map(([name]) => name).sort()
    return { status: tried.status, next: signIn.next, length: challenge.length, rest, headers }
  }
  const nobody = await seen(undefined)
  assert.deepEqual(nobody.rest.allowCredentials, [])
  for (const name of ['ada', 'ADA', 'nokey', 'nobody-has-this-name']) assert.deepEqual(await seen(name), nobody, name)

  const desk = await afterPassword(server.browser(), ada)
  const options = await optionsOf(desk)
  assert.deepEqual(named(options), [hers.authenticator.credentials[0]?.id.toString('base64url')])
  const proved = await send(desk, hers.authenticator.get(options, { origin }))
  assert.equal(proved.value.signIn.state, 'complete')
  assert.deepEqual(proved.value.signIn.assurance?.amr, ['pwd', 'hwk', 'user', 'mfa'])
  assert.equal(proved.value.signIn.assurance?.acr, 'phrh')
})

test('a challenge is good once: of ten answers at once, with the very same bytes, one signs in', async () => {
  const desk = await opened()
  const assertion = hers.authenticator.get(await optionsOf(desk), { origin })
  const outcomes = await atOnce(10, async () => said(await send(desk, assertion)))
  const counts = tallied(outcomes)
  assert.equal(counts['200'], 1, JSON.stringify(counts))
  for (const outcome of Object.keys(counts)) assert.ok(['200', 'factor-wrong', 'conflict'].includes(outcome), outcome)
  const again = await opened(desk)
  assert.equal(said(await send(again, assertion)), 'factor-wrong')
  // nor is it good where it was answered wrongly before
  const options = await optionsOf(again)
  const { authenticator } = hers
  const flip = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) as number) ^ 1)])
  const altered = authenticator.get(options, { origin }, { tamper: { sent: { signature: flip } } })
  assert.equal(said(await send(again, altered)), 'factor-wrong')
  assert.equal(said(await send(again, authenticator.get(options, { origin }))), 'factor-wrong')
  assert.equal(said(await prove(again, hers)), '200')
})

test('an assertion for another sign-in, browser, purpose or page is refused, and one that is too old', async () => {
  const { authenticator } = hers
  const desk = await opened()
  const other = await opened()
  // of another sign-in, by another browser
  assert.equal(said(await send(desk, authenticator.get(await optionsOf(other), { origin }))), 'factor-wrong')
  // of the sign-in before, in the same browser
  const before = await optionsOf(desk)
  await opened(desk)
  assert.equal(said(await send(desk, authenticator.get(before, { origin }))), 'factor-wrong')
  // the cookie of the sign-in in another browser
  const mine = await optionsOf(desk)
  const thief = Browser.withCookiesOf(desk)
  assert.equal(said(await send(thief, authenticator.get(mine, { origin }))), 'session-binding')
  assert.equal(said(await thief.try(contract.signInPasskeyOptions, {})), 'session-binding')
  // a registration's challenge, and one that was never given
  const session = await signIn(server, ada)
  const register = await session.call(contract.passkeyOptions, {})
  for (const challenge of [register.challenge, Buffer.alloc(32).toString('base64url')])
    assert.equal(said(await send(desk, authenticator.get({ ...mine, challenge }, { origin }))), 'factor-wrong')
  // another origin, a frame, another type
  for (const [name, client, clientData] of [
    ['origin', { origin: 'http://evil.localhost' }, undefined],
    ['frame', { origin, crossOrigin: true, topOrigin: 'https://evil.example' }, undefined],
    ['type', { origin }, { type: 'webauthn.create' }],
  ] as const) {
    const options = await optionsOf(desk)
    const assertion = authenticator.get(options, client, clientData ? { tamper: { clientData } } : {})
    assert.equal(said(await send(desk, assertion)), 'factor-wrong', name)
  }
  // without user verification
  const unverified = authenticator.get(await optionsOf(desk), { origin }, { tamper: { flags: { uv: false } } })
  assert.equal(said(await send(desk, unverified)), 'factor-wrong')
  // after its five minutes
  const late = await optionsOf(desk)
  await server.sql(`update challenge set expires_at = now() where purpose = 'sign-in'`)
  assert.equal(said(await send(desk, authenticator.get(late, { origin }))), 'factor-wrong')
  assert.equal(said(await prove(desk, hers)), '200')
})

test('any altered byte of an assertion is refused, and leaves the device as it was', async () => {
  const desk = await opened()
  const before = await deviceRow(hers)
  const at = (where: number) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes)
    const index = where < 0 ? copy.length + where : where
    copy[index] = (copy[index] as number) ^ 1
    return copy
  }
  for (const part of ['id', 'rawId', 'clientDataJSON', 'authenticatorData', 'signature'] as const)
    for (const where of [0, 8, -1]) {
      const options = await optionsOf(desk)
      const assertion = hers.authenticator.get(options, { origin }, { tamper: { sent: { [part]: at(where) } } })
      assert.equal(said(await send(desk, assertion)), 'factor-wrong', `${part} ${where}`)
    }
  // a counter that a thief has raised, so that the next honest one would run backwards
  const options = await optionsOf(desk)
  const raise = (bytes: Buffer) => {
    const copy = Buffer.from(bytes)
    copy.writeUInt32BE(0xffff_fff0, 33)
    return copy
  }
  const raised = hers.authenticator.get(options, { origin }, { tamper: { sent: { authenticatorData: raise } } })
  assert.equal(said(await send(desk, raised)), 'factor-wrong')
  assert.deepEqual(await deviceRow(hers), before)
  assert.equal(said(await prove(desk, hers)), '200')
  assert.equal((await deviceRow(hers)).count, hers.authenticator.counter)
})

withEitherKind('after a password only a passkey of that very person counts', async (synced) => {
  const { ada, hers } = own(synced)
  const eve = await newPerson(server, olga, ofKind('eve', synced))
  const foreign = await enrolPhone(server, olga, eve, { synced })
  const desk = await afterPassword(server.browser(), ada)
  const options = await optionsOf(desk)
  const asked = { ...options, allowCredentials: [] }
  assert.equal(said(await send(desk, foreign.authenticator.get(asked, { origin }))), 'factor-wrong')
  // nor by a challenge that was asked for before anybody was known
  const early = await opened()
  const before = await optionsOf(early)
  await early.call(contract.provePassword, { username: ada.username, password: ada.password })
  const mixed = await send(early, foreign.authenticator.get(before, { origin }))
  assert.ok(['conflict', 'factor-wrong'].includes(said(mixed)), said(mixed))
  assert.equal(said(await early.try(contract.currentSession, {})), 'no-session')
  // nor where the user handle is another's
  const handle = { tamper: { userHandle: foreign.authenticator.credentials[0]?.userHandle as Buffer } }
  const named = hers.authenticator.get(await optionsOf(desk), { origin }, handle)
  assert.equal(said(await send(desk, named)), 'factor-wrong')
  // discoverable, without a user handle: the authenticator must say whose it is
  const discover = await opened()
  const silent = hers.authenticator.get(await optionsOf(discover), { origin }, { tamper: { userHandle: null } })
  assert.equal(said(await send(discover, silent)), 'factor-wrong')
  assert.equal(said(await prove(desk, hers)), '200')
})

withEitherKind('who is suspended or off-boarded, and what is lost or revoked, signs nobody in', async (synced) => {
  const bo = await newPerson(server, olga, ofKind('bo', synced))
  const his = await enrolPhone(server, olga, bo, { synced })
  const before = await opened()
  const waiting = his.authenticator.get(await optionsOf(before), { origin })
  await olga.browser.call(contract.suspendUser, { id: bo.id })
  assert.equal(said(await send(before, waiting)), 'factor-wrong')
  assert.equal(said(await prove(await opened(), his)), 'factor-wrong')
  await olga.browser.call(contract.resumeUser, { id: bo.id })
  assert.equal(said(await prove(await opened(), his)), '200')

  const lost = await opened()
  const open = his.authenticator.get(await optionsOf(lost), { origin })
  await olga.browser.call(contract.reportDeviceLost, { id: his.deviceId })
  assert.equal(said(await send(lost, open)), 'factor-wrong')
  assert.equal(said(await prove(await opened(), his)), 'factor-wrong')
  // it was honest, and is no copy
  assert.equal((await eventsOf(bo, 'device.cloned')).length, 0)
  assert.equal((await deviceRow(his)).state, 'lost')

  const next = await enrolPhone(server, olga, bo, { synced })
  await olga.browser.call(contract.offboardUser, { id: bo.id })
  assert.equal(said(await prove(await opened(), next)), 'factor-wrong')
  assert.equal((await deviceRow(next)).state, 'revoked')
  const outcomes = (await eventsOf(bo, 'sign-in.passkey')).map(({ outcome }) => outcome)
  assert.deepEqual(tallied(outcomes), { success: 1, failure: 5 })
})

test('a counter that ran backwards ends the device, with what it opened; its person and the operators are told', async () => {
  const cy = await newPerson(server, olga, 'cy')
  const his = await enrolPhone(server, olga, cy)
  const byPhone = await opened()
  assert.equal(said(await prove(byPhone, his)), '200')
  const byPasscode = await signIn(server, cy)
  const stateOf = async (id: string) => (await olga.browser.call(contract.getCode, { id })).state
  const shownBy = async (browser: Browser) => (await browser.call(contract.enrolAnotherPhone, { factor: 'device' })).code.id
  const [its, theirs] = [await shownBy(byPhone), await shownBy(byPasscode)]
  const desk = await opened()
  const copy = his.authenticator.get(await optionsOf(desk), { origin }, { tamper: { counter: 1 } })
  assert.equal((await deviceRow(his)).count, 1)
  const refused = await send(desk, copy)
  assert.deepEqual([refused.status, refused.problem.code], [401, 'factor-wrong'])
  assert.equal((await deviceRow(his)).state, 'revoked')
  const [cloned] = await eventsOf(cy, 'device.cloned')
  assert.deepEqual([cloned?.device.id, cloned?.subject?.name, cloned?.detail.sessions], [his.deviceId, 'cy', 1])
  const { items } = await olga.browser.call(contract.myNotices, {})
  assert.ok(items.some(({ kind, event }) => kind === 'device-cloned' && event.id === cloned?.id))
  const own = (await byPasscode.call(contract.myNotices, {})).items
  assert.ok(own.some(({ kind }) => kind === 'device-cloned'))
  assert.equal(said(await byPhone.try(contract.currentSession, {})), 'no-session')
  assert.equal(said(await byPasscode.try(contract.currentSession, {})), '200')
  // what the key opened is dead, what its person opened by another proof is not
  assert.deepEqual([await stateOf(its), await stateOf(theirs)], ['revoked', 'live'])
  // the honest one is dead with its copy: nobody can tell them apart
  assert.equal(said(await prove(await opened(), his)), 'factor-wrong')
  assert.equal((await eventsOf(cy, 'device.cloned')).length, 1)
})

withEitherKind('a step-up by passkey: the cookie is new, and the old one is dead', async (synced) => {
  const { ada, hers } = own(synced)
  const desk = await signIn(server, ada)
  const old = Browser.withCookiesOf(desk)
  const before = cookie(desk)
  const { signIn: step } = await desk.call(contract.stepUp, {})
  assert.equal(step.next[0], 'passkey')
  const options = await optionsOf(desk)
  assert.equal(named(options).length, 1)
  assert.equal(said(await send(desk, hers.authenticator.get(options, { origin }))), '200')
  assert.notEqual(cookie(desk), before)
  assert.equal((await desk.call(contract.currentSession, {})).assurance.acr, synced ? 'phr' : 'phrh')
  const stale = desk.at(origin)
  stale.cookies = old.cookies
  assert.equal(said(await stale.try(contract.currentSession, {})), 'no-session')
  // another person's passkey steps nobody up
  const dan = await newPerson(server, olga, ofKind('dan', synced))
  const his = await enrolPhone(server, olga, dan, { synced })
  await desk.call(contract.stepUp, {})
  const foreign = his.authenticator.get({ ...(await optionsOf(desk)), allowCredentials: [] }, { origin })
  assert.equal(said(await send(desk, foreign)), 'factor-wrong')
  assert.equal((await desk.call(contract.currentSession, {})).user.username, ada.username)
})

test('what asks for phr takes any passkey; what asks for phrh none that is synced; who has none is told at once', async () => {
  const gil = await newPerson(server, olga, 'gil')
  const none = await signIn(server, gil)
  assert.equal(said(await none.try(contract.stepUp, { acr: 'phr' })), 'conflict')
  const synced = await enrolPhone(server, olga, gil, { synced: true })
  const desk = await signIn(server, gil)
  const phr = await stepUpBy(desk, synced, 'phr')
  assert.deepEqual([said(phr), phr.value.signIn?.assurance?.acr], ['200', 'phr'])
  const before = cookie(desk)
  const phrh = await stepUpBy(desk, synced, 'phrh')
  assert.deepEqual([phrh.status, phrh.problem.code, phrh.problem.reason], [403, 'not-allowed', 'device-held'])
  assert.equal(cookie(desk), before)
  // a password and a passcode do not reach it either
  assert.equal(said(await desk.try(contract.provePassword, { password: gil.password })), 'conflict')
  const held = await enrolPhone(server, olga, gil)
  const again = await signIn(server, gil)
  assert.equal((await stepUpBy(again, held, 'phrh')).value.signIn?.assurance?.acr, 'phrh')
})

test('a lockout is no weapon: a passkey answers while password and passcode are closed after 100 failures', async () => {
  await server.sql(
    `insert into attempt (account_key, factor, lane, failures, open_at) select u.id, f, l, 100, now() from users u, unnest('{password,totp,recovery-code}'::text[]) f, unnest('{0,1}'::int[]) l
      where u.username = 'ada' on conflict (account_key, factor, lane) do update set failures = 100, open_at = now()`,
  )
  const desk = await opened()
  const closed = await desk.try(contract.provePassword, { username: ada.username, password: ada.password })
  assert.equal(said(closed), 'rate-limited')
  assert.equal(said(await prove(desk, hers)), '200')
  assert.equal(said(await stepUpBy(desk, hers)), '200')
  await server.sql(`delete from attempt where account_key = (select id from users where username = 'ada')`)
})

test('wrong passkeys count for their address like any failure; over its limit no verdict leaves, right or wrong', async () => {
  await server.sql(`update authentication_settings set failures_per_minute = 5`)
  try {
    const desk = server.browser()
    desk.headers['x-forwarded-for'] = '203.0.113.77'
    const { authenticator } = hers
    // all within one minute of the count
    const left = 60 - new Date().getSeconds()
    if (left < 8) await new Promise((resolve) => setTimeout(resolve, left * 1_000 + 100))
    await opened(desk)
    const wrong = async () => {
      const flip = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) as number) ^ 1)])
      const options = await optionsOf(desk)
      return send(desk, authenticator.get(options, { origin }, { tamper: { sent: { signature: flip } } }))
    }
    for (let at = 0; at < 5; at++) assert.equal(said(await wrong()), 'factor-wrong')
    const over = await wrong()
    assert.deepEqual([over.status, said(over)], [429, 'rate-limited'])
    assert.ok(Number(over.headers.get('retry-after')) >= 1)
    assert.equal(said(await prove(desk, hers)), 'rate-limited')
    assert.equal(said(await desk.try(contract.currentSession, {})), 'no-session')
    // and nobody elsewhere is touched by it
    const elsewhere = server.browser()
    elsewhere.headers['x-forwarded-for'] = '203.0.113.78'
    assert.equal(said(await prove(await opened(elsewhere), hers)), '200')
  } finally {
    await server.sql(`update authentication_settings set failures_per_minute = 100000`)
  }
})
