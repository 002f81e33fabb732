import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import * as contract from '@postern/contract'
import { fromId } from '../server/src/platform/ids.ts'
import { afterPassword, atOnce, dump, from, passcodes, said, settle, tallied, wrongPasscode } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import { crowd, type Member, pendingSignIn } from './support/crowd.ts'
import { enrolByCode, firstOperator, forgetStep, newPerson, partsOf, passcode, signIn } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer({ env: { POSTERN_LOG: 'silent' } })
const olga = await firstOperator(server)
await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
const members = await crowd(server, 20, 'code')
const member = (): Member => members.pop() as Member
const waiting = async (who: { id: string }): Promise<Browser> => {
  const browser = server.browser()
  await pendingSignIn(server, browser, who)
  return browser
}
const prove = async (browser: Browser, code: string): Promise<string> => said(await browser.try(contract.proveTotp, { code }))

test('the current passcode and the one before are accepted; a later one and an older one are not', async () => {
  await settle()
  for (const [steps, expected] of [
    [0, '200'],
    [-1, '200'],
    [1, 'factor-wrong'],
    [2, 'factor-wrong'],
    [-2, 'factor-wrong'],
    [-3, 'factor-wrong'],
    [120, 'factor-wrong'],
  ] as const) {
    const who = member()
    assert.equal(await prove(await waiting(who), passcode(who.secret, { steps })), expected, String(steps))
  }
})

test('a step is accepted once: not again, not in another spelling, not an older one (threats 1 and 2)', async () => {
  await settle()
  const who = member()
  const code = passcode(who.secret)
  assert.equal(await prove(await waiting(who), ` ${code.slice(0, 3)} ${code.slice(3)} `), '200')
  for (const typed of [code, `${code.slice(0, 3)} ${code.slice(3)}`, `${code.slice(0, 3)}-${code.slice(3)}`, ` ${code}  `])
    assert.equal(await prove(await waiting(who), typed), 'totp-replayed', typed)
  const fullWidth = [...code].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join('')
  for (const typed of [fullWidth, `${code}\u200b`, `+${code}`, `${code}.0`, '', code.slice(0, 5), `0${code}00`])
    assert.equal(await prove(await waiting(who), typed), 'invalid-request', typed)
  await server.sql(`update attempt set failures = 0, open_at = '-infinity'`)
  assert.equal(await prove(await waiting(who), passcode(who.secret, { steps: -1 })), 'totp-replayed')
})

test('of sixteen sign-ins of one person with one passcode at once exactly one is accepted', async () => {
  for (let round = 0; round < 3; round++) {
    await settle()
    const who = member()
    const browsers = await atOnce(16, () => waiting(who))
    const code = passcode(who.secret)
    const counts = tallied(await Promise.all(browsers.map((browser) => prove(browser, code))))
    assert.equal(counts['200'], 1, JSON.stringify(counts))
    const sessions = await server.sql(`select 1 from session where user_id = $1`, [who.id])
    assert.equal(sessions.length, 1)
    const events = await server.sql(`select 1 from event where type = 'sign-in.totp' and outcome = 'success' and actor_id = $1`, [
      who.id,
    ])
    assert.equal(events.length, 1)
  }
})

