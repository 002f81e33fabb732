import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword, atOnce, said } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import {
  claimKey,
  firstOperator,
  forgetStep,
  goodPassword,
  newPerson,
  type Person,
  partsOf,
  passcode,
  signIn,
} from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const otto = await newPerson(server, olga, 'otto', ['operator'])
const etagOf = async (id: string): Promise<string> =>
  (await olga.browser.try(contract.getUser, { id })).headers.get('etag') as string
const update = async (by: Person, id: string, change: Record<string, unknown>, etag?: string) =>
  by.browser.try(contract.updateUser, { id, ...change } as never, { headers: { 'if-match': etag ?? (await etagOf(id)) } })
const machineOf = async (maker: Person, scope: contract.Scope): Promise<Browser> => {
  const browser = server.browser()
  browser.bearer = (await maker.browser.call(contract.createToken, { name: `of ${maker.username}`, scopes: [scope] }))
    .token as string
  return browser
}

test('people are created, found, filtered and paged without loss', async () => {
  const names = Array.from({ length: 7 }, (_, at) => `page-${at}`)
  for (const username of names)
    await olga.browser.call(contract.createUser, {
      username,
      displayName: `Page ${username.slice(5)} Ünique`,
      email: `${username}@Example.org`,
    })
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page: contract.Out<typeof contract.listUsers> = await olga.browser.call(contract.listUsers, {
      limit: 3,
      ...(cursor ? { cursor } : {}),
    })
    assert.ok(page.items.length <= 3)
    seen.push(...page.items.map(({ username }) => username))
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  assert.deepEqual(seen, [...new Set(seen)].sort())
  for (const name of names) assert.ok(seen.includes(name))
  const found = async (filter: contract.CallIn<typeof contract.listUsers>) =>
    (await olga.browser.call(contract.listUsers, filter)).items.map(({ username }) => username)
  assert.deepEqual(await found({ q: 'PAGE-3' }), ['page-3'])
  assert.deepEqual(await found({ q: 'page-4@example' }), ['page-4'])
  assert.deepEqual(await found({ q: 'page 5 ünique' }), ['page-5'])
  assert.deepEqual(await found({ q: '%' }), [])
  assert.deepEqual(await found({ q: 'page_3' }), [])
  assert.deepEqual(await found({ role: 'operator' }), ['otto'])
  assert.deepEqual(await found({ state: 'suspended' }), [])
  assert.ok((await found({ due: 'true' })).includes('page-0'))
  for (const bad of [{ limit: 0 }, { limit: 201 }, { state: 'pending' }, { surprise: 1 }])
    assert.equal(said(await olga.browser.try(contract.listUsers, bad as never)), 'invalid-request', JSON.stringify(bad))
})

test('a name is taken once in every spelling, also by parallel calls, and stays taken by who left', async () => {
  const answers = await Promise.all(
    ['Twin', 'twin', 'TWIN', 'ｔｗｉｎ', 'tWin'].map((username) => olga.browser.try(contract.createUser, { username })),
  )
  assert.equal(answers.filter(({ status }) => status === 201).length, 1)
  assert.ok(
    answers
      .filter(({ status }) => status !== 201)
      .every((each) => said(each) === 'conflict' && each.problem.errors?.[0]?.path === 'username'),
  )
  const gone = await olga.browser.call(contract.createUser, { username: 'leaver' })
  await olga.browser.call(contract.offboardUser, { id: gone.id })
  assert.equal(said(await olga.browser.try(contract.createUser, { username: 'Leaver' })), 'conflict')
  for (const username of [
    'x',
    '',
    ' ',
    '-dash',
    'a b',
    'a/b',
    'a:b',
    '<b>',
    'a\u202eb',
    'x'.repeat(65),
    'a\u0000b',
    'null\r\nbyte',
  ])
    assert.equal(said(await olga.browser.try(contract.createUser, { username })), 'invalid-request', JSON.stringify(username))
})

