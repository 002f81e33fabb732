import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword, atOnce, dump, said, tallied } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import { pendingSignIn } from './support/crowd.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { claimKey, firstOperator, forgetStep, newPerson, type Person, partsOf, passcode, signIn } from './support/people.ts'
import { authenticatorOf, claimDevice, enrolPhone, uuidOf } from './support/phones.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const use = (browser: Browser, code: string | undefined) => browser.try(contract.proveRecoveryCode, { code: code as string })
const calm = () => server.sql(`update attempt set failures = 0, open_at = '-infinity'`)

test('ten codes of 120 random bits, shown once, each good once in any spelling, and their number is seen', async () => {
  const ada = await newPerson(server, olga, 'ada')
  assert.equal(new Set(ada.recoveryCodes).size, 10)
  for (const code of ada.recoveryCodes) assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/)
  const [first, second, third] = ada.recoveryCodes as [string, string, string]
  const confusable = second.replaceAll('0', 'o').replaceAll('1', 'l').toLowerCase().replaceAll('-', ' ')
  for (const [at, spelling] of [first, ` ${confusable} `, third.replaceAll('-', '')].entries()) {
    const browser = await afterPassword(server.browser(), ada)
    assert.equal(said(await use(browser, spelling)), '200', spelling)
    assert.equal((await browser.call(contract.currentSession, {})).recoveryCodesLeft, 9 - at)
  }
  for (const spent of [first, first.toLowerCase(), second, third]) {
    const browser = await afterPassword(server.browser(), ada)
    assert.equal(said(await use(browser, spent)), 'factor-wrong')
  }
  await calm()
  assert.equal((await olga.browser.call(contract.getUser, { id: ada.id })).factors.recoveryCodesLeft, 7)
  const browser = await signIn(server, ada)
  const factors = await browser.call(contract.myFactors, {})
  assert.equal(factors.recoveryCodes.left, 7)
  assert.equal(factors.recoveryCodes.total, 10)
  const everything = JSON.stringify(await dump(server))
  for (const code of ada.recoveryCodes)
    for (const form of [code, code.replaceAll('-', ''), code.toLowerCase()]) assert.ok(!everything.includes(form))
})

test('of twenty tries of one code at once, in twenty sign-ins, one succeeds', async () => {
  const person = await newPerson(server, olga, 'racer')
  const [row] = (await server.sql(`select id from users where username = 'racer'`)) as unknown as { id: string }[]
  const browsers = await atOnce(20, async () => {
    const browser = server.browser()
    await pendingSignIn(server, browser, row as { id: string })
    return browser
  })
  const counts = tallied(await Promise.all(browsers.map(async (browser) => said(await use(browser, person.recoveryCodes[0])))))
  assert.equal(counts['200'], 1, JSON.stringify(counts))
  assert.equal((counts['200'] ?? 0) + (counts['factor-wrong'] ?? 0) + (counts['rate-limited'] ?? 0), 20)
  assert.equal(
    (
      await server.sql(
        `select 1 from recovery_code where used_at is not null and user_id = (select id from users where username = 'racer')`,
      )
    ).length,
    1,
  )
  assert.equal(
    (
      await server.sql(
        `select 1 from session where scope = 'recovery' and user_id = (select id from users where username = 'racer')`,
      )
    ).length,
    1,
  )
})

test('a code opens for its owner alone, after the password alone, and a wrong one counts apart from passcodes', async () => {
  const [one, two] = [await newPerson(server, olga, 'one'), await newPerson(server, olga, 'two')]
  const browser = await afterPassword(server.browser(), one)
  assert.equal(said(await use(browser, two.recoveryCodes[0])), 'factor-wrong')
  for (const wrong of ['x', '0000-0000-0000-0000-0000-0000', 'U'.repeat(24), '-', '%', "' or 1=1 --"])
    assert.ok(
      ['factor-wrong', 'rate-limited'].includes(said(await use(await afterPassword(server.browser(), one), wrong))),
      wrong,
    )
  const before = server.browser()
  await before.call(contract.openSignIn, { username: 'two' })
  assert.equal(said(await use(before, two.recoveryCodes[0])), 'conflict')
  assert.equal(said(await use(await afterPassword(server.browser(), two), two.recoveryCodes[0])), '200')
  // five wrong ones: the passcode still answers
  const limited = await afterPassword(server.browser(), one)
  await server.sql(`update attempt set open_at = now() + interval '1 min' where factor = 'recovery-code' and failures >= 5`)
  assert.equal(said(await use(limited, one.recoveryCodes[0])), 'rate-limited')
  await server.sql(`update totp set last_step = 0`)
  await limited.call(contract.provePassword, { password: one.password })
  assert.equal(said(await limited.try(contract.proveTotp, { code: passcode(one.secret) })), '200')
})

