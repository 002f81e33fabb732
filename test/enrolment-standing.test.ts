import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { raw, said, wrongPasscode } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import { startDeployment } from './support/deployment.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { claimKey, firstOperator, goodPassword, newPerson, type Person, partsOf } from './support/people.ts'
import { authenticatorOf, claimDevice, phoneAgent, uuidOf } from './support/phones.ts'

// The desk asks one process, the phone another: what either is told is read from the rows.
const deployment = await startDeployment()
const { sql, a, b } = deployment
const olga = await firstOperator(deployment)

let made = 0
const issued = async (factor: 'totp' | 'device', more: Partial<contract.CallIn<typeof contract.enrolUser>> = {}) => {
  const user = await olga.browser.call(contract.createUser, { username: `person${++made}` })
  const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor, ...more })
  return { id: code.id, url: code.url as string, userId: user.id }
}
const phone = (address = '81.2.69.142'): Browser => {
  const browser = deployment.browser().at(b.origin)
  Object.assign(browser.headers, { 'user-agent': phoneAgent, 'x-forwarded-for': address })
  return browser
}
const open = ({ id }: { id: string }) =>
  raw(b.origin, 'GET', `/c/${id}`, { headers: { 'user-agent': phoneAgent, 'x-forwarded-for': '81.2.69.142' } })
const desk = (id: string) => olga.browser.at(a.origin).call(contract.getEnrolment, { id })
const stateAt = async (id: string) => (await desk(id)).state
const onPhone = async (browser: Browser, confirm: string) => (await browser.call(contract.claimedEnrolment, { confirm })).state
const pixel = { browser: 'Chrome 156', platform: 'Android', country: 'GB', city: null }

withEitherKind(
  'a desk on one process hears what a phone does on another: opened, claimed, confirmed, and by which phone',
  async (synced) => {
    const code = await issued('device')
    assert.deepEqual(await desk(code.id), { state: 'waiting', phone: null, confirmBy: null, device: null })
    await open(code)
    assert.deepEqual(await desk(code.id), { state: 'opened', phone: pixel, confirmBy: null, device: null })
    const mobile = phone()
    const claimed = await claimDevice(mobile, code.url)
    const now = await desk(code.id)
    assert.deepEqual([now.state, now.phone], ['claimed', pixel])
    assert.ok(Math.abs(Date.parse(now.confirmBy as string) - Date.parse(claimed.expiresAt)) < 2_000)
    assert.equal(await onPhone(mobile, claimed.confirm), 'claimed')
    // somebody else who opens it afterwards is not the phone that has it
    await raw(b.origin, 'GET', `/c/${code.id}`, {
      headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' },
    })
    assert.deepEqual((await desk(code.id)).phone, pixel)
    await mobile.call(contract.confirmEnrolment, {
      confirm: claimed.confirm,
      registration: authenticatorOf(synced).create(claimed.options, { origin: b.origin }),
      password: goodPassword,
      name: 'Pixel of person',
    })
    const [device] = (await olga.browser.call(contract.listDevices, { userId: code.userId })).items
    assert.deepEqual(await desk(code.id), {
      state: 'confirmed',
      phone: pixel,
      confirmBy: null,
      device: { id: device?.id, name: 'Pixel of person' },
    })
    assert.equal(await onPhone(mobile, claimed.confirm), 'confirmed')
    await olga.browser.call(contract.revokeCode, { id: code.id, reason: 'a drill', also: ['results'] })
    assert.equal(await stateAt(code.id), 'revoked')
  },
)

const ends = {
  revoked: (code: { id: string }) => olga.browser.call(contract.revokeCode, { id: code.id, reason: 'a drill' }),
  replaced: (code: { userId: string }) => olga.browser.call(contract.enrolUser, { id: code.userId, factor: 'device' }),
  lapsed: (code: { id: string }) => sql(`update claim set expires_at = now() where code_id = $1`, [uuidOf(code.id)]),
} as const
for (const [state, end] of Object.entries(ends))
  for (const factor of ['totp', 'device'] as const)
    test(`both ends hear that a claimed code is ${state} (${factor})`, async () => {
      const code = await issued(factor)
      const mobile = phone()
      const { confirm } = factor === 'totp' ? await claimKey(mobile, partsOf(code.url)) : await claimDevice(mobile, code.url)
      assert.equal(await onPhone(mobile, confirm), 'claimed')
      await end(code)
      assert.equal(await onPhone(mobile, confirm), state)
      assert.equal(await stateAt(code.id), state)
    })