test('nobody gives more rights than they have, and only an owner changes roles (threat 49)', async () => {
  assert.equal(said(await otto.browser.try(contract.createUser, { username: 'up', roles: ['owner'] })), 'not-allowed')
  assert.equal(said(await otto.browser.try(contract.createUser, { username: 'level', roles: ['operator'] })), '201')
  const plain = await olga.browser.call(contract.createUser, { username: 'plain' })
  assert.equal(said(await update(otto, plain.id, { roles: ['auditor'] })), 'not-allowed')
  assert.equal(said(await update(otto, plain.id, { roles: ['user'], displayName: 'Plain' })), '200')
  assert.equal(said(await update(otto, olga.id, { displayName: 'x' })), 'not-allowed')
  for (const endpoint of [contract.suspendUser, contract.offboardUser, contract.unlockUser, contract.resumeUser])
    assert.equal(said(await otto.browser.try(endpoint, { id: olga.id })), 'not-allowed')
  assert.equal(said(await otto.browser.try(contract.createToken, { name: 'x', scopes: ['owner'] as never })), 'invalid-request')
  const auditor = await newPerson(server, olga, 'reader', ['auditor'])
  assert.equal(said(await auditor.browser.try(contract.createToken, { name: 'x', scopes: ['auditor'] })), 'not-allowed')
})

test('an update names the version that was read', async () => {
  const user = await olga.browser.call(contract.createUser, { username: 'versioned', email: 'a@example.org' })
  const etag = await etagOf(user.id)
  assert.equal(said(await olga.browser.try(contract.updateUser, { id: user.id, displayName: 'A' })), 'if-match-missing')
  const answers = await Promise.all([
    update(olga, user.id, { displayName: 'One' }, etag),
    update(olga, user.id, { displayName: 'Two' }, etag),
  ])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412])
  assert.equal(said(await update(olga, user.id, { displayName: 'Three' }, etag)), 'precondition-failed')
  const cleared = await update(olga, user.id, { email: null })
  assert.equal(cleared.value.email, null)
  assert.equal(cleared.headers.get('etag'), await etagOf(user.id))
})

test('what is saved as it was is no change, and no event; its version is asked for all the same', async () => {
  const user = await olga.browser.call(contract.createUser, { username: 'same', displayName: 'Same', roles: ['auditor'] })
  const etag = await etagOf(user.id)
  const changes = async () =>
    (await olga.browser.call(contract.listEvents, { userId: user.id, type: 'user.updated', outcome: 'success' })).items.map(
      ({ detail }) => detail.changed,
    )
  const same = { displayName: 'Same', email: null, roles: ['auditor'] }
  assert.deepEqual(said(await update(olga, user.id, same, etag)), '200')
  assert.equal(await etagOf(user.id), etag)
  assert.deepEqual(await changes(), [])
  // of a form that sends all its fields the record names what is another now
  assert.equal(said(await update(olga, user.id, { ...same, displayName: 'Other' }, etag)), '200')
  assert.deepEqual(await changes(), [['displayName']])
  assert.equal(said(await update(olga, user.id, { ...same, displayName: 'Other' }, etag)), 'precondition-failed')
})

/** Everything that somebody may have open at the moment they are stopped. */
const inAllTheirWays = async (person: Person) => {
  const session = await signIn(server, person)
  const half = await afterPassword(server.browser(), person)
  await session.call(contract.stepUp, {})
  await session.call(contract.provePassword, { password: person.password })
  const token = await machineOf(person, 'operator')
  const { url } = await session.call(contract.createDownload, { path: '/api/events/export?limit=1' })
  const unclaimed = partsOf((await session.call(contract.enrolAnotherPhone, { factor: 'totp' })).code.url as string)
  const issued = (await olga.browser.call(contract.enrolUser, { id: person.id, factor: 'totp' })).code
  const phone = server.browser()
  const claimed = await claimKey(phone, partsOf(issued.url as string))
  const code = passcode(person.secret)
  return async (): Promise<Record<string, string>> => {
    await forgetStep(server, person)
    const fresh = server.browser()
    await fresh.call(contract.openSignIn, {})
    return {
      session: said(await session.try(contract.currentSession, {})),
      'sign-in in flight': said(await half.try(contract.proveTotp, { code })),
      'recovery code': said(await half.try(contract.proveRecoveryCode, { code: person.recoveryCodes[0] as string })),
      'step-up in flight': said(await session.try(contract.proveTotp, { code })),
      password: said(await fresh.try(contract.provePassword, { username: person.username, password: person.password })),
      token: said(await token.try(contract.listUsers, {})),
      download: String((await fetch(url)).status),
      'open code': said(await server.browser().try(contract.claimCode, unclaimed)),
      'claim in flight': said(
        await phone.try(contract.confirmEnrolment, {
          confirm: claimed.confirm,
          code: passcode(claimed.secret),
          currentPassword: person.password,
          signIn: true,
        }),
      ),
      'claim again': said(await phone.try(contract.claimCode, partsOf(issued.url as string))),
    }
  }
}
const allDead = (answers: Record<string, string>): void => {
  assert.deepEqual(answers, {
    session: 'no-session',
    'sign-in in flight': 'conflict',
    'recovery code': 'conflict',
    'step-up in flight': 'conflict',
    password: 'factor-wrong',
    token: 'no-session',
    download: '404',
    'open code': 'code-revoked',
    'claim in flight': answers['claim in flight'] === 'code-used' ? 'code-used' : 'code-revoked',
    'claim again': answers['claim again'] === 'code-used' ? 'code-used' : 'code-revoked',
  })
}

