import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword, atOnce, dump, from, raw, said, tallied, wrongPasscode } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import {
  claimKey,
  enrolByCode,
  firstOperator,
  forgetStep,
  goodPassword,
  newPerson,
  type Person,
  partsOf,
  passcode,
  signIn,
  tryClaimKey,
} from './support/people.ts'
import { phone } from './support/screens.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const otto = await newPerson(server, olga, 'otto', ['operator'])

let made = 0
type Issued = { id: string; secret: string; url: string; username: string; userId: string }
const issue = async (more: Partial<contract.CallIn<typeof contract.enrolUser>> = {}, by: Person = olga): Promise<Issued> => {
  const user = await olga.browser.call(contract.createUser, { username: `person${++made}` })
  const { code } = await by.browser.call(contract.enrolUser, { id: user.id, factor: 'totp', ...more })
  return { ...partsOf(code.url as string), url: code.url as string, username: user.username, userId: user.id }
}
const inspect = (browser: Browser, { id, secret }: { id: string; secret: string }) =>
  browser.try(contract.inspectCode, { id, secret }, { proof: false })
const claim = (browser: Browser, { id, secret }: { id: string; secret: string }) => tryClaimKey(browser, { id, secret })
const notices = async (person: Person = olga) => (await person.browser.call(contract.myNotices, {})).items
const uuidOf = async (id: string): Promise<string> =>
  ((await server.sql(`select id from code order by id`)) as unknown as { id: string }[]).find((row) => idOf(row.id) === id)
    ?.id as string
const idOf = (uuid: string): string => {
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let text = ''
  for (let at = 0; at < 26; at++) {
    text = '0123456789abcdefghjkmnpqrstvwxyz'[Number(value & 31n)] + text
    value >>= 5n
  }
  return `cod_${text}`
}

test('looking changes nothing: GET, HEAD, prefetch, previews and inspect, right or wrong, however often', async () => {
  const code = await issue()
  const tables = ['code', 'claim', 'totp', 'session', 'users', 'notice', 'password']
  const before = await dump(server, tables)
  const agents = [
    { 'user-agent': phone.userAgent },
    { 'user-agent': phone.userAgent, 'sec-purpose': 'prefetch;prerender', purpose: 'prefetch' },
    { 'user-agent': 'Mozilla/5.0 (compatible; bingbot/2.0)' },
    { 'user-agent': 'WhatsApp/2.23' },
    { 'user-agent': 'Mozilla/5.0 (SafeLinks)', 'x-forwarded-for': '40.107.0.1' },
  ]
  for (const headers of agents)
    for (const method of ['GET', 'HEAD'])
      assert.equal(
        (await raw(server.origin, method, `/c/${code.id}`, { headers: headers as Record<string, string> })).status,
        200,
      )
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
    assert.ok((await raw(server.origin, method, `/c/${code.id}`)).status >= 400, method)
  await atOnce(20, () => inspect(from(server, '40.107.0.2'), code))
  for (const secret of ['x', `${code.secret}x`, code.secret.slice(1), code.secret.toLowerCase()])
    assert.equal(said(await inspect(server.browser(), { id: code.id, secret })), 'code-unknown')
  assert.deepEqual(await dump(server, tables), before)

  const { value } = await inspect(server.browser(), code)
  assert.equal(value.kind, 'enrol-totp')
  assert.equal(value.state, 'live')
  assert.equal(value.issuer, 'Postern')
  assert.deepEqual(value.needs, ['password'])
  assert.equal(value.username, code.username)
  // it is still good for the one claim
  assert.equal(said(await claim(server.browser(), code)), '200')
  const shown = await olga.browser.call(contract.getCode, { id: code.id })
  assert.deepEqual([shown.scans, shown.previews], [1, 9])
  const scans = await olga.browser.call(contract.listScans, { id: code.id })
  assert.ok(scans.items.filter(({ bot }) => bot).length >= 6)
})

