import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword, atOnce, said, tallied } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { startDeployment } from './support/deployment.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { firstOperator, newPerson, type Person, signIn } from './support/people.ts'
import {
  approve,
  askPhone,
  type Claimed,
  enrolPhone,
  forgetScans,
  hear,
  liveFrames,
  type Phone,
  type Screen,
  uuidOf,
} from './support/phones.ts'

const deployment = await startDeployment()
const { a, at, sql, count } = deployment
await sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
const olga = await firstOperator(deployment)
/** A browser that was never declined: what one does says nothing of the next. */
const newDesk = () => new Browser(a.origin)
const reads = async (phone: Pick<Phone, 'browser'>, screen: Screen) =>
  phone.browser.try(contract.claimCode, await liveFrames(deployment, screen))
const shown = async (phone: Pick<Phone, 'browser'>, screen: Screen): Promise<Claimed> => {
  const { status, value, problem } = await reads(phone, screen)
  assert.equal(status, 200, JSON.stringify(problem))
  return value as Claimed
}
const standing = (phone: Pick<Phone, 'browser'>, { confirm }: Claimed) => phone.browser.call(contract.claimedRequest, { confirm })
const eventsOf = async ({ code }: Screen) =>
  (await olga.browser.call(contract.listEvents, { codeId: code.id })).items.map(({ type, outcome, detail }) => [
    type,
    outcome,
    detail.why ?? null,
  ])
const withPhone = async (name: string, synced: boolean): Promise<{ person: Person; phone: Phone }> => {
  const person = await newPerson(deployment, olga, ofKind(name, synced))
  return { person, phone: await enrolPhone(deployment, olga, person, { synced }) }
}

withEitherKind('before a person one request of a purpose is open, the newest, on all their phones', async (synced) => {
  const { person, phone } = await withPhone('ann', synced)
  const second = await enrolPhone(deployment, olga, person, { synced })
  const desk = newDesk()
  const screen = await askPhone(desk)
  const heard = await hear(desk)
  const first = await shown(phone, screen)
  const newer = await askPhone(newDesk())
  const next = await shown(second, newer)
  await heard.ended
  assert.deepEqual(heard.told.at(-1)?.data, { type: 'denied', reason: 'replaced' })
  assert.deepEqual(await standing(phone, first), { state: 'denied', reason: 'replaced' })
  assert.equal((await approve(phone, a.origin, first, screen.match)).problem.code, 'code-used')
  assert.deepEqual(await eventsOf(screen), [
    ['approval.approved', 'denied', 'the request is failed'],
    ['sign-in.phone', 'denied', 'the phone read a newer code'],
    ['code.claimed', 'success', null],
  ])
  // whoever did not begin it can say so still
  await phone.browser.call(contract.declineRequest, { confirm: first.confirm, reason: 'not-me' })
  // a step-up is another purpose, and ends no sign-in
  const signedIn = await signIn(deployment, person, newDesk())
  await signedIn.call(contract.stepUp, {})
  await shown(phone, await signedIn.call(contract.openQr, {}))
  assert.deepEqual(await standing(second, next), { state: 'claimed' })
  assert.equal((await approve(second, a.origin, next, newer.match)).status, 200)
})

