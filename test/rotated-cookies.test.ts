import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { fromId, uuid7 } from '../server/src/platform/ids.ts'
import { atOnce, cookiesOf, raw, said } from './support/attack.ts'
import { Browser, type Tried } from './support/browser.ts'
import { crowd, type Member, pendingSignIn } from './support/crowd.ts'
import { liveStream, startDeployment } from './support/deployment.ts'
import { firstOperator, forgetStep, newPerson, type Person, passcode, signIn } from './support/people.ts'

const deployment = await startDeployment()
const { a, b, sql, at } = deployment
const olga = await firstOperator(deployment)
const ada = await newPerson(deployment, olga, 'ada', ['auditor'])
const name = 'postern-session'

const show = async (browser: Browser): Promise<string> => said(await browser.try(contract.currentSession, {}))
/** The session's cookie in an answer, with its attributes. */
const lineOf = ({ headers }: { headers: Headers }): string | undefined =>
  headers.getSetCookie().find((line) => line.startsWith(`${name}=`))
const given = (answer: { headers: Headers }): string | undefined => lineOf(answer)?.split(/[=;]/)[1]
const current = (browser: Browser): string => browser.cookies.get(name) as string
const changed = (of: { username: string }, set: string) =>
  sql(`update session set ${set} where ended_at is null and user_id = (select id from users where username = $1)`, [of.username])
/** As if the browser had shown its cookie first so long ago. */
const shownFor = (of: { username: string }, time: string) => changed(of, `hash_since = now() - interval '${time}'`)
/** The same key with the cookie of before; its cookies are its own, so what it gets changes nothing for others. */
const withCookie = (browser: Browser, cookie: string, origin = a.origin): Browser => {
  const other = browser.at(origin)
  other.cookies = new Map([[name, cookie]])
  return other
}
const thiefWith = (cookie: string): Browser => {
  const thief = new Browser(a.origin)
  thief.cookies.set(name, cookie)
  return thief
}
/** A session whose cookie was changed just now: the cookie before, and the newest one, which is in the browser. */
const rotated = async (person: Person): Promise<{ browser: Browser; old: string }> => {
  const browser = await signIn(deployment, person, deployment.browser())
  const old = current(browser)
  await shownFor(person, '61 min')
  await browser.call(contract.currentSession, {})
  assert.notEqual(current(browser), old)
  return { browser, old }
}