test('who holds the full secret learns what became of a code; to anybody else it is unknown', async () => {
  const [expired, revoked, early, used, live] = [
    await issue(),
    await issue(),
    await issue({ notBefore: new Date(Date.now() + 3_600_000).toISOString() }),
    await issue(),
    await issue(),
  ]
  await server.sql(`update code set expires_at = now() where id = $1`, [await uuidOf(expired.id)])
  await olga.browser.call(contract.revokeCode, { id: revoked.id, reason: 'no longer wanted' })
  assert.equal(said(await claim(server.browser(), used)), '200')
  for (const [code, state, refusal, status] of [
    [expired, 'expired', 'code-expired', 410],
    [revoked, 'revoked', 'code-revoked', 410],
    [early, 'not-yet-valid', 'code-not-yet-valid', 409],
    [used, 'used', 'code-used', 410],
  ] as const) {
    const seen = (await inspect(server.browser(), code)).value
    assert.equal(seen.state, state)
    assert.equal(seen.username, undefined)
    const tried = await claim(server.browser(), code)
    assert.equal(said(tried), refusal)
    assert.equal(tried.status, status)
  }
  assert.ok((await inspect(server.browser(), used)).value.usedAt)
  assert.ok((await inspect(server.browser(), early)).value.notBefore)
  const bare = ({ requestId: _, ...rest }: contract.Problem) => rest
  const unknown = await claim(server.browser(), { id: `cod_${'0'.repeat(26)}`, secret: live.secret })
  assert.equal(unknown.status, 404)
  for (const code of [expired, revoked, early, used, live])
    for (const secret of [live.secret === code.secret ? used.secret : live.secret, 'x', `${code.secret} `, `${code.secret}=`]) {
      assert.deepEqual(bare((await claim(server.browser(), { id: code.id, secret })).problem), bare(unknown.problem))
      assert.deepEqual(bare((await inspect(server.browser(), { id: code.id, secret })).problem), bare(unknown.problem))
    }
  assert.equal(said(await claim(server.browser(), live)), '200')
})

test('of eight claims at once one wins; its key gets the same answer again for two minutes, and nobody else does', async () => {
  const code = await issue()
  const browsers = await atOnce(8, async () => server.browser())
  const answers = await Promise.all(browsers.map((browser) => claim(browser, code)))
  assert.deepEqual(tallied(answers.map(said)), { '200': 1, 'code-used': 7 })
  const at = answers.findIndex(({ status }) => status === 200)
  const [winner, won] = [browsers[at] as Browser, answers[at]?.value]
  const repeated = await Promise.all([claim(winner, code), claim(winner, code)])
  for (const { value } of repeated) assert.deepEqual(value, won)
  assert.equal(said(await claim(Browser.withCookiesOf(winner), code)), 'code-used')
  await server.sql(`update code set claimed_at = now() - interval '1 min 55 s' where id = $1`, [await uuidOf(code.id)])
  assert.deepEqual((await claim(winner, code)).value, won)
  await server.sql(`update code set claimed_at = now() - interval '2 min 1 s' where id = $1`, [await uuidOf(code.id)])
  assert.equal(said(await claim(winner, code)), 'code-used')
  // what was claimed can still be confirmed
  const confirmed = await winner.try(contract.confirmEnrolment, {
    confirm: won?.confirm as string,
    code: passcode(won?.secret as string),
    password: goodPassword,
  })
  assert.equal(said(confirmed), '200')
  await server.sql(`update code set claimed_at = now() where id = $1`, [await uuidOf(code.id)])
  assert.equal(said(await claim(winner, code)), 'code-used')
})

test('a late look or claim by another browser gets nothing, is on record, and is told to owner and operators once an hour', async () => {
  const code = await issue()
  await claim(server.browser(), code)
  const before = (await notices()).length
  const late = from(server, '81.2.69.142')
  assert.equal((await inspect(late, code)).value.state, 'used')
  assert.equal(said(await claim(late, code)), 'code-used')
  for (let at = 0; at < 3; at++) await inspect(late, code)
  const now = await notices()
  assert.equal(now.length, before + 1)
  assert.equal(now[0]?.kind, 'late-inspect')
  assert.equal(now[0]?.event.codeId, code.id)
  assert.equal(now[0]?.event.address, '81.2.69.142')
  assert.equal(now[0]?.event.place?.country, 'GB')
  assert.equal(now[0]?.event.subject?.name, code.username)
  const { items } = await olga.browser.call(contract.listEvents, { codeId: code.id, outcome: 'denied' })
  assert.equal(items.filter(({ type }) => type === 'code.inspected').length, 4)
  assert.equal(items.filter(({ type }) => type === 'code.claimed').length, 1)
  // operators see it, and dismiss it for themselves alone
  const id = now[0]?.id as string
  assert.ok((await notices(otto)).some((notice) => notice.id === id))
  await otto.browser.call(contract.dismissNotice, { id })
  assert.ok(!(await notices(otto)).some((notice) => notice.id === id))
  assert.ok((await notices()).some((notice) => notice.id === id))
  await server.sql(`update code set noticed_at = now() - interval '61 min' where id = $1`, [await uuidOf(code.id)])
  assert.equal(said(await claim(server.browser(), code)), 'code-used')
  const later = await notices()
  assert.equal(later.length, before + 2)
  assert.equal(later[0]?.kind, 'late-claim')
  // a plain user who is not the person of the code hears nothing
  const plain = await newPerson(server, olga, 'plain')
  assert.deepEqual(await notices(plain), [])
})