test('an unclaimed code expires, is revoked, waits for its time; five wrong tries are told as such on both ends', async () => {
  const [expired, revoked, early, wrong, guessed] = [
    await issued('device'),
    await issued('device'),
    await issued('device', { notBefore: new Date(Date.now() + 3_600_000).toISOString() }),
    await issued('totp'),
    await issued('device', { deliver: 'letter' }),
  ]
  await sql(`update code set expires_at = now() where id = $1`, [uuidOf(expired.id)])
  await olga.browser.call(contract.revokeCode, { id: revoked.id, reason: 'a drill' })
  const mobile = phone()
  const key = await claimKey(mobile, partsOf(wrong.url))
  for (let at = 0; at < 5; at++)
    await mobile.try(contract.confirmEnrolment, {
      confirm: key.confirm,
      code: wrongPasscode(key.secret),
      password: goodPassword,
    })
  for (let at = 0; at < 5; at++) await phone().try(contract.claimCode, { ...partsOf(guessed.url), activation: `0000000${at}` })
  assert.deepEqual(await Promise.all([expired, revoked, early, wrong, guessed].map(({ id }) => stateAt(id))), [
    'expired',
    'revoked',
    'not-yet-valid',
    'failed',
    'failed',
  ])
  assert.equal(await onPhone(mobile, key.confirm), 'failed')
})

test('a person who is suspended ends both ends', async () => {
  const code = await issued('totp')
  const mobile = phone()
  const { confirm } = await claimKey(mobile, partsOf(code.url))
  await olga.browser.call(contract.suspendUser, { id: code.userId })
  assert.deepEqual([await onPhone(mobile, confirm), await stateAt(code.id)], ['revoked', 'revoked'])
})

const ownCode = async (person: Person, factor: 'totp' | 'device' = 'device') => {
  const { code } = await person.browser.call(contract.enrolAnotherPhone, { factor })
  return { id: code.id, url: code.url as string }
}
withEitherKind('oneself sees how one’s own code stands and ends it, also claimed; nobody else’s is found', async (synced) => {
  const ana = await newPerson(deployment, olga, ofKind('ana', synced))
  const bob = await newPerson(deployment, olga, ofKind('bob', synced))
  const own = (id: string, by = ana) => by.browser.at(a.origin).try(contract.getMyEnrolment, { id })
  const code = await ownCode(ana)
  assert.equal((await own(code.id)).value.state, 'waiting')
  assert.equal(said(await own(code.id, bob)), 'not-found')
  assert.equal(said(await bob.browser.try(contract.endMyEnrolment, { id: code.id })), 'not-found')
  const { code: operators } = await olga.browser.call(contract.enrolUser, { id: bob.id, factor: 'device' })
  assert.equal(said(await own(operators.id, bob)), 'not-found')
  const link = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'a link',
    destination: { type: 'text', text: 'x' },
  })
  assert.equal(said(await olga.browser.try(contract.getEnrolment, { id: link.id })), 'not-found')

  const thief = phone('89.160.20.112')
  const claimed = await claimDevice(thief, code.url)
  assert.deepEqual((await own(code.id)).value.phone, { ...pixel, country: 'SE' })
  await ana.browser.call(contract.endMyEnrolment, { id: code.id })
  const revoked = () => deployment.sql(`select 1 from event where type = 'code.revoked' and code_id = $1`, [uuidOf(code.id)])
  const once = (await revoked()).length
  await ana.browser.call(contract.endMyEnrolment, { id: code.id })
  assert.equal((await revoked()).length, once, 'a second call changes nothing, and leaves no event')
  assert.equal((await own(code.id)).value.state, 'revoked')
  assert.equal(await onPhone(thief, claimed.confirm), 'revoked')
  const registration = authenticatorOf(synced).create(claimed.options, { origin: b.origin })
  const tried = await thief.try(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    registration,
    currentPassword: ana.password,
  })
  assert.equal(said(tried), 'code-revoked')
  const [event] = (await olga.browser.call(contract.listEvents, { codeId: code.id, type: 'code.revoked' })).items
  assert.deepEqual([event?.outcome, event?.actor.name], ['success', ana.username])

  const done = await ownCode(ana)
  const mine = phone()
  const claim = await claimDevice(mine, done.url)
  await mine.call(contract.confirmEnrolment, {
    confirm: claim.confirm,
    registration: authenticatorOf(synced).create(claim.options, { origin: b.origin }),
    currentPassword: ana.password,
  })
  assert.equal((await own(done.id)).value.device?.name, 'Chrome 156, Android')
  assert.equal(said(await ana.browser.try(contract.endMyEnrolment, { id: done.id })), 'conflict')
})

test('what a claim has come to is told to the key that claimed alone; a wrong token is on record', async () => {
  const code = await issued('device')
  const mobile = phone()
  const { confirm } = await claimDevice(mobile, code.url)
  const other = phone()
  assert.equal(said(await other.try(contract.claimedEnrolment, { confirm })), 'code-unknown')
  assert.equal(said(await mobile.try(contract.claimedEnrolment, { confirm: `${confirm}x` })), 'code-unknown')
  assert.equal(said(await mobile.try(contract.claimedEnrolment, { confirm }, { proof: false })), 'session-binding')
  const { items } = await olga.browser.call(contract.listEvents, { type: 'code.inspected', outcome: 'failure' })
  assert.equal(items.length, 2)
})