test('one acceptance a step over all paths: enrolment, sign-in and step-up', async () => {
  await settle(12)
  const user = await olga.browser.call(contract.createUser, { username: 'across' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
  const person = await enrolByCode(server.browser(), code.url as string)
  const spent = passcode(person.secret)
  assert.equal(await prove(await afterPassword(server.browser(), person), spent), 'totp-replayed')
  await person.browser.call(contract.stepUp, {})
  await person.browser.call(contract.provePassword, { password: person.password })
  assert.equal(await prove(person.browser, spent), 'totp-replayed')
  await forgetStep(server, person)
  assert.equal(await prove(person.browser, spent), '200')
  assert.equal(await prove(await afterPassword(server.browser(), person), spent), 'totp-replayed')
})

test('a step is spent for all keys of its person: a new one is not confirmed in a step that another took, nor in one of its own length that touches it', async () => {
  const person = await newPerson(server, olga, 'successor')
  const confirm = async (made: { id: string; secret: string }, period = 30) => {
    await settle(4, period)
    return person.browser.try(contract.confirmTotp, { id: made.id, code: passcode(made.secret, { period }) })
  }
  const spentBy = (period: number) =>
    server.sql(
      `update totp set period = $2::int, last_step = floor(extract(epoch from now()) / $2::int) where state = 'active' and user_id = (select id from users where username = $1)`,
      [person.username, period],
    )
  const made = await person.browser.call(contract.startTotp, {})
  await settle(8)
  await spentBy(30)
  const refused = await confirm(made)
  assert.equal(said(refused), 'totp-replayed')
  const left = refused.problem.retryAfter as number
  assert.ok(left > 0 && left <= 30, String(left))
  assert.equal(said(await person.browser.try(contract.currentSession, {})), '200', 'nothing was replaced')
  await spentBy(60)
  assert.equal(said(await confirm(made)), 'totp-replayed')
  await forgetStep(server, person)
  assert.equal(said(await confirm(made)), '200')

  // a key that was taken away has spent its step, too
  await server.sql(
    `update totp set state = 'retired', sealed = null, last_step = floor(extract(epoch from now()) / 30) where state = 'active' and user_id = $1`,
    [fromId(person.id)],
  )
  const next = await person.browser.call(contract.startTotp, { periodSeconds: 15 })
  await settle(8)
  assert.equal(said(await confirm(next, 15)), 'totp-replayed')
  await forgetStep(server, person)
  assert.equal(said(await confirm(next, 15)), '200')

  // and what another took binds a key that was imported
  await server.sql(`update totp set last_step = floor(extract(epoch from now()) / 15) + 40 where user_id = $1`, [
    fromId(person.id),
  ])
  const link = `otpauth://totp/Elsewhere:successor?secret=${person.secret}`
  assert.equal((await olga.browser.call(contract.importTotp, { content: link, replace: true })).imported, 1)
  const [row] = (await server.sql(
    `select last_step * 30 >= floor(extract(epoch from now()) / 15) * 15 + 570 as after from totp where state = 'active' and user_id = $1`,
    [fromId(person.id)],
  )) as unknown as { after: boolean }[]
  assert.equal(row?.after, true)
})

test('a clock that goes back revives nothing: a step below the stored one is refused', async () => {
  await settle()
  const who = member()
  await server.sql(`update totp set last_step = floor(extract(epoch from now()) / 30) + 100 where user_id = $1`, [who.id])
  assert.equal(await prove(await waiting(who), passcode(who.secret)), 'totp-replayed')
})

test('a passcode before the password, or in a sign-in that is over, is not judged', async () => {
  const person = await newPerson(server, olga, 'early')
  await forgetStep(server, person)
  const browser = server.browser()
  await browser.call(contract.openSignIn, { username: 'early' })
  assert.equal(await prove(browser, passcode(person.secret)), 'conflict')
  const half = await afterPassword(server.browser(), person)
  await server.sql(`update sign_in set expires_at = now() where user_id = (select id from users where username = 'early')`)
  assert.equal(await prove(half, passcode(person.secret)), 'conflict')
  assert.equal((await half.call(contract.currentSignIn, {})).signIn.state, 'expired')
  const done = await signIn(server, person)
  await forgetStep(server, person)
  assert.equal(await prove(done, passcode(person.secret)), 'conflict')
  const [row] = await server.sql(
    `select last_step from totp where state = 'active' and user_id = (select id from users where username = 'early')`,
  )
  assert.equal(Number((row as unknown as { last_step: number }).last_step), 0)
})

test('how far a clock is off is told after two different wrong passcodes in a row of one offset in one sign-in, never after one', async () => {
  await settle(10)
  const off = (tried: { problem: contract.Problem }) => tried.problem.clockOffset
  const who = member()
  const ahead = passcodes(who.secret, 3, 3)
  const browser = await waiting(who)
  const typed = (code: string | undefined) => browser.try(contract.proveTotp, { code: code as string })
  const alone = await typed(ahead[0])
  assert.equal(said(alone), 'factor-wrong')
  assert.equal(off(alone), undefined)
  // the same one again tells nothing: a guesser would learn which passcode of the future they have found
  assert.equal(off(await typed(ahead[0])), undefined)
  // as if the one before had been typed a step ago
  await server.sql(`update sign_in set wrong_step = wrong_step - 1 where user_id = $1`, [who.id])
  assert.equal(off(await typed(ahead[0])), 90)

  const slow = member()
  const behind = passcodes(slow.secret, -5, 2)
  const other = await waiting(slow)
  await other.try(contract.proveTotp, { code: behind[0] as string })
  await server.sql(`update sign_in set wrong_step = wrong_step - 1 where user_id = $1`, [slow.id])
  // another offset, or anything else between, starts anew
  assert.equal(off(await other.try(contract.proveTotp, { code: behind[1] as string })), undefined)
  await other.try(contract.proveTotp, { code: wrongPasscode(slow.secret) })
  assert.equal(off(await other.try(contract.proveTotp, { code: behind[1] as string })), undefined)
  // and so does another sign-in
  await server.sql(`update attempt set failures = 0, open_at = '-infinity'`)
  await server.sql(`update sign_in set wrong_step = wrong_step - 1 where user_id = $1`, [slow.id])
  assert.equal(off(await (await waiting(slow)).try(contract.proveTotp, { code: behind[1] as string })), undefined)
  assert.equal(off(await other.try(contract.proveTotp, { code: behind[1] as string })), -120)
  // the offset is on record in steps
  const { items } = await olga.browser.call(contract.listEvents, { type: 'sign-in.totp', outcome: 'failure', limit: 1 })
  assert.equal(items[0]?.detail.offsetSteps, -4)
})

test('keys of SHA-256 and SHA-512, eight digits and other periods work on every path', async () => {
  const person = await newPerson(server, olga, 'other')
  for (const [algorithm, digits, period] of [
    ['SHA256', 8, 60],
    ['SHA512', 6, 15],
    ['SHA1', 8, 30],
  ] as const) {
    const made = await person.browser.call(contract.startTotp, { algorithm, digits, periodSeconds: period })
    assert.deepEqual(made.settings, { issuer: 'Postern', label: 'other', algorithm, digits, periodSeconds: period })
    assert.equal(
      made.otpauthUrl,
      `otpauth://totp/Postern:other?secret=${made.secret}&issuer=Postern&algorithm=${algorithm}&digits=${digits}&period=${period}`,
    )
    await settle(4, period)
    const sixDigits = passcode(made.secret, { algorithm, digits: digits === 8 ? 6 : 8, period })
    assert.equal(said(await person.browser.try(contract.confirmTotp, { id: made.id, code: sixDigits })), 'factor-wrong')
    await forgetStep(server, person)
    await person.browser.call(contract.confirmTotp, { id: made.id, code: passcode(made.secret, { algorithm, digits, period }) })
    await forgetStep(server, person)
    const half = await afterPassword(server.browser(), person)
    await settle(4, period)
    assert.equal(await prove(half, passcode(made.secret, { algorithm, digits, period })), '200')
    assert.equal(
      await prove(await afterPassword(server.browser(), person), passcode(made.secret, { algorithm, digits, period })),
      'totp-replayed',
    )
    await server.sql(`update attempt set failures = 0, open_at = '-infinity'`)
  }
})

test('a pending key signs nobody in, dies by itself, with five wrong passcodes, by a new one and with the session', async () => {
  const person = await newPerson(server, olga, 'pending')
  const first = await person.browser.call(contract.startTotp, {})
  const half = await afterPassword(server.browser(), person)
  assert.equal(await prove(half, passcode(first.secret)), 'factor-wrong')
  // the one before stays good until the new one is confirmed
  await forgetStep(server, person)
  assert.equal(await prove(half, passcode(person.secret)), '200')

  const confirm = (id: string, code: string) => person.browser.try(contract.confirmTotp, { id, code })
  const wrong = wrongPasscode(first.secret)
  for (let left = 4; left >= 0; left--) {
    const tried = await confirm(first.id, wrong)
    assert.equal(said(tried), 'factor-wrong')
    assert.equal(tried.problem.triesLeft, left)
  }
  assert.equal(said(await confirm(first.id, passcode(first.secret))), 'not-found')

  const second = await person.browser.call(contract.startTotp, {})
  assert.ok(Math.abs(Date.parse(second.expiresAt) - Date.now() - 600_000) < 5_000)
  await server.sql(`update totp set expires_at = now() where state = 'pending'`)
  assert.equal(said(await confirm(second.id, passcode(second.secret))), 'not-found')

  const third = await person.browser.call(contract.startTotp, {})
  const fourth = await person.browser.call(contract.startTotp, {})
  assert.notEqual(third.secret, fourth.secret)
  assert.equal(said(await confirm(third.id, passcode(third.secret))), 'not-found')
  assert.equal(said(await olga.browser.try(contract.confirmTotp, { id: fourth.id, code: passcode(fourth.secret) })), 'not-found')

  await person.browser.call(contract.signOut, {})
  await signIn(server, person, person.browser)
  assert.equal(said(await confirm(fourth.id, passcode(fourth.secret))), 'not-found')
})

test('of 64 wrong confirmations at once at most five get a verdict', async () => {
  const person = await newPerson(server, olga, 'stormy')
  const made = await person.browser.call(contract.startTotp, {})
  const wrong = wrongPasscode(made.secret)
  const counts = tallied(
    await atOnce(64, async () => said(await person.browser.try(contract.confirmTotp, { id: made.id, code: wrong }))),
  )
  assert.ok((counts['factor-wrong'] ?? 0) <= 5, JSON.stringify(counts))
  assert.equal((counts['factor-wrong'] ?? 0) + (counts['not-found'] ?? 0), 64)
  assert.equal(said(await person.browser.try(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })), 'not-found')
})

test('a key that replaces another ends all other sessions, gives a new cookie, retires the old secret and is told of', async () => {
  const person = await newPerson(server, olga, 'replacer')
  const elsewhere = await signIn(server, person)
  const old = new Map(person.browser.cookies)
  const made = await person.browser.call(contract.startTotp, {})
  await forgetStep(server, person)
  const answer = await person.browser.call(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })
  assert.equal(answer.recoveryCodes, undefined)
  assert.equal(said(await elsewhere.try(contract.currentSession, {})), 'no-session')
  assert.equal(said(await person.browser.try(contract.currentSession, {})), '200')
  const before = person.browser.at(server.origin)
  before.cookies = old
  assert.equal(said(await before.try(contract.currentSession, {})), 'no-session')
  const half = await afterPassword(server.browser(), person)
  assert.equal(await prove(half, passcode(person.secret)), 'factor-wrong')
  await forgetStep(server, person)
  assert.equal(await prove(half, passcode(made.secret)), '200')
  const retired = await server.sql(
    `select sealed from totp where state = 'retired' and user_id = (select id from users where username = 'replacer')`,
  )
  assert.deepEqual(retired, [{ sealed: null }])
  assert.ok((await person.browser.call(contract.myNotices, {})).items.some(({ kind }) => kind === 'factor-changed'))
})