test('the cookie is changed by the first call after an hour, not before, and is set as it was at the sign-in', async () => {
  const browser = await signIn(deployment, ada)
  const before = await browser.call(contract.currentSession, {})
  const old = current(browser)
  await shownFor(ada, '59 min 50 s')
  assert.equal(lineOf(await browser.try(contract.currentSession, {})), undefined)
  await shownFor(ada, '60 min 1 s')
  const answer = await browser.try(contract.currentSession, {})
  const line = lineOf(answer) as string
  assert.match(line, /^postern-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
  assert.notEqual(given(answer), old)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  assert.equal(answer.value.id, before.id)
  assert.equal(answer.value.expiresAt, before.expiresAt)
  // and then for an hour no more, from when it was shown
  assert.equal(lineOf(await browser.try(contract.currentSession, {})), undefined)
  await shownFor(ada, '59 min 50 s')
  assert.equal(lineOf(await browser.try(contract.currentSession, {})), undefined)
  await shownFor(ada, '60 min 1 s')
  assert.notEqual(given(await browser.try(contract.currentSession, {})) ?? line, line)
  assert.equal(await show(browser), '200')
})

test('an old cookie is good with the key for two minutes after the new one was shown, then it is nobody’s', async () => {
  const { browser, old } = await rotated(ada)
  await browser.call(contract.currentSession, {})
  const late = withCookie(browser, old)
  assert.equal(await show(late), '200')
  assert.equal((await late.try(contract.myFactors, {})).status, 200)
  // the browser has the new one: it is not given again
  assert.equal(current(late), old)
  await shownFor(ada, '1 min 55 s')
  assert.equal(await show(withCookie(browser, old, b.origin)), '200')
  await shownFor(ada, '2 min 1 s')
  const dead = await withCookie(browser, old).try(contract.currentSession, {})
  assert.equal(said(dead), 'no-session')
  // a call that was under way so long must not take the cookie back that the browser has now
  assert.equal(lineOf(dead), undefined)
  assert.equal(await show(browser), '200')
  // nor is an older one good
  await shownFor(ada, '61 min')
  const middle = current(browser)
  await browser.call(contract.currentSession, {})
  assert.equal(await show(withCookie(browser, old)), 'no-session')
  assert.equal(await show(withCookie(browser, middle)), '200')
  assert.equal(await show(browser), '200')
})

test('a lost answer signs nobody out: until the new cookie was shown the old one is good, and brings it again', async () => {
  const browser = await signIn(deployment, ada)
  const old = current(browser)
  await shownFor(ada, '61 min')
  const lost = given(await withCookie(browser, old).try(contract.currentSession, {}))
  assert.ok(lost)
  // hours later and at either process it is the same cookie each time
  await changed(ada, `created_at = created_at - interval '3 h', seen_at = now() - interval '14 min'`)
  for (const n of [0, 1, 2])
    assert.equal(given(await withCookie(browser, old, at(n)).try(contract.currentSession, {})), lost, String(n))
  assert.equal(await show(browser), '200')
  assert.equal(current(browser), lost)
  assert.equal(await show(browser), '200')
  assert.equal(lineOf(await withCookie(browser, old).try(contract.currentSession, {})), undefined)
  await shownFor(ada, '2 min 1 s')
  assert.equal(await show(withCookie(browser, old)), 'no-session')
  assert.equal(await show(browser), '200')
})

test('every answer brings the new cookie, refusals too, but no stream; a background call may, and keeps nothing from idling', async () => {
  const browser = await signIn(deployment, ada)
  const due = () => shownFor(ada, '61 min')
  const stranger = `usr_${'0'.repeat(26)}`
  const link = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'menu',
    destination: { type: 'url', url: 'https://example.org/' },
  })
  const other = await signIn(deployment, ada)
  const answers: [string, () => Promise<{ status: number; headers: Headers }>, number][] = [
    ['a value', () => browser.try(contract.mySessions, {}), 200],
    ['no value', async () => browser.try(contract.endMySession, { id: (await other.call(contract.currentSession, {})).id }), 204],
    ['a refusal at the door', () => browser.try(contract.createUser, { username: 'nobody' }), 403],
    ['a refusal within', () => browser.try(contract.getUser, { id: stranger }), 404],
    ['an input that is not valid', () => browser.try(contract.listUsers, { limit: 1_000 }), 422],
    ['a file', () => browser.send('GET', `/api/codes/${link.id}/symbol.svg`), 200],
  ]
  for (const [what, answer, status] of answers) {
    await due()
    const old = current(browser)
    const { status: was, headers } = await answer()
    assert.equal(was, status, what)
    assert.ok(given({ headers }), what)
    assert.notEqual(current(browser), old, what)
    assert.equal(await show(browser), '200', what)
  }
  await due()
  const kept = current(browser)
  for (const path of ['/api/events/export?limit=1', '/api/events/stream']) {
    const stop = new AbortController()
    const stream = await browser.fetch('GET', path, { signal: stop.signal })
    assert.equal(stream.status, 200)
    assert.equal(lineOf(stream), undefined, path)
    stop.abort()
  }
  assert.equal(current(browser), kept)

  await changed(ada, `seen_at = now() - interval '10 min'`)
  const read = async () =>
    (
      await sql(
        `select seen_at from session where user_id = (select id from users where username = 'ada') and ended_at is null order by id desc limit 1`,
      )
    )[0]
  const seen = await read()
  const quiet = await browser.try(contract.currentSession, {}, { headers: { 'postern-background': 'true' } })
  assert.ok(given(quiet))
  await browser.try(contract.currentSession, {}, { headers: { 'postern-background': 'true' } })
  assert.deepEqual(await read(), seen)
  assert.equal(await show(browser), '200')
})