test('a new set voids every old code; it is asked for freshly and needs a second factor', async () => {
  const person = await newPerson(server, olga, 'renewer')
  const { recoveryCodes } = await person.browser.call(contract.renewRecoveryCodes, {})
  assert.equal(recoveryCodes.length, 10)
  assert.equal(recoveryCodes.filter((code) => person.recoveryCodes.includes(code)).length, 0)
  const browser = await afterPassword(server.browser(), person)
  for (const old of person.recoveryCodes.slice(0, 3)) assert.equal(said(await use(browser, old)), 'factor-wrong')
  assert.equal(said(await use(browser, recoveryCodes[9])), '200')
  // the session it opened cannot make another set
  assert.equal(said(await browser.try(contract.renewRecoveryCodes, {})), 'step-up-required')
})

const recovered = async (person: Person, at = 0): Promise<Browser> => {
  const browser = await afterPassword(server.browser(), person)
  const answer = await browser.call(contract.proveRecoveryCode, { code: person.recoveryCodes[at] as string })
  assert.equal(answer.signIn.state, 'complete')
  return browser
}

test('the session of a recovery code is aal1, short, and only enrols; the factor confirmed in it ends all other sessions', async () => {
  const person = await newPerson(server, olga, 'lost', ['operator'])
  const elsewhere = await signIn(server, person)
  const browser = await recovered(person)
  const session = await browser.call(contract.currentSession, {})
  assert.equal(session.scope, 'recovery')
  assert.equal(session.assurance.acr, 'aal1')
  assert.ok(Date.parse(session.expiresAt) - Date.now() <= 15 * 60_000)
  for (const endpoint of [
    contract.myFactors,
    contract.mySessions,
    contract.listUsers,
    contract.removeTotp,
    contract.stepUp,
    contract.endMyOtherSessions,
  ]) {
    const refused = await browser.try(endpoint, {})
    assert.equal(said(refused), 'step-up-required', endpoint.path)
    assert.deepEqual([refused.problem.acr, refused.problem.maxAge], ['aal2', 300])
  }
  const cookies = new Map(browser.cookies)
  const made = await browser.call(contract.startTotp, {})
  await forgetStep(server, person)
  const confirmed = await browser.call(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })
  // codes are left, so no new ones are made
  assert.equal(confirmed.recoveryCodes, undefined)
  assert.equal(said(await elsewhere.try(contract.currentSession, {})), 'no-session')
  const full = await browser.call(contract.currentSession, {})
  assert.equal(full.scope, 'full')
  assert.equal(full.assurance.acr, 'aal2')
  const old = browser.at(server.origin)
  old.cookies = cookies
  assert.equal(said(await old.try(contract.currentSession, {})), 'no-session')
  await signIn(server, { ...person, secret: made.secret })
  const gone = await afterPassword(server.browser(), person)
  assert.equal(said(await gone.try(contract.proveTotp, { code: passcode(person.secret) })), 'factor-wrong')
})

withEitherKind('it adds a factor as long as it lives, and takes none away once its proof is five minutes old', async (synced) => {
  const person = await newPerson(server, olga, ofKind('slow', synced))
  const kept = await enrolPhone(server, olga, person, { synced })
  const browser = await recovered(person)
  const session = await browser.call(contract.currentSession, {})
  await server.sql(`update session set proved_at = now() - interval '6 minutes' where id = $1`, [uuidOf(session.id)])
  const refused = await browser.try(contract.removeDevice, { id: kept.deviceId })
  assert.equal(said(refused), 'step-up-required')
  assert.equal(refused.problem.maxAge, 300)
  assert.equal((await browser.call(contract.myDevices, {})).items[0]?.state, 'active')
  const made = await browser.call(contract.startTotp, {})
  await forgetStep(server, person)
  await browser.call(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })
  assert.equal((await browser.call(contract.currentSession, {})).scope, 'full')
})

