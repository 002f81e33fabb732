import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import pg from 'pg'
import { EventDraft, type PreparedEvent } from '../server/src/features/events/index.ts'
import { Passcodes } from '../server/src/features/sign-in/index.ts'
import { uuid7 } from '../server/src/platform/ids.ts'
import { afterPassword, atOnce, dump, from, said, settle, tallied, wrongPasscode } from './support/attack.ts'
import type { Browser, Tried } from './support/browser.ts'
import { crowd, type Member, pendingSignIn } from './support/crowd.ts'
import { eventually } from './support/deployment.ts'
import { firstOperator, forgetStep, goodPassword, newPerson, partsOf, passcode, signIn } from './support/people.ts'
import { hostActor, startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const opened = async (browser: Browser): Promise<Browser> => {
  await browser.call(contract.openSignIn, {})
  return browser
}
const guess = (browser: Browser, username: string, password: string) =>
  browser.try(contract.provePassword, { username, password })
const wrongTimes = async (browser: Browser, username: string, times: number): Promise<void> => {
  for (let at = 0; at < times; at++) assert.equal(said(await guess(browser, username, 'wrong')), 'factor-wrong')
}
const retryAfter = (tried: { headers: Headers }): number => Number(tried.headers.get('retry-after'))
/** Failures of one account in a lane, as if they had happened. */
const failed = (username: string, factor: string, failures: number, lane = 0) =>
  server.sql(
    `insert into attempt (account_key, factor, lane, failures, open_at) select id, $2, $4, $3, now() from users where username = $1
     on conflict (account_key, factor, lane) do update set failures = excluded.failures, open_at = excluded.open_at`,
    [username, factor, failures, lane],
  )
/** Their wait after five failures or more, begun by now: made longer, for a machine that takes longer than it to ask again. */
const waits = async (username: string, factor: string): Promise<void> => {
  const rows = await server.sql(
    `update attempt set open_at = now() + interval '1 min' where factor = $2 and failures >= 5
      and account_key = (select id from users where username = $1) returning failures`,
    [username, factor],
  )
  assert.equal(rows.length, 1)
}

test('five wrong answers are free; then the answer is 429 with Retry-After, right or wrong, and waits double up to 15 minutes', async () => {
  const ada = await newPerson(server, olga, 'ada')
  const attacker = await opened(from(server, '203.0.113.1'))
  await wrongTimes(attacker, 'ada', 5)
  for (let round = 0, wait = 2; round < 11; round++, wait = Math.min(wait * 2, 900)) {
    const password = round % 2 === 0 ? ada.password : 'wrong'
    const refused = await guess(attacker, 'ada', password)
    assert.equal(said(refused), 'rate-limited')
    assert.equal(refused.status, 429)
    assert.ok(retryAfter(refused) <= wait && retryAfter(refused) >= Math.max(1, wait - 2), `${retryAfter(refused)} for ${wait}`)
    assert.equal(refused.problem.retryAfter, retryAfter(refused))
    const [row] = await server.sql(
      `select extract(epoch from open_at - now())::float as left from attempt where factor = 'password' and lane = 0
       and account_key = (select id from users where username = 'ada')`,
    )
    assert.ok(Math.abs((row as unknown as { left: number }).left - wait) < 3)
    await server.sql(
      `update attempt set open_at = now() where lane = 0 and account_key = (select id from users where username = 'ada')`,
    )
    assert.equal(said(await guess(attacker, 'ada', 'wrong')), 'factor-wrong')
  }
})

test('a guess that waited for its row is judged by the time it got it, not by the time it came', async () => {
  const person = await newPerson(server, olga, 'queued')
  await failed('queued', 'password', 1)
  const browser = await opened(from(server, '203.0.113.2'))
  const client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
  try {
    await client.query('begin')
    await client.query(`select from attempt where account_key = (select id from users where username = 'queued') for update`)
    const waiting = guess(browser, 'queued', person.password)
    await eventually(
      async () =>
        (await server.sql(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length,
      (waiters) => waiters > 0,
    )
    // the guess ahead of it: later in time than the start of the one that waits, and over before that goes on
    await client.query(
      `update attempt set failures = failures + 1, open_at = clock_timestamp() where account_key = (select id from users where username = 'queued')`,
    )
    await client.query('commit')
    assert.equal(said(await waiting), '200')
  } finally {
    await client.end()
  }
})

test('a name that nobody has is counted and answered as one that somebody has, in words, status and headers', async () => {
  await newPerson(server, olga, 'bela')
  await olga.browser.call(contract.createUser, { username: 'factorless' })
  const gone = await newPerson(server, olga, 'gone')
  await olga.browser.call(contract.suspendUser, { id: gone.id })
  const seen = async (username: string): Promise<unknown[]> => {
    const browser = await opened(from(server, '203.0.113.2'))
    const answers: unknown[] = []
    for (let at = 0; at < 7; at++) {
      const { status, problem, headers } = await guess(browser, username, 'wrong password of some length')
      const { requestId: _, retryAfter: waits, ...rest } = problem
      const names = [...headers].map(([name]) => name).sort()
      answers.push({ status, rest, names, waits: waits !== undefined })
    }
    answers.push((await browser.call(contract.currentSignIn, {})).signIn.next)
    return answers
  }
  const known = await seen('bela')
  assert.deepEqual((known as { status: number }[]).map((each) => each.status).slice(0, 7), [401, 401, 401, 401, 401, 429, 429])
  for (const name of ['nobody', 'NOBODY-2', 'factorless', 'gone', 'no such\u0007name', ' ', 'ünbekannt'])
    assert.deepEqual(await seen(name), known, JSON.stringify(name))
})

test('an unknown name in other spellings has one count too', async () => {
  const browser = await opened(from(server, '203.0.113.3'))
  for (const spelling of ['ghost', 'GHOST', 'Ghost', ' ghost ', 'ｇｈｏｓｔ'])
    assert.equal(said(await guess(browser, spelling, 'wrong')), 'factor-wrong')
  await soonLimited(['gHost', 'ghOst', 'ghoSt', 'ghosT', 'GHost'], (spelling) => guess(browser, spelling, 'wrong'))
})
/**
 * Five more guesses are not all answered: of one count the waits double from a second on, so that a machine that takes longer
 * than the first still meets the next; of counts of their own each had five free.
 */
const soonLimited = async <T>(tries: readonly T[], guessed: (each: T) => Promise<Parameters<typeof said>[0]>): Promise<void> => {
  for (const each of tries) if (said(await guessed(each)) === 'rate-limited') return
  assert.fail(`${tries.length} more guesses were answered`)
}

test('one count an account: new sign-ins, other spellings, browsers, addresses and agents bring no fresh guesses', async () => {
  const cora = await newPerson(server, olga, 'cora')
  const spellings = ['cora', 'CORA', 'Cora', 'ｃｏｒａ', ' cora']
  for (const [at, spelling] of spellings.entries()) {
    const browser = await opened(from(server, `203.0.113.${10 + at}`))
    browser.headers['user-agent'] = `curl/8.${at}`
    assert.equal(said(await guess(browser, spelling, 'wrong')), 'factor-wrong')
  }
  await waits('cora', 'password')
  assert.equal(said(await guess(await opened(from(server, '2001:db8::1')), 'cora', cora.password)), 'rate-limited')
  const named = from(server, '203.0.113.20')
  await named.call(contract.openSignIn, { username: 'cora' })
  assert.equal(said(await named.try(contract.provePassword, { password: cora.password })), 'rate-limited')
})

test('a stranger cannot keep a user out: the browser that signed them in has a count of its own', async () => {
  const dora = await newPerson(server, olga, 'dora')
  for (const factor of ['password', 'totp', 'recovery-code']) await failed('dora', factor, 100)
  const stranger = await opened(from(server, '203.0.113.4'))
  const closed = await guess(stranger, 'dora', dora.password)
  assert.equal(said(closed), 'rate-limited')
  assert.equal(retryAfter(closed), 900)

  await signIn(server, dora, dora.browser)
  // a success clears its own factor and lane only
  const rows = (await server.sql(
    `select factor, lane, failures from attempt where account_key = (select id from users where username = 'dora') order by 1, 2`,
  )) as unknown as { factor: string; lane: number; failures: number }[]
  assert.deepEqual(
    rows.filter(({ lane }) => lane === 0).map(({ failures }) => failures),
    [100, 100, 100],
  )
  assert.ok(rows.filter(({ lane }) => lane === 1).every(({ failures }) => failures === 0))
  assert.deepEqual((await olga.browser.call(contract.getUser, { id: dora.id })).locked.sort(), [
    'password',
    'recovery-code',
    'totp',
  ])
  await olga.browser.call(contract.unlockUser, { id: dora.id, reason: 'asked by phone' })
  await signIn(server, dora, from(server, '203.0.113.5'))

  // closed in the browsers that are known: an operator sees it, and lifts it
  await failed('dora', 'totp', 100, 1)
  const shown = await olga.browser.call(contract.getUser, { id: dora.id })
  assert.deepEqual([shown.locked, shown.lockedForKnown], [[], ['totp']])
  const lifted = await olga.browser.call(contract.unlockUser, { id: dora.id })
  assert.deepEqual(lifted.lockedForKnown, [])
  await signIn(server, dora, dora.browser)
})

test('a closed factor stays closed however long ago the failures were, and a browser known 90 days ago is a stranger', async () => {
  const emil = await newPerson(server, olga, 'emil')
  await failed('emil', 'password', 100)
  await server.sql(`update attempt set open_at = now() - interval '1 year' where failures = 100`)
  assert.equal(said(await guess(await opened(from(server, '203.0.113.6')), 'emil', emil.password)), 'rate-limited')
  await server.sql(
    `update known_browser set last_at = now() - interval '91 days' where user_id = (select id from users where username = 'emil')`,
  )
  assert.equal(said(await guess(await opened(emil.browser), 'emil', emil.password)), 'rate-limited')
  await server.sql(
    `update known_browser set last_at = now() - interval '89 days' where user_id = (select id from users where username = 'emil')`,
  )
  assert.equal(said(await guess(await opened(emil.browser), 'emil', emil.password)), '200')
})

test('the known browser has its own five guesses, not more', async () => {
  const fritz = await newPerson(server, olga, 'fritz')
  const own = await opened(fritz.browser)
  await wrongTimes(own, 'fritz', 5)
  assert.equal(said(await guess(own, 'fritz', fritz.password)), 'rate-limited')
  assert.equal(said(await guess(await opened(from(server, '203.0.113.7')), 'fritz', fritz.password)), '200')
})

/** Verdicts that are free from an instant on: five, and where a busy machine makes "at once" long, one more after 2, 6, 14 … s. */
const freeSince = (startedAt: number): number => 5 + Math.floor(Math.log2((performance.now() - startedAt) / 2_000 + 1))

test('of 64 wrong passcodes at once at most five get a verdict, and then the right one gets none', async () => {
  const [member] = await crowd(server, 1, 'many')
  assert.ok(member)
  const wrong = wrongPasscode(member.secret)
  const browsers = await atOnce(64, async (at) => {
    const browser = from(server, `198.51.100.${at + 1}`)
    await pendingSignIn(server, browser, member)
    return browser
  })
  const startedAt = performance.now()
  const answers = await Promise.all(browsers.map(async (browser) => said(await browser.try(contract.proveTotp, { code: wrong }))))
  const counts = tallied(answers)
  assert.ok((counts['factor-wrong'] ?? 0) <= freeSince(startedAt) && (counts['factor-wrong'] ?? 0) >= 1, JSON.stringify(counts))
  assert.equal((counts['factor-wrong'] ?? 0) + (counts['rate-limited'] ?? 0), 64)
  await server.sql(
    `update attempt set failures = 5, open_at = now() + interval '10 s' where factor = 'totp' and account_key = $1`,
    [member.id],
  )
  assert.equal(said(await (browsers[0] as Browser).try(contract.proveTotp, { code: passcode(member.secret) })), 'rate-limited')
})

test('a right passcode that comes with wrong ones at once is judged in its turn: after five of them it learns as little as they', async () => {
  const members = await crowd(server, 2, 'amid')
  const { hot } = server.core.database
  for (const [before, is] of [
    [4, 'accepted'],
    [5, 'waiting'],
  ] as const) {
    const member = members.pop() as Member
    const browser = from(server, `198.51.100.${before}`)
    await pendingSignIn(server, browser, member)
    const [row] = await server.sql(
      `select s.id as sign_in, t.id as totp, s.key_thumbprint from sign_in s join totp t using (user_id) where s.user_id = $1`,
      [member.id],
    )
    const guess = { signIn: row?.sign_in as string, userId: member.id, thumbprint: row?.key_thumbprint as Buffer }
    const facts = { person: { id: member.id, name: member.username } }
    const [event] = await server.core.events.prepare(new EventDraft(hostActor, 'sign-in.totp', facts))
    const acceptance = {
      totp: row?.totp as string,
      step: 1,
      sessionHash: randomBytes(32),
      sessionId: uuid7(),
      source: null,
      event: event as PreparedEvent,
    }
    const passcodes = new Passcodes(hot)
    const verdicts = await Promise.all([
      ...Array.from({ length: before }, () => passcodes.judge.submit(guess)),
      passcodes.judge.submit({ ...guess, acceptance }),
    ])
    assert.deepEqual(
      verdicts.map((verdict) => verdict.is),
      [...Array.from({ length: before }, () => 'wrong'), is],
    )
  }
})

test('of 64 wrong passwords and 64 recovery codes at once at most five get a verdict', async () => {
  const gerd = await newPerson(server, olga, 'gerd')
  const browsers = await atOnce(64, (at) => opened(from(server, `198.51.100.${at + 1}`)))
  let startedAt = performance.now()
  const passwords = tallied(await Promise.all(browsers.map(async (browser) => said(await guess(browser, 'gerd', 'wrong')))))
  assert.equal((passwords['factor-wrong'] ?? 0) + (passwords['rate-limited'] ?? 0), 64)
  assert.ok((passwords['factor-wrong'] ?? 0) <= freeSince(startedAt), JSON.stringify(passwords))
  await atOnce(64, async (at) => pendingSignIn(server, browsers[at] as Browser, { id: (await idOf('gerd')) as string }))
  startedAt = performance.now()
  const codes = tallied(
    await Promise.all(browsers.map(async (browser) => said(await browser.try(contract.proveRecoveryCode, { code: 'WRONG' })))),
  )
  assert.equal((codes['factor-wrong'] ?? 0) + (codes['rate-limited'] ?? 0), 64)
  assert.ok((codes['factor-wrong'] ?? 0) <= freeSince(startedAt), JSON.stringify(codes))
  await waits('gerd', 'recovery-code')
  const late = from(server, '198.51.100.99')
  await pendingSignIn(server, late, { id: (await idOf('gerd')) as string })
  assert.equal(said(await late.try(contract.proveRecoveryCode, { code: gerd.recoveryCodes[0] as string })), 'rate-limited')
})
const idOf = async (username: string): Promise<unknown> =>
  ((await server.sql(`select id from users where username = $1`, [username]))[0] as unknown as { id: string }).id

test('an address has exactly 120 failures a minute, under parallel calls too, and then no verdict, right or wrong', async () => {
  const hans = await newPerson(server, olga, 'hans')
  const { code } = await olga.browser.call(contract.enrolUser, { id: hans.id, factor: 'totp' })
  const { id } = partsOf(code.url as string)
  const half = await afterPassword(from(server, '203.0.113.50'), hans)
  await settle(15, 60)
  // those of minutes that ended before come when they come: they are counted by source and minute, not by call
  const events = async () =>
    Number((await server.sql(`select count(*)::int as n from event where type not like 'request.%'`))[0]?.n)
  const before = await events()
  const browsers = await atOnce(8, async () => from(server, '203.0.113.50'))
  const answers = await atOnce(170, (at) =>
    (browsers[at % 8] as Browser).try(contract.inspectCode, { id, secret: `wrong${at}` }, { proof: false }),
  )
  assert.deepEqual(tallied(answers.map(said)), { 'code-unknown': 120, 'rate-limited': 50 })
  for (const refused of answers.filter(({ status }) => status === 429))
    assert.ok(retryAfter(refused) >= 1 && retryAfter(refused) <= 60)
  // over all paths: a right password, passcode or token from there is not answered either
  await forgetStep(server, hans)
  assert.equal(said(await half.try(contract.proveTotp, { code: passcode(hans.secret) })), 'rate-limited')
  const other = await opened(from(server, '203.0.113.50'))
  assert.equal(said(await guess(other, 'hans', hans.password)), 'rate-limited')
  assert.equal(said(await guess(other, 'hans', 'wrong')), 'rate-limited')
  // another address is not touched
  assert.equal(said(await guess(await opened(from(server, '203.0.113.51')), 'hans', hans.password)), '200')

  // what got a verdict is an event each; what got none is one event a source and minute, with a count
  const [verdicts] = await server.sql(
    `select count(*)::int as n from event where type = 'code.inspected' and outcome = 'failure'`,
  )
  assert.equal((verdicts as unknown as { n: number }).n, 120)
  const written = (await events()) - before
  assert.ok(written <= 120 + 3, `${written} events`)
  await server.core.tally.flush(true)
  const limited = await olga.browser.call(contract.listEvents, { type: 'request.limited', address: '203.0.113.50' })
  assert.equal(limited.items.length, 1)
  assert.ok((limited.items[0]?.detail.count as number) >= 50)
  assert.equal(limited.items[0]?.outcome, 'denied')
  assert.equal(limited.items[0]?.address, '203.0.113.50')
})

test('after a limit at the second factor the sign-in begins again with the password', async () => {
  const vera = await newPerson(server, olga, 'restarted')
  const browser = await afterPassword(from(server, '203.0.113.90'), vera)
  for (let at = 0; at < 5; at++)
    assert.equal(said(await browser.try(contract.proveTotp, { code: wrongPasscode(vera.secret) })), 'factor-wrong')
  assert.equal(said(await browser.try(contract.proveTotp, { code: passcode(vera.secret) })), 'rate-limited')
  assert.deepEqual((await browser.call(contract.currentSignIn, {})).signIn.next, ['passkey', 'qr', 'password'])
  await server.sql(`update attempt set open_at = now()`)
  await forgetStep(server, vera)
  assert.equal(said(await browser.try(contract.proveTotp, { code: passcode(vera.secret) })), 'conflict')
  assert.equal(said(await browser.try(contract.proveRecoveryCode, { code: vera.recoveryCodes[0] as string })), 'conflict')
  await browser.call(contract.provePassword, { password: vera.password })
  assert.equal(said(await browser.try(contract.proveTotp, { code: passcode(vera.secret) })), '200')

  const other = await afterPassword(from(server, '203.0.113.91'), vera)
  await failed('restarted', 'recovery-code', 100)
  assert.equal(said(await other.try(contract.proveRecoveryCode, { code: vera.recoveryCodes[0] as string })), 'rate-limited')
  assert.deepEqual((await other.call(contract.currentSignIn, {})).signIn.next, ['passkey', 'qr', 'password'])
})

test('an address has exactly 300 starts a minute', async () => {
  await settle(15, 60)
  const browsers = await atOnce(8, async () => from(server, '203.0.113.60'))
  const answers: Tried<typeof contract.openSignIn>[] = await atOnce(320, (at) =>
    (browsers[at % 8] as Browser).try(contract.openSignIn, {}),
  )
  assert.deepEqual(tallied(answers.map(said)), { '201': 300, 'rate-limited': 20 })
  assert.ok(answers.filter(({ status }) => status === 429).every((refused) => retryAfter(refused) >= 1))
  assert.equal(said(await from(server, '203.0.113.61').try(contract.openSignIn, {})), '201')
})

test('an IPv6 address counts with all of its /64, for starts and for failures; the record keeps each as it came', async () => {
  await server.sql(`update authentication_settings set starts_per_minute = 6, failures_per_minute = 3`)
  await settle(10, 60)
  const within = (at: number) => from(server, `2001:db8:64:1::${at.toString(16)}`)
  const starts = await atOnce(8, async (at) => ({ browser: within(at + 1), at: at + 1 }))
  const opened = []
  for (const { browser, at } of starts) opened.push({ browser, at, said: said(await browser.try(contract.openSignIn, {})) })
  assert.deepEqual(tallied(opened.map((each) => each.said)), { '201': 6, 'rate-limited': 2 })
  const failures = []
  for (const { browser, at } of opened.slice(0, 4)) failures.push(said(await guess(browser, `nobody64-${at}`, 'wrong')))
  assert.deepEqual(failures, ['factor-wrong', 'factor-wrong', 'factor-wrong', 'rate-limited'])

  const next = from(server, '2001:db8:64:2::1')
  assert.equal(said(await next.try(contract.openSignIn, {})), '201')
  assert.equal(said(await guess(next, 'nobody64-5', 'wrong')), 'factor-wrong')
  await server.sql(`update authentication_settings set starts_per_minute = 300, failures_per_minute = 120`)
  const { items } = await olga.browser.call(contract.listEvents, { address: '2001:db8:64:1::2', outcome: 'failure' })
  assert.deepEqual(
    items.map(({ address }) => address),
    ['2001:db8:64:1::2'],
  )
})

test('both are settings, read where they decide', async () => {
  await server.sql(`update authentication_settings set starts_per_minute = 2, failures_per_minute = 3`)
  await settle(5, 60)
  const browser = from(server, '203.0.113.70')
  const starts = [
    await browser.try(contract.openSignIn, {}),
    await browser.try(contract.openSignIn, {}),
    await browser.try(contract.openSignIn, {}),
  ]
  assert.deepEqual(starts.map(said), ['201', '201', 'rate-limited'])
  const failures = []
  for (let at = 0; at < 4; at++) failures.push(said(await guess(browser, `somebody${at}`, 'wrong')))
  assert.deepEqual(failures, ['factor-wrong', 'factor-wrong', 'factor-wrong', 'rate-limited'])
  await server.sql(`update authentication_settings set starts_per_minute = 300, failures_per_minute = 120`)
})

test('what is typed and what is guessed is in no row: no password, no passcode, no name of a stranger', async () => {
  const browser = await opened(from(server, '203.0.113.80'))
  await guess(browser, 'secretive.stranger', 'a password typed by mistake')
  const everything = JSON.stringify(await dump(server))
  for (const typed of ['a password typed by mistake', 'secretive.stranger', goodPassword])
    for (const form of [typed, Buffer.from(typed).toString('hex'), Buffer.from(typed).toString('base64').replace(/=+$/, '')])
      assert.ok(!everything.includes(form), form)
})