test('a copy of the cookie, of the one before or of a still older one ends the session, forces no new cookie, and is on record', async () => {
  const copies: Record<string, (browser: Browser, old: string) => Promise<string>> = {
    'of one that is due': async (browser) => {
      await shownFor(ada, '61 min')
      return current(browser)
    },
    'of the newest': async (browser) => current(browser),
    'of the one before, still good': async (_browser, old) => old,
    'of the one before, dead': async (_browser, old) => {
      await shownFor(ada, '10 min')
      return old
    },
    'of one that was changed four times': async (browser, old) => {
      for (let times = 0; times < 3; times++) {
        await shownFor(ada, '61 min')
        await browser.call(contract.currentSession, {})
        await browser.call(contract.currentSession, {})
      }
      return old
    },
  }
  for (const [what, copy] of Object.entries(copies)) {
    await changed(ada, `ended_at = now(), ended_why = 'test'`)
    const { browser, old } = await rotated(ada)
    await browser.call(contract.currentSession, {})
    const cookie = await copy(browser, old)
    // a link elsewhere carries it without anybody's script: that ends nothing
    const link = await raw(a.origin, 'GET', '/api/session', {
      headers: { cookie: `${name}=${cookie}`, 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'cross-site' },
    })
    assert.deepEqual([link.status, link.headers['set-cookie']], [401, undefined], what)
    assert.equal(await show(browser), '200', what)
    const { id } = await browser.call(contract.currentSession, {})
    const thief = thiefWith(cookie)
    const tried = await thief.try(contract.currentSession, {})
    assert.equal(said(tried), 'session-binding', what)
    assert.equal(given(tried), '', what)
    assert.equal(said(await thiefWith(cookie).try(contract.currentSession, {})), 'no-session', what)
    // its own browser is told why, whichever of the cookies it sends
    assert.equal(await show(withCookie(browser, cookie)), 'session-binding', what)
    assert.equal(await show(browser), 'session-binding', what)
    assert.equal(await show(browser), 'no-session', what)
    const [event] = (await olga.browser.call(contract.listEvents, { type: 'session.binding', limit: 1 })).items
    assert.deepEqual([event?.sessionId, event?.detail.ended, event?.outcome], [id, 'yes', 'denied'], what)
  }
})

const member = async (): Promise<Member & { browser: Browser; person: Person }> => {
  const made = await newPerson(deployment, olga, `member${++members}`)
  return { id: made.id, username: made.username, secret: made.secret, browser: made.browser, person: made }
}
let members = 0