test('a suspension ends every path of a person in one act, and resume brings back what they had', async () => {
  const person = await newPerson(server, olga, 'stopped', ['operator'])
  const attempt = await inAllTheirWays(person)
  const suspended = await olga.browser.call(contract.suspendUser, { id: person.id, reason: 'left the desk' })
  assert.equal(suspended.state, 'suspended')
  assert.equal(suspended.openSessions, 0)
  allDead(await attempt())
  assert.equal(said(await olga.browser.try(contract.enrolUser, { id: person.id, factor: 'totp' })), 'conflict')
  assert.equal(said(await olga.browser.try(contract.suspendUser, { id: person.id })), 'conflict')
  await server.sql(`update attempt set failures = 0, open_at = '-infinity'`)

  await olga.browser.call(contract.resumeUser, { id: person.id })
  assert.equal(said(await olga.browser.try(contract.resumeUser, { id: person.id })), 'conflict')
  await signIn(server, person)
  // what was ended stays ended
  const after = await attempt()
  assert.equal(after.session, 'no-session')
  assert.equal(after['sign-in in flight'], 'conflict')
  assert.equal(after.download, '404')
  assert.equal(after['open code'], 'code-revoked')
})

test('off-boarding ends every path, factors and tokens too, for good', async () => {
  const person = await newPerson(server, olga, 'left', ['operator'])
  const attempt = await inAllTheirWays(person)
  const gone = await olga.browser.call(contract.offboardUser, { id: person.id, reason: 'left the company' })
  assert.equal(gone.state, 'offboarded')
  assert.deepEqual(gone.factors, { password: false, totp: false, devices: 0, recoveryCodesLeft: 0 })
  const answers = await attempt()
  allDead({ ...answers, 'open code': answers['open code'] as string })
  for (const endpoint of [contract.resumeUser, contract.suspendUser, contract.offboardUser])
    assert.equal(said(await olga.browser.try(endpoint, { id: person.id })), 'conflict')
  assert.equal(said(await olga.browser.try(contract.enrolUser, { id: person.id, factor: 'totp' })), 'conflict')
  assert.equal(said(await update(olga, person.id, { displayName: 'x' })), 'conflict')
  assert.deepEqual(
    await server.sql(`select 1 from totp t join users u on u.id = t.user_id where u.username = 'left' and sealed is not null`),
    [],
  )
  const { items } = await olga.browser.call(contract.listEvents, {
    type: 'user.offboarded',
    userId: person.id,
    outcome: 'success',
  })
  assert.deepEqual(items[0]?.detail.factors, ['totp', 'password', 'recovery-codes'])
  assert.equal(items[0]?.detail.tokens, 1)
  assert.ok((await olga.browser.call(contract.listTokens, {})).items.find(({ createdBy }) => createdBy === 'left')?.revokedAt)
})

test('a stream that is open ends with the session that opened it', async () => {
  const person = await newPerson(server, olga, 'watcher', ['auditor'])
  const response = await person.browser.fetch('GET', '/api/events/stream')
  assert.equal(response.status, 200)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  await olga.browser.call(contract.suspendUser, { id: person.id })
  await olga.browser.call(contract.createUser, { username: 'after-the-end' })
  let text = ''
  const limit = Date.now() + 5_000
  for (;;) {
    const { done, value } = await Promise.race([
      reader.read().catch(() => ({ done: true, value: undefined })),
      new Promise<{ done: false; value: undefined }>((resolve) =>
        setTimeout(() => resolve({ done: false, value: undefined }), 5_000).unref(),
      ),
    ])
    if (value) text += new TextDecoder().decode(value)
    if (done) break
    assert.ok(Date.now() < limit, 'the stream goes on after the suspension')
  }
  assert.ok(!text.includes('user.created'))
})