withEitherKind(
  'the sixth request in ten minutes is not shown where five came to nothing; what was approved does not count',
  async (synced) => {
    const { person, phone } = await withPhone('bo', synced)
    for (let round = 0; round < 6; round++) {
      const screen = await askPhone(newDesk())
      assert.equal((await approve(phone, a.origin, await shown(phone, screen), screen.match)).status, 200, `approval ${round}`)
    }
    const endings: ((claimed: Claimed, screen: Screen) => Promise<unknown>)[] = [
      ({ confirm }) => phone.browser.call(contract.declineRequest, { confirm, reason: 'declined' }),
      (_, { code }) => sql(`update approval set expires_at = now() where code_id = $1`, [uuidOf(code.id)]),
      (_, { code }) => olga.browser.call(contract.revokeCode, { id: code.id, reason: 'a drill' }),
      async () => undefined, // the next one replaces it
      ({ confirm }) => phone.browser.call(contract.declineRequest, { confirm, reason: 'declined' }),
    ]
    for (const end of endings) {
      const screen = await askPhone(newDesk())
      await end(await shown(phone, screen), screen)
    }
    const desk = newDesk()
    const sixth = await askPhone(desk)
    const heard = await hear(desk)
    const refused = await reads(phone, sixth)
    assert.deepEqual([refused.status, refused.problem.code, refused.problem.reason], [429, 'rate-limited', 'often'])
    const wait = refused.problem.retryAfter as number
    assert.ok(wait > 540 && wait <= 600, String(wait))
    assert.equal(refused.headers.get('retry-after'), String(wait))
    // its screen is told, and the code is over: what comes for it again comes late, and fills no log
    await heard.ended
    assert.deepEqual(heard.told.at(-1)?.data, { type: 'denied', reason: 'often' })
    assert.equal((await reads(phone, sixth)).problem.code, 'code-expired')
    assert.deepEqual((await eventsOf(sixth)).at(-1), [
      'code.claimed',
      'denied',
      'five requests in ten minutes came to nothing on this phone',
    ])
    // nor on another phone of theirs; at a step-up, and to another person, it is
    const second = await enrolPhone(deployment, olga, person, { synced })
    assert.equal((await reads(second, await askPhone(newDesk()))).problem.reason, 'often')
    const signedIn = await signIn(deployment, person, newDesk())
    await signedIn.call(contract.stepUp, {})
    await shown(phone, await signedIn.call(contract.openQr, {}))
    const { phone: theirs } = await withPhone('other-bo', synced)
    await shown(theirs, await askPhone(newDesk()))
    // as soon as the first of the five is ten minutes old there is room for one
    await sql(
      `update approval set scanned_at = now() - interval '10 min' where code_id =
        (select code_id from approval where for_user = $1 and state <> 'approved' order by scanned_at limit 1)`,
      [uuidOf(person.id)],
    )
    const screen = await askPhone(newDesk())
    assert.equal((await approve(phone, a.origin, await shown(phone, screen), screen.match)).status, 200)
  },
)

test('who knows a password, and scans what it opens, ends no request of its owner and uses up nothing of theirs', async () => {
  const { person, phone } = await withPhone('cy', false)
  const own = await askPhone(newDesk())
  const claimed = await shown(phone, own)
  const stranger = { browser: new Browser(a.origin) }
  const named = async () => (await afterPassword(newDesk(), person)).call(contract.openQr, {})
  for (let round = 0; round < 5; round++) await shown(stranger, await named())
  assert.equal((await reads(stranger, await named())).problem.reason, 'often')
  assert.deepEqual(await standing(phone, claimed), { state: 'claimed' })
  assert.equal((await approve(phone, a.origin, claimed, own.match)).status, 200)
  const second = await named()
  assert.equal((await approve(phone, a.origin, await shown(phone, second), second.match)).status, 200)
})

test('a lost answer is asked for again, and counts and ends nothing', async () => {
  const { phone } = await withPhone('di', false)
  const screen = await askPhone(newDesk())
  const frames = await liveFrames(deployment, screen)
  const first = await phone.browser.call(contract.claimCode, frames)
  for (let again = 0; again < 8; again++) assert.deepEqual(await phone.browser.call(contract.claimCode, frames), first)
  assert.equal((await approve(phone, a.origin, first as Claimed, screen.match)).status, 200)
})

test('of requests that a person’s phones read at once, on two processes, one is open and five were shown', async () => {
  const { person, phone } = await withPhone('ed', true)
  const phones = [phone, await enrolPhone(deployment, olga, person, { synced: true })]
  for (let round = 0; round < 4; round++) {
    await forgetScans(deployment)
    const screens = await Promise.all(Array.from({ length: 8 }, (_, n) => askPhone(new Browser(at(n)))))
    const frames = await Promise.all(screens.map((screen) => liveFrames(deployment, screen)))
    const outcomes = await atOnce(8, async (n) =>
      said(await (phones[n % 2] as Phone).browser.at(at(n)).try(contract.claimCode, frames[n] as (typeof frames)[number])),
    )
    assert.deepEqual(tallied(outcomes), { '200': 5, 'rate-limited': 3 })
    const ids = screens.map(({ code }) => uuidOf(code.id))
    const states = await sql(`select state, why from approval where code_id = any ($1) order by state, why`, [ids])
    assert.deepEqual(tallied(states.map(({ state, why }) => `${state} ${why}`)), {
      'claimed null': 1,
      'denied often': 3,
      'failed replaced': 4,
    })
    assert.equal(
      await count(`select count(*) from event where code_id = any ($1) and type = 'sign-in.phone' and outcome = 'denied'`, [ids]),
      4,
    )
  }
})