test('a late look or claim is told of whatever ended the code since it was claimed; of one that nobody claimed no look is', async () => {
  const code = await issue()
  await claim(server.browser(), code)
  await olga.browser.call(contract.revokeCode, { id: code.id, reason: 'a drill' })
  const late = from(server, '81.2.69.144')
  assert.equal((await inspect(late, code)).value.state, 'revoked')
  const [told] = await notices()
  assert.deepEqual([told?.kind, told?.event.codeId, told?.event.address], ['late-inspect', code.id, '81.2.69.144'])
  assert.equal(said(await claim(late, code)), 'code-revoked')
  const of = async ({ id }: Issued) =>
    (await olga.browser.call(contract.listEvents, { codeId: id, outcome: 'denied' })).items.map(({ type, detail }) => [
      type,
      detail.code,
      detail.by,
    ])
  assert.deepEqual(await of(code), [
    ['code.claimed', 'code-revoked', 'another browser'],
    ['code.inspected', 'code-revoked', 'another browser'],
  ])
  await server.sql(`update code set noticed_at = now() - interval '61 min' where id = $1`, [await uuidOf(code.id)])
  assert.equal(said(await claim(late, code)), 'code-revoked')
  assert.deepEqual([(await notices())[0]?.kind, (await notices())[0]?.event.codeId], ['late-claim', code.id])

  const unclaimed = await issue()
  await server.sql(`update code set expires_at = now() where id = $1`, [await uuidOf(unclaimed.id)])
  const before = (await notices()).length
  assert.equal((await inspect(late, unclaimed)).value.state, 'expired')
  assert.equal(said(await claim(late, unclaimed)), 'code-expired')
  assert.deepEqual(await of(unclaimed), [['code.claimed', 'code-expired', undefined]])
  assert.equal((await notices()).length, before)
})

test('a flood of openings from the same address does not hide a late look', async () => {
  const code = await issue()
  await claim(server.browser(), code)
  const before = (await notices()).length
  for (let at = 0; at < 70; at++)
    await raw(server.origin, 'GET', `/c/${code.id}`, { headers: { 'x-forwarded-for': '81.2.69.143' } })
  assert.equal((await inspect(from(server, '81.2.69.143'), code)).value.state, 'used')
  const now = await notices()
  assert.equal(now.length, before + 1)
  assert.equal(now[0]?.event.codeId, code.id)
})

test('the claimer’s own later look is no notice, also after a lost answer', async () => {
  const code = await issue()
  const browser = server.browser()
  const before = (await notices()).length
  await claim(browser, code)
  assert.equal((await inspect(browser, code)).value.state, 'used')
  // the answer, and its cookies, never came: the browser asks again
  const lost = await issue()
  const again = server.browser()
  await claim(again, lost)
  again.cookies.clear()
  assert.equal(said(await claim(again, lost)), '200')
  assert.equal((await inspect(again, lost)).value.state, 'used')
  assert.equal((await notices()).length, before)
  // and after the two minutes of a repeat it is told so, by its key
  await server.sql(`update code set claimed_at = now() - interval '3 min' where id = $1`, [await uuidOf(lost.id)])
  again.cookies.clear()
  assert.equal(said(await claim(again, lost)), 'code-used')
  const [told] = (await olga.browser.call(contract.listEvents, { codeId: lost.id, type: 'code.claimed', limit: 1 })).items
  assert.equal(told?.detail.by, 'the browser that claimed it')
  assert.equal((await notices()).length, before)
  // a double tap: whichever answer came last, its cookie is known
  const twice = await issue()
  const tapping = server.browser()
  await Promise.all([claim(tapping, twice), claim(tapping, twice)])
  await inspect(tapping, twice)
  assert.equal((await notices()).length, before)
})