test('whatever ends a session ends it for the cookie before, too', async () => {
  const edit = async (person: Person, roles: contract.Role[]) => {
    const { version } = await olga.browser.call(contract.getUser, { id: person.id })
    await olga.browser.call(contract.updateUser, { id: person.id, roles }, { headers: { 'if-match': `"${version}"` } })
  }
  const ends: Record<string, (person: Person, browser: Browser) => Promise<unknown>> = {
    'signing out': (_person, browser) => browser.call(contract.signOut, {}),
    'signing out with the cookie before': (_person, browser) => browser.call(contract.signOut, {}),
    'signing out everywhere else': async (person) => (await signIn(deployment, person)).call(contract.endMyOtherSessions, {}),
    'an operator who ends it': async (_person, browser) => {
      const { id } = await browser.call(contract.currentSession, {})
      return olga.browser.call(contract.endSession, { id })
    },
    suspension: (person) => olga.browser.call(contract.suspendUser, { id: person.id }),
    'off-boarding': (person) => olga.browser.call(contract.offboardUser, { id: person.id }),
    'another role': (person) => edit(person, ['auditor']),
    'idling out': (person) => changed(person, `seen_at = now() - interval '15 min 1 s'`),
    'its absolute end': (person) => changed(person, `expires_at = now()`),
    'a code that is revoked': async (person) => {
      await changed(person, `code_id = '${fromId(person.codeId)}'`)
      return olga.browser.call(contract.revokeCode, { id: person.codeId, reason: 'a photograph went round' })
    },
    'a device that is lost': async (person) => {
      await changed(person, `device_id = '${uuid7()}'`)
      return sql(
        `insert into device (id, user_id, name, credential_id, public_key, be, bs, aaguid, key_thumbprint, state, state_at)
         select s.device_id, s.user_id, 'phone', uuid_send(s.id), '', false, false, s.id, s.key_thumbprint, 'lost', now() from session s where s.device_id is not null and s.user_id = (select id from users where username = $1) limit 1`,
        [person.username],
      )
    },
    'another epoch': async (person) => changed(person, `epoch = epoch - 1`),
  }
  for (const [what, end] of Object.entries(ends)) {
    const { person } = await member()
    const { browser, old } = await rotated(person)
    // not shown yet, the most that an old cookie is good for
    assert.equal(await show(withCookie(browser, old)), '200', what)
    const keeps = new Map(browser.cookies)
    await end(person, what.includes('before') ? withCookie(browser, old) : browser)
    browser.cookies = keeps
    for (const origin of [a.origin, b.origin]) {
      assert.equal(await show(withCookie(browser, old, origin)), 'no-session', what)
      assert.equal(await show(withCookie(browser, current(browser), origin)), 'no-session', what)
    }
  }
})

/** Counts how often a session's hash was written. */
const counted = async (): Promise<(of: { username: string }) => Promise<number>> => {
  await sql(`create table if not exists hash_change (session_id uuid)`)
  await sql(
    `create or replace function note_hash() returns trigger language plpgsql as $$ begin insert into hash_change values (new.id); return new; end $$`,
  )
  await sql(
    `create or replace trigger note_hash after update of hash on session for each row when (old.hash <> new.hash) execute function note_hash()`,
  )
  return async ({ username }) =>
    deployment.count(
      `select count(*) from hash_change h join session s on s.id = h.session_id join users u on u.id = s.user_id where u.username = $1`,
      [username],
    )
}

test('twenty calls at once, over two processes, change the cookie once; all succeed, and what the browser holds is good', async () => {
  const changes = await counted()
  for (let round = 0; round < 8; round++) {
    const { person, browser } = await member()
    await shownFor(person, '61 min')
    const old = current(browser)
    const answers = await atOnce(
      20,
      (n) =>
        browser.at(at(n)).try(n % 3 === 0 ? contract.myFactors : contract.currentSession, {}) as Promise<
          Tried<contract.Endpoint>
        >,
    )
    assert.deepEqual(new Set(answers.map(said)), new Set(['200']))
    const cookies = new Set(answers.map(given).filter((cookie) => cookie !== undefined))
    assert.equal(cookies.size, 1)
    assert.equal(await changes(person), 1)
    assert.ok(cookies.has(current(browser)))
    assert.notEqual(current(browser), old)
    // again at once, some with either cookie
    const more = await atOnce(20, (n) =>
      withCookie(browser, n % 2 === 0 ? old : current(browser), at(n)).try(contract.currentSession, {}),
    )
    assert.deepEqual(new Set(more.map(said)), new Set(['200']))
    assert.equal(await changes(person), 1)
    await shownFor(person, '3 min')
    assert.equal(await show(browser), '200')
  }
})