test('the last owner who can sign in stays: nobody suspends, demotes or off-boards them, also two at once', async () => {
  for (const endpoint of [contract.suspendUser, contract.offboardUser]) {
    const refused = await olga.browser.try(endpoint, { id: olga.id })
    assert.equal(said(refused), 'conflict')
  }
  assert.equal(said(await update(olga, olga.id, { roles: ['operator'] })), 'conflict')
  // an owner without a second factor does not count
  await olga.browser.call(contract.createUser, { username: 'paper-owner', roles: ['owner'] })
  assert.equal(said(await olga.browser.try(contract.suspendUser, { id: olga.id })), 'conflict')
  assert.equal(said(await olga.browser.try(contract.currentSession, {})), '200')

  for (const [round, act] of [
    (by: Person, whom: Person) => by.browser.try(contract.suspendUser, { id: whom.id }),
    (by: Person, whom: Person) => by.browser.try(contract.offboardUser, { id: whom.id }),
    (by: Person, whom: Person) => update(by, whom.id, { roles: ['user'] }),
  ].entries()) {
    const own = await startServer()
    const one = await firstOperator(own, 'one')
    const two = await newPerson(own, one, 'two', ['owner'])
    const etags = new Map<string, string>()
    for (const id of [one.id, two.id])
      etags.set(id, (await one.browser.try(contract.getUser, { id })).headers.get('etag') as string)
    const change = (by: Person, whom: Person) =>
      round === 2
        ? by.browser.try(
            contract.updateUser,
            { id: whom.id, roles: ['user'] },
            { headers: { 'if-match': etags.get(whom.id) as string } },
          )
        : act(by, whom)
    const answers = await Promise.all([change(one, two), change(two, one)])
    assert.equal(answers.filter(({ status }) => status === 200).length, 1, answers.map((each) => said(each as never)).join())
    const left = await own.sql(
      `select 1 from users u join user_role r on r.user_id = u.id and r.role = 'owner' where u.state = 'active'`,
    )
    assert.equal(left.length, 1)
    await own.close()
  }
})

test('a token is never more than its maker: demoted, suspended or off-boarded makers take it along', async () => {
  const maker = await newPerson(server, olga, 'maker', ['operator'])
  const token = await machineOf(maker, 'operator')
  const reading = await machineOf(maker, 'auditor')
  assert.equal(said(await token.try(contract.createUser, { username: 'by-token' })), '201')
  await update(olga, maker.id, { roles: ['auditor'] })
  assert.equal(said(await token.try(contract.listUsers, {})), 'no-session')
  assert.equal(said(await reading.try(contract.listUsers, {})), '200')
  await update(olga, maker.id, { roles: ['user'] })
  assert.equal(said(await reading.try(contract.listUsers, {})), 'no-session')
})

test('a token is stored as a hash, ends by time and by revocation, and its uses are on record', async () => {
  const { id, token } = await olga.browser.call(contract.createToken, { name: 'watched', scopes: ['auditor'], expiresInDays: 1 })
  assert.match(token as string, /^pst_[\w-]{49}$/)
  const machine = server.browser()
  machine.bearer = token as string
  assert.equal(said(await machine.try(contract.listUsers, {})), '200')
  const rows = JSON.stringify(await server.sql(`select t::text as row from service_token t`))
  assert.ok(!rows.includes(token as string) && !rows.includes((token as string).slice(4, 47)))
  const used = await olga.browser.call(contract.listEvents, { type: 'token.used', limit: 1 })
  assert.equal(used.items[0]?.actor.name, 'watched')
  assert.ok((await olga.browser.call(contract.listTokens, {})).items.find((each) => each.id === id)?.lastUsedAt)
  for (const wrong of [
    `${token}x`,
    (token as string).slice(0, -1),
    `pst_${'A'.repeat(49)}`,
    'pst_',
    'x',
    (token as string).toUpperCase(),
  ]) {
    const other = server.browser()
    other.bearer = wrong
    assert.equal(said(await other.try(contract.listUsers, {})), 'no-session', wrong)
  }
  await server.sql(`update service_token set expires_at = now() where name = 'watched'`)
  assert.equal(said(await machine.try(contract.listUsers, {})), 'no-session')
  await server.sql(`update service_token set expires_at = now() + interval '1 day' where name = 'watched'`)
  assert.equal(said(await machine.try(contract.listUsers, {})), '200')
  await otto.browser.call(contract.revokeToken, { id })
  assert.equal(said(await machine.try(contract.listUsers, {})), 'no-session')
  assert.equal(said(await otto.browser.try(contract.revokeToken, { id: `tok_${'0'.repeat(26)}` })), 'not-found')
})