test('a confirmation needs the claiming key, a right passcode and a good password; five wrong passcodes end it', async () => {
  const code = await issue()
  const browser = server.browser()
  const { value } = await claim(browser, code)
  const confirm = (by: Browser, more: Partial<contract.CallIn<typeof contract.confirmEnrolment>> = {}) =>
    by.try(contract.confirmEnrolment, { confirm: value.confirm, code: passcode(value.secret), password: goodPassword, ...more })
  assert.equal(said(await confirm(Browser.withCookiesOf(browser))), 'code-unknown')
  assert.equal(said(await confirm(browser, { confirm: `${value.confirm}x` })), 'code-unknown')
  for (const [password, wrong] of [
    [undefined, 'too-short'],
    ['short', 'too-short'],
    ['aaaaaaaaaaaaaaaaaaaa', 'repeats'],
    [`${code.username}${code.username}`, 'repeats'],
    [`${code.username} and ${code.username}`, 'names'],
    ['postern postern postern', 'repeats'],
    ['q1w2e3r4t5y6u7i8', 'common'],
    ['qwertyuiopasdfghjkl', 'sequence'],
    ['x'.repeat(257), 'too-long'],
  ] as const) {
    const refused = await confirm(browser, { password } as never)
    assert.equal(said(refused), 'invalid-request', String(password))
    const [error] = refused.problem.errors ?? []
    assert.deepEqual([error?.path, error?.code], ['password', wrong], String(password))
    assert.deepEqual(error?.values, wrong === 'too-short' ? { least: 15 } : wrong === 'too-long' ? { most: 256 } : undefined)
  }
  const wrong = wrongPasscode(value.secret)
  for (let left = 4; left >= 0; left--) {
    const tried = await confirm(browser, { code: wrong })
    assert.equal(said(tried), 'factor-wrong')
    assert.equal(tried.problem.triesLeft, left)
  }
  assert.equal(said(await confirm(browser)), 'code-used')
  assert.deepEqual(
    await server.sql(`select 1 from totp t join users u on u.id = t.user_id where u.username = $1`, [code.username]),
    [],
  )
})

test('a passcode is read in any spelling at the confirmation too', async () => {
  const code = await issue()
  const browser = server.browser()
  const { value } = await claim(browser, code)
  const digits = passcode(value.secret)
  const tried = await browser.try(contract.confirmEnrolment, {
    confirm: value.confirm,
    code: ` ${digits.slice(0, 3)} ${digits.slice(3)}`,
    password: goodPassword,
  })
  assert.equal(said(tried), '200')
})

test('of eight confirmations at once one wins', async () => {
  const code = await issue()
  const browser = server.browser()
  const { value } = await claim(browser, code)
  const right = passcode(value.secret)
  const answers = await atOnce(8, () =>
    browser.try(contract.confirmEnrolment, { confirm: value.confirm, code: right, password: goodPassword, signIn: true }),
  )
  assert.equal(answers.filter(({ status }) => status === 200).length, 1, JSON.stringify(tallied(answers.map(said))))
  assert.ok(answers.every((each) => ['200', 'code-used', 'code-expired', 'totp-replayed'].includes(said(each))))
  assert.equal(
    (await server.sql(`select 1 from session s join users u on u.id = s.user_id where u.username = $1`, [code.username])).length,
    1,
  )
})

test('who has a password proves it at the confirmation; a wrong one counts as a guess of the account and as one of the five', async () => {
  const person = await newPerson(server, olga, 'prover')
  const issued = await olga.browser.call(contract.enrolUser, { id: person.id, factor: 'totp' })
  const code = partsOf(issued.code.url as string)
  assert.deepEqual((await inspect(server.browser(), code)).value.needs, ['current-password'])
  const phone = from(server, '203.0.113.5')
  const { value } = await claim(phone, code)
  assert.deepEqual(value.needs, ['current-password'])
  const confirm = (currentPassword: string | undefined) =>
    phone.try(contract.confirmEnrolment, { confirm: value.confirm, code: passcode(value.secret), currentPassword } as never)
  assert.equal(said(await confirm(undefined)), 'invalid-request')
  for (let left = 4; left >= 1; left--) {
    const tried = await confirm('wrong')
    assert.equal(said(tried), 'factor-wrong')
    assert.equal(tried.problem.triesLeft, left)
    assert.equal(tried.problem.errors?.[0]?.path, 'currentPassword')
  }
  // four are gone for every unknown browser: one is left, then the account waits
  const elsewhere = from(server, '203.0.113.6')
  await elsewhere.call(contract.openSignIn, {})
  assert.equal(said(await elsewhere.try(contract.provePassword, { username: 'prover', password: 'wrong' })), 'factor-wrong')
  // the first wait is a second, which a busy machine may take for the call
  await server.sql(`update attempt set open_at = open_at + interval '1 min'`)
  assert.equal(said(await confirm(person.password)), 'rate-limited')
  await server.sql(`update attempt set open_at = now()`)
  assert.equal(said(await confirm('wrong')), 'factor-wrong')
  await server.sql(`update attempt set open_at = now()`)
  assert.equal(said(await confirm(person.password)), 'code-used')
  // a new password cannot be chosen where there is one
  const second = partsOf((await olga.browser.call(contract.enrolUser, { id: person.id, factor: 'totp' })).code.url as string)
  const other = server.browser()
  const claimed = (await claim(other, second)).value
  const chosen = await other.try(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    code: passcode(claimed.secret),
    password: 'another harbour walks 43 miles',
  })
  assert.equal(said(chosen), 'invalid-request')
})