const bytesOf = (secret: string): Buffer => {
  let bits = ''
  for (const character of secret) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character).toString(2).padStart(5, '0')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

test('a secret leaves the server once: no later answer, no row, no event and no page holds it', async () => {
  const person = await newPerson(server, olga, 'sealed')
  const pending = await person.browser.call(contract.startTotp, {}) // one that is confirmed, one that waits
  const answers = [
    await person.browser.send('GET', '/api/me/factors'),
    await person.browser.send('GET', '/api/session'),
    await person.browser.send('POST', `/api/me/totp/${pending.id}/confirm`, { code: '000000' }),
    await person.browser.send('GET', '/api/me/sessions'),
    await olga.browser.send('GET', `/api/users/${person.id}`),
    await olga.browser.send('GET', `/api/codes/${person.codeId}`),
    await olga.browser.send('GET', '/api/events?limit=200'),
    await olga.browser.send('GET', '/api/users?limit=200'),
    await person.browser.send('GET', '/'),
  ]
  const everything = JSON.stringify(await dump(server)) + answers.map(({ text }) => text).join()
  for (const secret of [
    person.secret,
    pending.secret,
    ...person.recoveryCodes,
    ...person.recoveryCodes.map((each) => each.replaceAll('-', '')),
  ]) {
    const forms = [secret, secret.toLowerCase()]
    if (/^[A-Z2-7]{32}$/.test(secret)) {
      const bytes = bytesOf(secret)
      assert.equal(bytes.length, 20)
      forms.push(bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'))
    }
    for (const form of forms) assert.ok(!everything.includes(form), form)
  }
  const { id, secret } = partsOf(
    (await olga.browser.call(contract.enrolUser, { id: person.id, factor: 'totp' })).code.url as string,
  )
  const tables = JSON.stringify(await dump(server))
  assert.ok(!tables.includes(secret) && !tables.includes(Buffer.from(secret, 'base64url').toString('hex')))
  assert.ok(id)
  for (const cookie of person.browser.cookies.values()) assert.ok(!tables.includes(cookie))
})

test('a row that was swapped with another person’s opens nothing', async () => {
  const [one, two] = [member(), member()]
  await server.sql(`update totp set sealed = (select sealed from totp where user_id = $2) where user_id = $1`, [one.id, two.id])
  const tried = await (await waiting(one)).try(contract.proveTotp, { code: passcode(two.secret) })
  assert.equal(tried.status, 500)
  assert.equal(
    tried.problem.code,
    undefined,
    'a fault has no code: it promises nothing, and 503 promises that nothing was evaluated',
  )
  assert.match(tried.problem.requestId ?? '', /^[0-9a-f-]{36}$/)
  assert.equal((await server.sql(`select 1 from session where user_id = $1`, [one.id])).length, 0)
})

test('where the clocks of server and database differ by more than 5 s passcodes wait, and no guess is counted', async () => {
  await settle(10)
  const who = member()
  const browser = await waiting(who)
  const person = await newPerson(server, olga, 'skewed')
  const made = await person.browser.call(contract.startTotp, {})
  for (const off of [30_000, -30_000]) {
    mock.timers.enable({ apis: ['Date'], now: Date.now() + off })
    try {
      for (let at = 0; at < 7; at++) {
        const tried = await browser.try(contract.proveTotp, { code: passcode(who.secret) })
        assert.equal(said(tried), 'clock-skew')
        assert.equal(tried.status, 503)
      }
      assert.equal(
        said(await person.browser.try(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })),
        'clock-skew',
      )
    } finally {
      mock.timers.reset()
    }
  }
  assert.equal(await prove(browser, passcode(who.secret)), '200')
  await forgetStep(server, person)
  assert.equal(said(await person.browser.try(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })), '200')
})

test('a passcode from an address over its failures is not accepted, and not spent', async () => {
  await settle(10)
  const who = member()
  const browser = from(server, '203.0.113.9')
  await pendingSignIn(server, browser, who)
  await server.sql(`update authentication_settings set failures_per_minute = 1`)
  await browser.try(contract.inspectCode, { id: `cod_${'0'.repeat(26)}`, secret: 'x' }, { proof: false })
  const code = passcode(who.secret)
  assert.equal(await prove(browser, code), 'rate-limited')
  await server.sql(`update authentication_settings set failures_per_minute = 100000`)
  assert.equal(await prove(browser, code), '200')
})