test('what a token says of itself is what its row says at that moment, however often it was read before', async () => {
  const { id, token } = await olga.browser.call(contract.createToken, { name: 'steady', scopes: ['operator'], expiresInDays: 1 })
  const machine = server.browser()
  machine.bearer = token as string
  const itself = () => machine.call(contract.currentToken, {})
  const listed = async () => (await olga.browser.call(contract.listTokens, {})).items.find((each) => each.id === id)
  await itself()
  for (let n = 0; n < 2; n++) assert.deepEqual(await itself(), await listed())
  assert.equal(said(await machine.try(contract.createUser, { username: 'by-steady' })), '201')
  await server.sql(
    `update service_token set scopes = '{auditor}', name = 'narrowed', last_used_at = '2026-01-02 03:04:05.678901Z' where name = 'steady'`,
  )
  assert.equal(said(await machine.try(contract.createUser, { username: 'by-narrowed' })), 'not-allowed')
  const narrowed = await itself()
  assert.deepEqual([narrowed.name, narrowed.scopes], ['narrowed', ['auditor']])
  assert.deepEqual(narrowed, await listed())
})

test('Idempotency-Key: a repeat gets the same answer, also in parallel; another body 409; late without secrets; nobody else’s', async () => {
  const create = (by: Browser, username: string, key = 'key-1') =>
    by.try(contract.createUser, { username }, { headers: { 'idempotency-key': key } })
  const first = await create(olga.browser, 'idem')
  const again = await create(olga.browser, 'idem')
  assert.equal(again.status, 201)
  assert.deepEqual(again.value, first.value)
  assert.equal(said(await create(olga.browser, 'idem-other')), 'conflict')
  assert.equal(said(await create(otto.browser, 'idem')), 'conflict')
  const many = await atOnce(8, () => create(olga.browser, 'idem-many', 'key-2'))
  assert.equal(new Set(many.map(({ value }) => value.id)).size, 1, JSON.stringify(many.map(said)))
  // a refusal is not kept: what was wrong can be put right
  assert.equal(said(await create(olga.browser, 'idem', 'key-3')), 'conflict')
  assert.equal(said(await create(olga.browser, 'idem-new', 'key-3')), '201')
  assert.equal(said(await create(olga.browser, 'idem-long', 'k'.repeat(201))), 'invalid-request')

  const enrol = () =>
    olga.browser.try(contract.enrolUser, { id: first.value.id, factor: 'totp' }, { headers: { 'idempotency-key': 'code-1' } })
  const code = await enrol()
  assert.deepEqual((await enrol()).value, code.value)
  const [row] = (await server.sql(
    `select count(*)::int as n from code where user_id = (select id from users where username = 'idem')`,
  )) as unknown as { n: number }[]
  assert.equal(row?.n, 1)
  const kept = JSON.stringify(await server.sql(`select t::text as row from idempotency t`))
  assert.ok(!kept.includes(partsOf(code.value.code.url as string).secret) && !kept.includes('idem-many'))
  await server.sql(`update idempotency set full_until = now()`)
  const late = await enrol()
  assert.equal(late.status, 201)
  assert.deepEqual(late.value.code, { id: code.value.code.id, expiresAt: code.value.code.expiresAt })
  const made = async () =>
    olga.browser.try(contract.createToken, { name: 'idem', scopes: ['auditor'] }, { headers: { 'idempotency-key': 'token-1' } })
  const token = await made()
  await server.sql(`update idempotency set full_until = now()`)
  assert.deepEqual((await made()).value, { id: token.value.id, expiresAt: token.value.expiresAt })
  await server.sql(`update idempotency set expires_at = now()`)
  assert.notEqual((await made()).value.id, token.value.id)
  // who lost the right meanwhile gets nothing repeated
  const fading = await newPerson(server, olga, 'fading', ['operator'])
  assert.equal(said(await create(fading.browser, 'by-fading', 'f')), '201')
  await server.sql(`update user_role set role = 'auditor' where user_id = (select id from users where username = 'fading')`)
  assert.equal(said(await create(fading.browser, 'by-fading', 'f')), 'not-allowed')
})

test('names with markup or controls stay data, and a person who never enrolled cannot sign in', async () => {
  const user = await olga.browser.call(contract.createUser, {
    username: 'marked',
    displayName: '<img src=x onerror=alert(1)>\r\n=cmd()',
  })
  const shown = await olga.browser.send('GET', `/api/users/${user.id}`)
  assert.match(shown.headers.get('content-type') ?? '', /^application\/json/)
  assert.equal((shown.body as { displayName: string }).displayName, '<img src=x onerror=alert(1)>\r\n=cmd()')
  const browser = server.browser()
  await browser.call(contract.openSignIn, {})
  assert.equal(said(await browser.try(contract.provePassword, { username: 'marked', password: goodPassword })), 'factor-wrong')
})