test('resetting the password is for operators who have just authenticated; the old password and sessions end with it', async () => {
  const person = await newPerson(server, olga, 'resetter')
  const ask = (by: Browser) => by.try(contract.enrolUser, { id: person.id, factor: 'totp', resetPassword: true })
  const machine = async (scope: contract.Scope): Promise<Browser> => {
    const browser = server.browser()
    browser.bearer = (await olga.browser.call(contract.createToken, { name: scope, scopes: [scope] })).token as string
    return browser
  }
  assert.equal(said(await ask(await machine('enrolment'))), 'not-allowed')
  assert.equal(said(await ask(await machine('operator'))), 'step-up-required')
  await server.sql(
    `update session set proved_at = now() - interval '6 min' where user_id = (select id from users where username = 'otto')`,
  )
  const stale = await ask(otto.browser)
  assert.equal(said(stale), 'step-up-required')
  assert.equal(stale.problem.maxAge, 300)
  await signIn(server, otto, otto.browser)
  const answered = await ask(otto.browser)
  assert.equal(said(answered), '201')
  await forgetStep(server, person)
  const again = await enrolByCode(server.browser(), answered.value.code.url as string, {
    password: 'another harbour walks 43 miles',
  })
  assert.equal(again.id, person.id)
  assert.equal(said(await person.browser.try(contract.currentSession, {})), 'no-session')
  const old = server.browser()
  await old.call(contract.openSignIn, {})
  assert.equal(said(await old.try(contract.provePassword, { username: 'resetter', password: person.password })), 'factor-wrong')
  await signIn(server, again)
})

test('nobody enrols, revokes for, or unlocks a person with more rights than their own (threat 49)', async () => {
  const peer = await newPerson(server, olga, 'peer', ['operator'])
  assert.equal(said(await otto.browser.try(contract.enrolUser, { id: peer.id, factor: 'totp' })), '201')
  assert.equal(said(await otto.browser.try(contract.enrolUser, { id: olga.id, factor: 'totp' })), 'not-allowed')
  assert.equal(
    said(await otto.browser.try(contract.enrolUser, { id: olga.id, factor: 'totp', resetPassword: true })),
    'not-allowed',
  )
  const hers = await olga.browser.call(contract.enrolAnotherPhone, { factor: 'totp' })
  assert.equal(said(await otto.browser.try(contract.revokeCode, { id: hers.code.id, reason: 'x' })), 'not-allowed')
  assert.equal(
    said(await otto.browser.try(contract.revokeCode, { id: olga.codeId, reason: 'x', also: ['results'] })),
    'not-allowed',
  )
  const enroller = server.browser()
  enroller.bearer = (await olga.browser.call(contract.createToken, { name: 'e', scopes: ['enrolment'] })).token as string
  assert.equal(said(await enroller.try(contract.enrolUser, { id: peer.id, factor: 'totp' })), 'not-allowed')
  assert.equal(said(await enroller.try(contract.createUser, { username: 'climber', roles: ['operator'] })), 'not-allowed')
  assert.equal(said(await enroller.try(contract.createUser, { username: 'plainly' })), '201')
  assert.equal(said(await olga.browser.try(contract.currentSession, {})), '200')
})