test('answers in any order, and two minutes late: whichever writes the cookie last, the browser stays signed in for hours', async () => {
  const { person, browser } = await member()
  for (let hour = 0; hour < 9; hour++) {
    await shownFor(person, '61 min')
    await changed(person, `seen_at = now()`)
    const cookie = current(browser)
    const answers = []
    for (let n = 0; n < 6; n++) answers.push(await withCookie(browser, cookie, at(n)).try(contract.currentSession, {}))
    assert.deepEqual(new Set(answers.map(said)), new Set(['200']))
    const [late, ...soon] = answers.map(({ headers }) => headers.getSetCookie()).reverse()
    for (const lines of soon) {
      browser.keepCookies(lines)
      assert.equal(await show(browser), '200')
    }
    await shownFor(person, '2 min 5 s')
    browser.keepCookies(late ?? [])
    assert.equal(await show(browser), '200', String(hour))
    assert.notEqual(current(browser), cookie)
  }
})

test('live events go on over a change of the cookie, and end with the session', async () => {
  const auditor = await newPerson(deployment, olga, 'listener', ['auditor'])
  const stream = await liveStream(auditor.browser)
  await shownFor(auditor, '61 min')
  const old = current(auditor.browser)
  await auditor.browser.call(contract.currentSession, {})
  assert.notEqual(current(auditor.browser), old)
  await auditor.browser.call(contract.currentSession, {})
  await shownFor(auditor, '3 min')
  const { id } = await olga.browser.call(contract.createUser, { username: 'heard' })
  await stream.until((event) => event.subject?.id === id)
  await auditor.browser.call(contract.signOut, {})
  await stream.ended
})

test('a download that was asked for with the cookie before is fetched', async () => {
  await changed(ada, `ended_at = now(), ended_why = 'test'`)
  const browser = await signIn(deployment, ada, deployment.browser())
  const { url } = await browser.call(contract.createDownload, { path: '/api/events/export?limit=1' })
  await shownFor(ada, '61 min')
  await browser.call(contract.currentSession, {})
  await browser.call(contract.currentSession, {})
  await shownFor(ada, '3 min')
  assert.equal((await fetch(url.replace(/^http:\/\/[^/]+/, a.origin))).status, 200)
})

test('while a step-up is under way no cookie is changed, and a late answer to an old call does not take the new one back', async () => {
  const { person, browser } = await member()
  await browser.call(contract.stepUp, {})
  await shownFor(person, '61 min')
  const before = current(browser)
  const tab = withCookie(browser, before)
  assert.equal(lineOf(await tab.try(contract.currentSession, {})), undefined)
  await browser.call(contract.provePassword, { password: person.password })
  assert.equal(lineOf(await tab.try(contract.currentSession, {})), undefined)
  await forgetStep(deployment, person)
  await browser.call(contract.proveTotp, { code: passcode(person.secret) })
  assert.notEqual(current(browser), before)
  // another tab was asking with the cookie of the session that is over
  const late = await tab.try(contract.currentSession, {})
  assert.equal(said(late), 'no-session')
  assert.equal(lineOf(late), undefined)
  assert.equal(await show(browser), '200')
  // whoever is not its browser learns nothing by it, and has it taken back
  assert.equal(given(await thiefWith(before).try(contract.currentSession, {})), '')

  // the new cookie is on its way when the step-up begins: the old one goes on, the new session's is the last word
  await shownFor(person, '61 min')
  const held = current(browser)
  const lost = given(await withCookie(browser, held).try(contract.currentSession, {}))
  assert.ok(lost)
  browser.cookies.set(name, held)
  await browser.call(contract.stepUp, {})
  assert.equal(current(browser), lost)
  assert.equal(lineOf(await withCookie(browser, held).try(contract.currentSession, {})), undefined)
  await browser.call(contract.provePassword, { password: person.password })
  await forgetStep(deployment, person)
  await browser.call(contract.proveTotp, { code: passcode(person.secret) })
  assert.equal(await show(browser), '200')
})