test('another phone may be enrolled from it by a code, which asks for the password', async () => {
  const person = await newPerson(server, olga, 'by-code')
  const browser = await recovered(person)
  const { code } = await browser.call(contract.enrolAnotherPhone, { factor: 'totp' })
  const phone = server.browser()
  const claimed = await claimKey(phone, partsOf(code.url as string))
  assert.deepEqual(claimed.needs, ['current-password'])
  await forgetStep(server, person)
  await phone.call(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    code: passcode(claimed.secret),
    currentPassword: person.password,
  })
  assert.equal(said(await browser.try(contract.currentSession, {})), 'no-session')
})

withEitherKind(
  'so may another phone with a passkey, which signs in by it; all sessions end, also the one that showed the code',
  async (synced) => {
    const person = await newPerson(server, olga, ofKind('by-code-passkey', synced))
    const elsewhere = await signIn(server, person)
    const browser = await recovered(person)
    const { code } = await browser.call(contract.enrolAnotherPhone, { factor: 'device' })
    const phone = server.browser()
    const claimed = await claimDevice(phone, code.url as string)
    assert.deepEqual(claimed.needs, ['current-password'])
    const authenticator = authenticatorOf(synced)
    const { origin } = server
    const registration = authenticator.create(claimed.options, { origin })
    const confirm = { confirm: claimed.confirm, registration }
    assert.equal(said(await phone.try(contract.confirmEnrolment, confirm)), 'invalid-request')
    await phone.call(contract.confirmEnrolment, { ...confirm, currentPassword: person.password })
    assert.equal(said(await elsewhere.try(contract.currentSession, {})), 'no-session')
    assert.equal(said(await browser.try(contract.currentSession, {})), 'no-session')
    await phone.call(contract.openSignIn, {})
    const assertion = authenticator.get(await phone.call(contract.signInPasskeyOptions, {}), { origin })
    assert.equal((await phone.call(contract.provePasskey, { assertion })).signIn.state, 'complete')
    const { scope, assurance } = await phone.call(contract.currentSession, {})
    assert.deepEqual([scope, assurance.amr[0]], ['full', synced ? 'swk' : 'hwk'])
  },
)

test('where the last code is used the next sign-in says so, and a new factor brings a new set', async () => {
  const person = await newPerson(server, olga, 'last-one')
  await server.sql(
    `delete from recovery_code where user_id = (select id from users where username = 'last-one') and hash <> (select hash from recovery_code
     where user_id = (select id from users where username = 'last-one') order by hash limit 1)`,
  )
  let browser: Browser | undefined
  for (const code of person.recoveryCodes) {
    await calm()
    const trying = await afterPassword(server.browser(), person)
    if (said(await use(trying, code)) === '200') browser = trying
    if (browser) break
  }
  assert.ok(browser)
  const half = await afterPassword(server.browser(), person)
  assert.deepEqual((await half.call(contract.currentSignIn, {})).signIn.next, ['totp'])
  assert.equal(said(await use(half, person.recoveryCodes[0])), 'conflict')
  const made = await browser.call(contract.startTotp, {})
  await forgetStep(server, person)
  const confirmed = await browser.call(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })
  assert.equal(confirmed.recoveryCodes?.length, 10)
})

test('each use and each wrong try is on record, without the code', async () => {
  const person = await newPerson(server, olga, 'recorded')
  const browser = await afterPassword(server.browser(), person)
  await use(browser, 'WRONG')
  await use(browser, person.recoveryCodes[0])
  const { items } = await olga.browser.call(contract.listEvents, { type: 'sign-in.recovery-code', userId: person.id })
  assert.deepEqual(
    items.map(({ outcome }) => outcome),
    ['success', 'failure'],
  )
  assert.equal(items[0]?.detail.left, 9)
  assert.equal(items[0]?.actor.name, 'recorded')
  assert.equal(items[1]?.subject?.name, 'recorded')
})