test('one open code a person: a new one ends the one before, also for who has claimed it and not confirmed', async () => {
  const first = await issue()
  const { code } = await olga.browser.call(contract.enrolUser, { id: first.userId, factor: 'totp' })
  assert.equal(said(await claim(server.browser(), first)), 'code-revoked')
  const thief = server.browser()
  const { confirm, secret } = (await claim(thief, partsOf(code.url as string))).value
  const next = await olga.browser.call(contract.enrolUser, { id: first.userId, factor: 'device' })
  assert.equal(
    said(await thief.try(contract.confirmEnrolment, { confirm, code: passcode(secret), password: goodPassword })),
    'code-revoked',
  )
  assert.equal(said(await claim(thief, partsOf(code.url as string))), 'code-revoked')
  assert.equal((await inspect(server.browser(), partsOf(next.code.url as string))).value.state, 'live')
})

const revokeWithResults = (id: string, by: Person = olga) =>
  by.browser.try(contract.revokeCode, { id, reason: 'it was photographed', also: ['results'] })
const endedBy = async (id: string) => {
  const { items } = await olga.browser.call(contract.listEvents, { codeId: id, type: 'code.revoked', outcome: 'success' })
  return items[0]?.detail.factors
}
const withPassword = async ({ username }: { username: string }, password: string) => {
  const browser = server.browser()
  await browser.call(contract.openSignIn, {})
  return { browser, tried: await browser.try(contract.provePassword, { username, password }) }
}

test('the results of a claimed code take every way back in that came of it: key, recovery codes, password, codes drawn since', async () => {
  const code = await issue()
  const thief = await enrolByCode(server.browser(), code.url)
  const elsewhere = await signIn(server, thief)
  // what the thief makes of it while it holds comes of it too
  const changed = 'another harbour walks 43 miles'
  await elsewhere.call(contract.changePassword, { current: thief.password, new: changed })
  const { recoveryCodes } = await elsewhere.call(contract.renewRecoveryCodes, {})
  const drawn = await elsewhere.call(contract.enrolAnotherPhone, { factor: 'totp' })
  const phone = server.browser()
  const { confirm, secret } = (await claim(phone, partsOf(drawn.code.url as string))).value
  const waiting = (await withPassword(code, changed)).browser

  assert.equal(said(await revokeWithResults(code.id)), '200')
  assert.deepEqual(await endedBy(code.id), ['totp', 'recovery-codes', 'password'])
  for (const browser of [thief.browser, elsewhere])
    assert.equal(said(await browser.try(contract.currentSession, {})), 'no-session')
  assert.equal(said((await withPassword(code, changed)).tried), 'factor-wrong')
  assert.notEqual(said(await waiting.try(contract.proveRecoveryCode, { code: recoveryCodes?.[0] as string })), '200')
  assert.equal(
    said(await phone.try(contract.confirmEnrolment, { confirm, code: passcode(secret), password: goodPassword })),
    'code-revoked',
  )
  // the person begins as one who never was there
  const next = await olga.browser.call(contract.enrolUser, { id: code.userId, factor: 'totp' })
  await forgetStep(server, thief)
  const person = await enrolByCode(server.browser(), next.code.url as string)
  assert.equal(person.recoveryCodes.length, 10)
  await signIn(server, person)
})

test('a password and recovery codes from before stay, and open no way past the factor that was taken away', async () => {
  const person = await newPerson(server, olga, 'robbed', ['operator'])
  const reset = await olga.browser.call(contract.enrolUser, { id: person.id, factor: 'totp', resetPassword: true })
  await forgetStep(server, person)
  await enrolByCode(server.browser(), reset.code.url as string, { password: 'another harbour walks 43 miles' })
  assert.equal(said(await revokeWithResults(reset.code.id)), '200')
  assert.deepEqual(await endedBy(reset.code.id), ['totp', 'password'])
  assert.equal((await olga.browser.call(contract.getUser, { id: person.id })).factors.recoveryCodesLeft, 10)

  const again = await olga.browser.call(contract.enrolUser, { id: person.id, factor: 'totp' })
  await forgetStep(server, person)
  const back = await enrolByCode(server.browser(), again.code.url as string)
  const waiting = await afterPassword(server.browser(), back)
  await server.sql(`delete from recovery_code where user_id = (select id from users where username = 'robbed')`)
  // somebody who had the password claimed a further one
  const further = await olga.browser.call(contract.enrolUser, { id: person.id, factor: 'totp' })
  await forgetStep(server, person)
  const thief = await enrolByCode(server.browser(), further.code.url as string)
  assert.equal(thief.recoveryCodes.length, 10)
  assert.equal(said(await revokeWithResults(further.code.id)), '200')
  assert.deepEqual(await endedBy(further.code.id), ['totp', 'recovery-codes'])
  const { browser, tried } = await withPassword(person, back.password)
  assert.deepEqual([tried.value.signIn.state, tried.value.signIn.next], ['pending', []])
  for (const each of [browser, waiting]) {
    assert.equal(said(await each.try(contract.startTotp, {})), 'no-session')
    assert.notEqual(said(await each.try(contract.proveRecoveryCode, { code: thief.recoveryCodes[0] as string })), '200')
  }
})