test('an action that sets or clears the cookie has the last word over a new one', async () => {
  const { person, browser } = await member()
  await shownFor(person, '61 min')
  const out = await browser.try(contract.signOut, {})
  assert.equal(out.headers.getSetCookie().filter((line) => line.startsWith(`${name}=`)).length, 1)
  assert.equal(given(out), '')
  const again = await signIn(deployment, person, browser)
  await again.call(contract.startTotp, {})
  await shownFor(person, '61 min')
  const answer = await again.try(contract.startTotp, {})
  assert.ok(given(answer))
  const fresh = answer.value as { id: string; secret: string }
  await shownFor(person, '61 min')
  await forgetStep(deployment, person)
  const confirmed = await again.try(contract.confirmTotp, { id: fresh.id, code: passcode(fresh.secret) })
  assert.equal(confirmed.status, 200)
  assert.equal(confirmed.headers.getSetCookie().filter((line) => line.startsWith(`${name}=`)).length, 1)
  assert.equal(await show(again), '200')
})

/** Calls of one browser at both processes, with whatever it holds, while something ends its session. */
const racedBy = async (browser: Browser, end: () => Promise<unknown>): Promise<void> => {
  const cookies = new Set([current(browser)])
  let ended = false
  const caller = async (n: number) => {
    for (let late = 0; late < 4; ) {
      const sentAfter = ended
      const mine = withCookie(browser, [...cookies].at(-1 - (n % 2)) ?? current(browser), at(n))
      const tried = await mine.try(contract.currentSession, {})
      if (sentAfter) {
        late++
        assert.equal(said(tried), 'no-session')
      }
      if (mine.cookies.has(name)) cookies.add(current(mine))
    }
  }
  const callers = atOnce(4, caller)
  await end()
  ended = true
  await callers
  for (const cookie of cookies)
    for (const origin of [a.origin, b.origin]) assert.equal(await show(withCookie(browser, cookie, origin)), 'no-session')
}

test('a change of the cookie amid what ends the session saves none: sign-out, another role, suspension', async (t) => {
  const changes = await counted()
  let amid = 0
  const people = await crowd(deployment, 12, 'raced')
  const operator = olga.browser
  for (const [n, one] of people.entries()) {
    const browser = deployment.browser()
    await pendingSignIn(deployment, browser, one)
    await browser.call(contract.proveTotp, { code: passcode(one.secret) })
    const user = (await operator.call(contract.listUsers, { q: one.username })).items.find(
      ({ username }) => username === one.username,
    ) as contract.User
    await shownFor(one, '61 min')
    const leaver = withCookie(browser, current(browser), b.origin)
    await racedBy(browser, () =>
      n % 3 === 0
        ? leaver.call(contract.signOut, {})
        : n % 3 === 1
          ? operator.call(
              contract.updateUser,
              { id: user.id, roles: ['auditor'] },
              { headers: { 'if-match': `"${user.version}"` } },
            )
          : operator.call(contract.suspendUser, { id: user.id }),
    )
    assert.equal(await deployment.count(`select count(*) from session s where s.user_id = $1 and ended_at is null`, [one.id]), 0)
    amid += await changes(one)
  }
  t.diagnostic(`cookies changed amid the end: ${amid} of ${people.length}`)
  assert.ok(amid > 0)
})

test('nobody makes the next cookie, and cookies that were never given are nobody’s', async () => {
  const { browser, person } = await member()
  for (const made of [`${current(browser)}x`, current(browser).slice(1), current(browser).toUpperCase(), 'x'.repeat(4_000)]) {
    const tried = await withCookie(browser, made).try(contract.currentSession, {})
    assert.deepEqual([said(tried), given(tried)], ['no-session', ''])
  }
  // a cookie that was planted in somebody else's browser ends the planter's session, and is never theirs
  const victim = deployment.browser()
  victim.cookies.set(name, current(browser))
  await shownFor(person, '61 min')
  const planted = await victim.try(contract.currentSession, {})
  assert.deepEqual([said(planted), given(planted)], ['session-binding', ''])
  assert.equal(await show(browser), 'session-binding')
  assert.equal(cookiesOf(victim), '')
})