test('results of a code that was claimed and never confirmed are none: what its person had stays', async () => {
  const person = await newPerson(server, olga, 'unharmed')
  const { code } = await olga.browser.call(contract.enrolUser, { id: person.id, factor: 'totp' })
  await claim(server.browser(), partsOf(code.url as string))
  assert.equal(said(await revokeWithResults(code.id)), '200')
  assert.deepEqual(await endedBy(code.id), [])
  assert.equal(said(await person.browser.try(contract.currentSession, {})), '200')
  await signIn(server, person)
})

test('what the last owner signs in with is not disabled: by the results of a code, one or many, or by themselves', async () => {
  const own = await startServer()
  const owner = await firstOperator(own, 'only')
  await own.sql(`update authentication_settings set second_factor_roles = '{operator}'`)
  const refused = await revokeWithResults(owner.codeId, owner)
  assert.deepEqual([said(refused), refused.problem.reason], ['conflict', 'last-owner'])
  const other = await newPerson(own, owner, 'other')
  const set = { action: 'revoke' as const, ids: [owner.codeId, other.codeId], reason: 'x', also: ['results' as const] }
  const job = await owner.browser.call(contract.bulkCodes, set)
  assert.deepEqual([job.state, job.failed], ['done', 1])
  assert.equal(said(await other.browser.try(contract.currentSession, {})), 'no-session')
  const removed = await owner.browser.try(contract.removeTotp, {})
  assert.deepEqual([said(removed), removed.problem.reason], ['conflict', 'last-owner'])
  assert.equal(said(await owner.browser.try(contract.currentSession, {})), '200')
  await signIn(own, owner)

  const second = await newPerson(own, owner, 'second', ['owner'])
  assert.equal(said(await revokeWithResults(owner.codeId, second)), '200')
  assert.equal(said(await second.browser.try(contract.removeTotp, {})), 'conflict')
})

test('a revoked code ends its claim in flight; so does time', async () => {
  for (const end of [
    async (code: Issued) => olga.browser.call(contract.revokeCode, { id: code.id, reason: 'x' }),
    async () => server.sql(`update claim set expires_at = now()`),
    async () => server.sql(`update totp set expires_at = now() where state = 'pending'`),
  ]) {
    const code = await issue()
    const browser = server.browser()
    const { value } = await claim(browser, code)
    assert.ok(Math.abs(Date.parse(value.expiresAt) - Date.now() - 600_000) < 10_000)
    await end(code)
    const tried = await browser.try(contract.confirmEnrolment, {
      confirm: value.confirm,
      code: passcode(value.secret),
      password: goodPassword,
    })
    assert.ok(['code-revoked', 'code-expired'].includes(said(tried)), said(tried))
    assert.ok(['code-revoked', 'code-used'].includes(said(await claim(browser, code))))
  }
})

test('a code for another phone of one’s own asks for the current password, so that a photographed screen is no key', async () => {
  const person = await newPerson(server, olga, 'own-phone')
  const { code } = await person.browser.call(contract.enrolAnotherPhone, { factor: 'totp' })
  const parts = partsOf(code.url as string)
  const thief = server.browser()
  const { value } = await claim(thief, parts)
  assert.deepEqual(value.needs, ['current-password'])
  assert.equal(
    said(await thief.try(contract.confirmEnrolment, { confirm: value.confirm, code: passcode(value.secret) })),
    'invalid-request',
  )
  // the key that they have stays good
  await signIn(server, person)
})

test('times of a code are kept within bounds, and its secret is as random as a key', async () => {
  const person = await newPerson(server, olga, 'bounds')
  for (const input of [
    { expiresInMinutes: 0 },
    { expiresInMinutes: 20_161 },
    { notBefore: new Date(Date.now() + 400 * 86_400_000).toISOString() },
    { notBefore: 'soon' },
  ])
    assert.equal(
      said(await olga.browser.try(contract.enrolUser, { id: person.id, factor: 'totp', ...input })),
      'invalid-request',
      JSON.stringify(input),
    )
  const secrets = new Set<string>()
  for (let at = 0; at < 5; at++) {
    const { code } = await olga.browser.call(contract.enrolUser, { id: person.id, factor: 'totp' })
    assert.ok(Math.abs(Date.parse(code.expiresAt) - Date.now() - 600_000) < 10_000)
    assert.ok((code.url as string).startsWith(`${server.origin}/c/${code.id}#`))
    secrets.add(partsOf(code.url as string).secret)
  }
  assert.equal(secrets.size, 5)
  for (const secret of secrets) assert.equal(Buffer.from(secret, 'base64url').length, 32)
})

test('the links for the first operator: the last one counts, one confirm wins, all others die with it', async () => {
  const empty = await startServer()
  const first = partsOf(await empty.bootstrapUrl())
  const second = partsOf(await empty.bootstrapUrl('suggested'))
  assert.equal(said(await claim(empty.browser(), first)), 'code-revoked')
  const seen = (await inspect(empty.browser(), second)).value
  assert.deepEqual(seen.needs, ['username', 'factor', 'password'])
  assert.equal(seen.username, 'suggested')
  const missing = await claim(empty.browser(), second)
  assert.equal(said(missing), 'invalid-request')
  assert.equal(missing.problem.errors?.[0]?.path, 'username')

  const one = empty.browser()
  const mine = await claimKey(one, { ...second, username: 'one', factor: 'totp' })
  // while it waits the person is nobody
  const early = empty.browser()
  await early.call(contract.openSignIn, {})
  assert.equal(said(await early.try(contract.provePassword, { username: 'one', password: goodPassword })), 'factor-wrong')
  // a second link, claimed before the first is confirmed
  const third = partsOf(await empty.bootstrapUrl())
  const two = empty.browser()
  assert.equal(said(await two.try(contract.claimCode, { ...third, username: 'ONE', factor: 'totp' })), 'conflict')
  const theirs = await claimKey(two, { ...third, username: 'two', factor: 'totp' })
  const confirm = (browser: Browser, { confirm: token, secret }: { confirm: string; secret: string }) =>
    browser.try(contract.confirmEnrolment, { confirm: token, code: passcode(secret), password: goodPassword, signIn: true })
  const answers = await Promise.all([confirm(one, mine), confirm(two, theirs)])
  assert.equal(answers.filter(({ status }) => status === 200).length, 1, answers.map(said).join())
  const owners = await empty.sql(`select u.state from user_role r join users u on u.id = r.user_id where r.role = 'owner'`)
  assert.deepEqual(owners, [{ state: 'active' }])
  const winner = answers[0]?.status === 200 ? one : two
  // a link of now makes an operator, not an owner
  const later = await enrolByCode(empty.browser(), await empty.bootstrapUrl(), { username: 'later' })
  assert.deepEqual(later.confirmed.user.roles, ['operator'])
  assert.equal((await winner.call(contract.listUsers, {})).items.length, 2)
})

test('a name that a bootstrap claim took and nobody confirmed is free as soon as its time is over', async () => {
  const empty = await startServer()
  const browser = empty.browser()
  await browser.call(contract.claimCode, { ...partsOf(await empty.bootstrapUrl()), username: 'taken', factor: 'totp' })
  const other = empty.browser()
  const next = partsOf(await empty.bootstrapUrl())
  assert.equal(said(await other.try(contract.claimCode, { ...next, username: 'taken', factor: 'totp' })), 'conflict')
  const owner = await enrolByCode(empty.browser(), await empty.bootstrapUrl(), { username: 'owner' })
  await browser.call(contract.claimCode, { ...partsOf(await empty.bootstrapUrl()), username: 'waits', factor: 'totp' })
  assert.equal(said(await owner.browser.try(contract.createUser, { username: 'Waits' })), 'conflict')
  await empty.sql(`update claim set expires_at = now()`)
  assert.equal(said(await owner.browser.try(contract.createUser, { username: 'Waits' })), '201')
})

test('a claim opens no session, and a confirmation one only where it is asked for', async () => {
  const code = await issue()
  const browser = server.browser()
  const { value } = await claim(browser, code)
  assert.equal(said(await browser.try(contract.currentSession, {})), 'no-session')
  const answer = await browser.call(contract.confirmEnrolment, {
    confirm: value.confirm,
    code: passcode(value.secret),
    password: goodPassword,
  })
  assert.equal(answer.session, undefined)
  assert.equal(browser.cookies.has('postern-session'), false)
  assert.equal(answer.recoveryCodes?.length, 10)
  await afterPassword(server.browser(), { username: code.username, password: goodPassword } as Person)
})
