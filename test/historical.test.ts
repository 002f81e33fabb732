import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { base32 } from '../server/src/features/totp/index.ts'
import { toId } from '../server/src/platform/ids.ts'
import { atOnce, said, tallied } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import { crowd, pendingSignIn } from './support/crowd.ts'
import { startDeployment } from './support/deployment.ts'
import {
  enrolByCode,
  firstOperator,
  forgetStep,
  newPerson,
  type Person,
  partsOf,
  passcode,
  signIn,
  tryClaimKey,
} from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const otto = await newPerson(server, olga, 'otto', ['operator'])
const audrey = await newPerson(server, olga, 'audrey', ['auditor'])

let made = 0
/** A person with an open code; `claimed`: in another browser, so that a key waits. */
const waiting = async (by: Person = olga, roles: contract.Role[] = ['user']) => {
  const user = await olga.browser.call(contract.createUser, { username: `waits${++made}`, roles })
  const { code } = await by.browser.call(contract.enrolUser, { id: user.id, factor: 'totp', expiresInMinutes: 1_440 })
  const browser = server.browser()
  return {
    user,
    code,
    browser,
    claim: () => tryClaimKey(browser, partsOf(code.url as string)),
  }
}
const list = (filter: contract.CallIn<typeof contract.listHistorical> = {}, by = olga) =>
  by.browser.call(contract.listHistorical, { limit: 200, ...filter })
/** A secret as another product would have made it. */
const foreignSecret = (bytes: number): string => base32(randomBytes(bytes))
const renewal = async (browser: Browser): Promise<string | undefined> => (await browser.call(contract.currentSession, {})).renewal

test('the list holds codes and keys by age, says how each came, and nothing that is secret', async () => {
  const open = await waiting()
  const claimed = await waiting()
  const key = (await claimed.claim()).value
  const { items } = await list({}, audrey)
  assert.deepEqual(
    items.map(({ createdAt }) => createdAt),
    items.map(({ createdAt }) => createdAt).sort(),
  )
  const of = (userId: string) => items.filter(({ user }) => user?.id === userId)
  assert.deepEqual(
    of(open.user.id).map(({ kind, state, origin, codeId }) => [kind, state, origin, codeId]),
    [['code', 'live', 'postern', open.code.id]],
  )
  assert.deepEqual(
    of(claimed.user.id).map(({ kind, state, codeId }) => [kind, state, codeId]),
    [
      ['code', 'used', claimed.code.id],
      ['key', 'pending', claimed.code.id],
    ],
  )
  const [ottos] = items.filter(({ user, kind }) => user?.username === 'otto' && kind === 'key')
  assert.deepEqual([ottos?.state, ottos?.codeId, ottos?.lastUsedAt, ottos?.renewBy], ['active', otto.codeId, null, null])
  assert.ok(ottos?.confirmedAt)
  const text = JSON.stringify(items)
  for (const secret of [key.secret, otto.secret, partsOf(open.code.url as string).secret]) assert.ok(!text.includes(secret))

  // each filter, against the whole list
  const whole = items.map(({ id }) => id)
  const [pending, rest] = [await list({ pending: 'true' }), await list({ pending: 'false' })]
  assert.ok(pending.items.every(({ state }) => ['live', 'not-yet-valid', 'pending'].includes(state)))
  assert.deepEqual([...pending.items, ...rest.items].map(({ id }) => id).sort(), [...whole].sort())
  const [unused, used] = [await list({ neverUsed: 'true' }), await list({ neverUsed: 'false' })]
  assert.equal(unused.items.length + used.items.length, whole.length)
  await signIn(server, otto)
  assert.ok((await list({ neverUsed: 'false', kind: 'key' })).items.some(({ user }) => user?.username === 'otto'))
  assert.deepEqual((await list({ origin: 'imported' })).items, [])
  assert.ok((await list({ kind: 'code' })).items.every(({ kind }) => kind === 'code'))
  assert.equal((await list({ olderThanMinutes: 60 })).items.length, 0)
  await server.sql(
    `update totp set created_at = now() - interval '61 min' where user_id = (select id from users where username = 'otto')`,
  )
  assert.deepEqual(
    (await list({ olderThanMinutes: 60 })).items.map(({ user }) => user?.username),
    ['otto'],
  )
  // pages
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await olga.browser.call(contract.listHistorical, { limit: 3, ...(cursor ? { cursor } : {}) })
    assert.ok(page.items.length <= 3)
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  assert.deepEqual(seen, whole)
  assert.equal(said(await olga.browser.try(contract.listHistorical, { cursor: 'nonsense' })), 'invalid-request')

  const counts = await olga.browser.call(contract.countHistorical, {})
  assert.deepEqual([counts.openCodes, counts.pendingKeys, counts.activeKeys, counts.importedKeys], [1, 1, 3, 0])
})

test('a purge ends what waits, never an active key, is counted first, and is on record with everybody it reached', async () => {
  const ready = (await newPerson(server, olga, 'ready')).username
  const open = await waiting()
  const claimed = await waiting()
  const opened = (await claimed.claim()).value
  const kinds: ('codes' | 'keys')[] = ['codes', 'keys']
  const counts = await olga.browser.call(contract.countHistorical, {})
  const dry = await olga.browser.call(contract.purgeHistorical, { kinds, dryRun: true })
  assert.deepEqual([dry.codes, dry.keys, dry.left, dry.kept], [counts.openCodes, counts.pendingKeys, 0, 0])
  assert.ok(dry.codes >= 1 && dry.keys >= 1)
  assert.deepEqual(await olga.browser.call(contract.countHistorical, {}), counts)

  // nobody but an operator who has just authenticated
  assert.equal(said(await audrey.browser.try(contract.purgeHistorical, { kinds, reason: 'x' })), 'not-allowed')
  await server.sql(
    `update session set proved_at = now() - interval '6 min' where user_id = (select id from users where username = 'olga')`,
  )
  assert.equal(said(await olga.browser.try(contract.purgeHistorical, { kinds, reason: 'x' })), 'step-up-required')
  await server.sql(`update session set proved_at = now()`)
  const { token } = await olga.browser.call(contract.createToken, { name: 'machine', scopes: ['operator'] })
  const machine = server.browser()
  machine.bearer = token as string
  assert.equal(said(await machine.try(contract.purgeHistorical, { kinds, reason: 'x' })), 'step-up-required')
  const silent = await olga.browser.try(contract.purgeHistorical, { kinds })
  assert.deepEqual([said(silent), silent.problem.errors?.[0]?.path], ['invalid-request', 'reason'])

  // young things stay where an age is given
  const young = await olga.browser.call(contract.purgeHistorical, { kinds, olderThanMinutes: 60, reason: 'nothing that old' })
  assert.deepEqual([young.codes, young.keys], [0, 0])

  const purged = await olga.browser.call(contract.purgeHistorical, { kinds, reason: 'old handouts' })
  assert.deepEqual({ ...purged, dryRun: true }, dry)
  assert.equal(said(await open.claim()), 'code-revoked')
  const late = await claimed.browser.try(contract.confirmEnrolment, {
    confirm: opened.confirm,
    code: passcode(opened.secret),
    password: 'violet harbour walks 42 kilometres',
  })
  assert.equal(said(late), 'code-used')
  assert.equal((await list({ pending: 'true' })).items.length, 0)
  assert.ok((await olga.browser.call(contract.listUsers, { q: ready })).items[0]?.factors.totp)
  const events = await olga.browser.call(contract.listEvents, { type: 'historical.,code.revoked,enrolment.purged', limit: 50 })
  const whole = events.items.find(({ type, detail }) => type === 'historical.purged' && detail.codes === purged.codes)
  assert.deepEqual([whole?.outcome, whole?.detail.keys], ['success', purged.keys])
  const about = (userId: string, type: string) => events.items.filter((each) => each.type === type && each.subject?.id === userId)
  assert.equal(about(open.user.id, 'code.revoked')[0]?.codeId, open.code.id)
  assert.equal(about(claimed.user.id, 'enrolment.purged')[0]?.codeId, claimed.code.id)
})

test('an operator’s purge leaves what is of an owner, and says so', async () => {
  const owners = await waiting(olga, ['owner'])
  const users = await waiting()
  const purged = await otto.browser.call(contract.purgeHistorical, { kinds: ['codes', 'keys'], reason: 'mine only' })
  assert.deepEqual([purged.codes, purged.kept], [1, 1])
  assert.equal(said(await users.claim()), 'code-revoked')
  assert.equal(said(await owners.claim()), '200')
})

test('of a purge and a claim at once one wins: no code is both claimed and purged', async () => {
  for (let round = 0; round < 6; round++) {
    const people = await Promise.all(Array.from({ length: 4 }, () => waiting()))
    const [purged, ...claims] = await Promise.all([
      olga.browser.try(contract.purgeHistorical, { kinds: ['codes'], reason: 'a race' }),
      ...people.map(({ claim }) => claim()),
    ])
    assert.equal(purged.status, 200)
    const won = claims.filter(({ status }) => status === 200).length
    const revoked = await server.sql(
      `select count(*)::int as n from code where id in (select id from code order by id desc limit 4) and revoked_at is not null`,
    )
    assert.equal(won + Number(revoked[0]?.n), 4, JSON.stringify(tallied(claims.map(said))))
    await olga.browser.call(contract.purgeHistorical, { kinds: ['keys'], reason: 'a race' })
  }
})

test('who is to re-enrol meets the wizard from that date on; the old key works until the new one is confirmed', async () => {
  const rita = await newPerson(server, olga, 'rita')
  const ruth = await newPerson(server, olga, 'ruth')
  const soon = new Date(Date.now() + 3_600_000).toISOString()
  const bare = await olga.browser.call(contract.createUser, { username: 'bare' })
  const unknown = `usr_${'0'.repeat(26)}`
  const userIds = [rita.id, ruth.id, bare.id, unknown]
  const dry = await olga.browser.call(contract.reEnrolUsers, { userIds, from: soon, dryRun: true })
  assert.deepEqual([dry.people, dry.skipped.map(({ why }) => why).sort()], [2, ['no-key', 'unknown']])
  assert.equal((await olga.browser.call(contract.getUser, { id: rita.id })).totpKey?.renewBy, null)

  const done = await olga.browser.call(contract.reEnrolUsers, { userIds, from: soon, reason: 'a shared folder was found' })
  assert.deepEqual({ ...done, dryRun: true }, dry)
  const seen = await olga.browser.call(contract.getUser, { id: rita.id })
  assert.deepEqual([seen.totpKey?.renewBy, seen.totpKey?.renewalDue], [soon, false])
  assert.equal((await rita.browser.call(contract.myFactors, {})).totp?.renewBy, soon)
  assert.equal(await renewal(rita.browser), undefined)
  await olga.browser.call(contract.reEnrolUsers, {
    userIds: [rita.id],
    from: new Date(Date.now() - 1_000).toISOString(),
    reason: 'now',
  })
  assert.equal(await renewal(rita.browser), 'totp')
  assert.equal(await renewal(ruth.browser), undefined)
  assert.deepEqual(
    (await olga.browser.call(contract.listUsers, { due: 'true', limit: 200 })).items
      .filter(({ totpKey }) => totpKey)
      .map(({ username }) => username),
    ['rita'],
  )
  assert.deepEqual(
    (await list({ due: 'true' })).items.map(({ user }) => user?.username),
    ['rita'],
  )

  // a fresh sign-in says so too, and the wizard's pending key does not end the old one
  await forgetStep(server, rita)
  const browser = server.browser()
  await browser.call(contract.openSignIn, {})
  await browser.call(contract.provePassword, { username: 'rita', password: rita.password })
  const { signIn: complete } = await browser.call(contract.proveTotp, { code: passcode(rita.secret) })
  assert.deepEqual([complete.state, complete.renewal], ['complete', 'totp'])
  const fresh = await browser.call(contract.startTotp, {})
  await signIn(server, rita)
  await forgetStep(server, rita)
  await browser.call(contract.confirmTotp, { id: fresh.id, code: passcode(fresh.secret) })
  assert.equal(await renewal(browser), undefined)
  await assert.rejects(signIn(server, rita))
  await signIn(server, { ...rita, secret: fresh.secret })
  assert.equal((await olga.browser.call(contract.getUser, { id: rita.id })).totpKey?.renewBy, null)

  // taken back
  await olga.browser.call(contract.reEnrolUsers, { userIds: [ruth.id], from: null, reason: 'not hers' })
  assert.equal((await olga.browser.call(contract.getUser, { id: ruth.id })).totpKey?.renewBy, null)

  const { items } = await olga.browser.call(contract.listEvents, { type: 'enrolment.demanded', userId: rita.id })
  assert.deepEqual(items.map(({ detail }) => detail.from).at(-1), soon)
})

test('while enrolment is off nobody is asked to renew what they could not (R5)', async () => {
  const rosa = await newPerson(server, olga, 'rosa')
  const past = new Date(Date.now() - 1_000).toISOString()
  await olga.browser.call(contract.reEnrolUsers, { userIds: [rosa.id], from: past, reason: 'due' })
  assert.equal(await renewal(rosa.browser), 'totp')
  const [before] = await server.sql(`select second_factor_roles as roles from authentication_settings`)
  await server.sql(`update authentication_settings set enrolment = false, second_factor_roles = '{}'`)
  assert.equal(await renewal(rosa.browser), undefined)
  assert.equal(
    said(await olga.browser.try(contract.reEnrolUsers, { userIds: [rosa.id], from: past, reason: 'due' })),
    'enrolment-off',
  )
  await server.sql(`update authentication_settings set enrolment = true, second_factor_roles = $1`, [before?.roles])
})

test('by a filter, with fresh codes at once; forms that cannot be are refused at the field', async () => {
  const members = await crowd(server, 3, 'crowd')
  await server.sql(`update totp set created_at = now() - interval '400 days' where user_id = any ($1::uuid[])`, [
    members.map(({ id }) => id),
  ])
  const from = new Date(Date.now() + 86_400_000).toISOString()
  const filter = { olderThanMinutes: 365 * 1_440 }
  const headers = { 'idempotency-key': 'once-and-again' }
  const ask = { filter, from, reason: 'a year old', codes: { expiresInMinutes: 60 } }
  const done = await olga.browser.call(contract.reEnrolUsers, ask, { headers })
  assert.deepEqual([done.people, done.codes?.length], [3, 3])
  // a lost answer is sent again, and nothing happens twice
  assert.deepEqual(await olga.browser.call(contract.reEnrolUsers, ask, { headers }), done)
  const enrolled = await enrolByCode(server.browser(), done.codes?.[0]?.code.url as string)
  assert.equal(enrolled.username, done.codes?.[0]?.user.username)
  // or one that sets up a phone; whichever was open ends, for there is one a person
  const [, second] = members
  const whom = { userIds: [toId('usr', second?.id as string)], from, reason: 'a phone instead' }
  const phone = await olga.browser.call(contract.reEnrolUsers, { ...whom, codes: { expiresInMinutes: 60, factor: 'device' } })
  const open = await olga.browser.call(contract.listCodes, { userId: whom.userIds[0] as string, state: 'live' })
  assert.deepEqual(
    open.items.map(({ id, kind }) => [id, kind]),
    [[phone.codes?.[0]?.code.id, 'enrol-device']],
  )
  // whoever is due by then is left out: the rest of many is reached by calling again
  const again = await olga.browser.call(contract.reEnrolUsers, { filter, from, reason: 'again' })
  assert.equal(again.people, 0)

  const refusedAt = async (input: object) => {
    const tried = await olga.browser.try(contract.reEnrolUsers, { from, reason: 'x', ...input } as never)
    return [said(tried), tried.problem.errors?.[0]?.path]
  }
  assert.deepEqual(await refusedAt({}), ['invalid-request', 'userIds'])
  assert.deepEqual(await refusedAt({ userIds: [olga.id], filter: {} }), ['invalid-request', 'userIds'])
  assert.deepEqual(await refusedAt({ userIds: [olga.id], reason: undefined }), ['invalid-request', 'reason'])
  assert.deepEqual(await refusedAt({ userIds: [olga.id], from: '2199-01-01T00:00:00.000Z' }), ['invalid-request', 'from'])
  assert.deepEqual(await refusedAt({ userIds: [olga.id], from: null, codes: { expiresInMinutes: 9 } }), [
    'invalid-request',
    'codes',
  ])
  assert.deepEqual((await otto.browser.call(contract.reEnrolUsers, { userIds: [olga.id], from, reason: 'above' })).skipped, [
    { id: olga.id, username: 'olga', why: 'more-rights' },
  ])
})

test('fresh codes for many ask for fresh authentication, a date alone does not', async () => {
  const rolf = await newPerson(server, olga, 'rolf')
  const late = await newPerson(server, olga, 'late', ['operator'])
  await server.sql(
    `update session set proved_at = now() - interval '6 min' where user_id = (select id from users where username = 'late')`,
  )
  const ask = { userIds: [rolf.id], from: new Date(Date.now() + 86_400_000).toISOString(), reason: 'due' }
  const codes = { expiresInMinutes: 60 }
  const tried = await late.browser.try(contract.reEnrolUsers, { ...ask, codes })
  assert.deepEqual([said(tried), tried.problem.maxAge], ['step-up-required', 300])
  assert.equal((await olga.browser.call(contract.getUser, { id: rolf.id })).totpKey?.renewBy, null)
  assert.equal((await late.browser.call(contract.reEnrolUsers, { ...ask, codes, dryRun: true })).people, 1)
  assert.equal((await late.browser.call(contract.reEnrolUsers, ask)).people, 1)
})

test('a thousand at once is one act; the rest is said, and reached by calling again', async () => {
  const members = await crowd(server, 1_020, 'many')
  await server.sql(`update totp set created_at = now() - interval '800 days' where user_id = any ($1::uuid[])`, [
    members.map(({ id }) => id),
  ])
  const ask = { filter: { olderThanMinutes: 700 * 1_440 }, from: new Date(Date.now() + 86_400_000).toISOString(), reason: 'many' }
  const first = await olga.browser.call(contract.reEnrolUsers, ask)
  assert.deepEqual([first.people, first.left], [1_000, 20])
  const second = await olga.browser.call(contract.reEnrolUsers, ask)
  assert.deepEqual([second.people, second.left], [20, 0])
  const [row] = await server.sql(
    `select count(*)::int as n from event where type = 'enrolment.demanded' and entry::jsonb->'detail'->>'from' = $1`,
    [ask.from],
  )
  assert.equal(row?.n, 1_020)
})

test('the date is the database’s for both processes: nobody is due a moment before, everybody after', async () => {
  const both = await startDeployment()
  const chief = await firstOperator(both)
  const [member] = await crowd(both, 1, 'edge')
  assert.ok(member)
  const dueAt = async (origin: string): Promise<string | undefined> => {
    const browser = both.browser().at(origin)
    await pendingSignIn(both, browser, member)
    await forgetStep(both, member)
    return (await browser.call(contract.proveTotp, { code: passcode(member.secret) })).signIn.renewal
  }
  await both.sql(`update totp set renew_from = now() + interval '1 min'`)
  assert.deepEqual([await dueAt(both.a.origin), await dueAt(both.b.origin)], [undefined, undefined])
  await both.sql(`update totp set renew_from = now()`)
  assert.deepEqual([await dueAt(both.a.origin), await dueAt(both.b.origin)], ['totp', 'totp'])
  // what one process decides holds at the other at once
  const id = (await chief.browser.call(contract.listUsers, { q: 'edge' })).items[0]?.id as string
  await atOnce(6, async (at) => {
    const by = chief.browser.at(both.at(at))
    await by.call(contract.reEnrolUsers, { userIds: [id], from: at % 2 ? null : new Date().toISOString(), reason: 'both' })
  })
  await chief.browser.at(both.b.origin).call(contract.reEnrolUsers, { userIds: [id], from: null, reason: 'taken back' })
  assert.equal(await dueAt(both.a.origin), undefined)
})

test('a passcode of a key from elsewhere signs in: any algorithm, length and period; the one shown at the import does not', async () => {
  const takes = [
    { algorithm: 'SHA1', digits: 6, period: 30 },
    { algorithm: 'SHA256', digits: 8, period: 60 },
    { algorithm: 'SHA512', digits: 6, period: 15 },
  ] as const
  for (const [at, parameters] of takes.entries()) {
    const username = `foreign${at}`
    const person = await newPerson(server, olga, username)
    const secret = foreignSecret(20 + at * 12)
    const link = `otpauth://totp/Elsewhere:${username}?secret=${secret}&algorithm=${parameters.algorithm}&digits=${parameters.digits}&period=${parameters.period}`
    const dry = await olga.browser.call(contract.importTotp, { content: link, replace: true, dryRun: true })
    assert.deepEqual(
      dry.rows.map(({ user, outcome, replaces, hasPassword, bits }) => [user?.username, outcome, replaces, hasPassword, bits]),
      [[username, 'ready', true, true, (20 + at * 12) * 8]],
    )
    assert.equal((await olga.browser.call(contract.getUser, { id: person.id })).totpKey?.origin, 'postern')
    const shown = passcode(secret, parameters)
    const done = await olga.browser.call(contract.importTotp, { content: link, replace: true })
    assert.deepEqual([done.imported, done.refused], [1, 0])

    // what the app showed then may have been seen before: it is spent, and so is the old key with its session
    const browser = server.browser()
    await browser.call(contract.openSignIn, {})
    await browser.call(contract.provePassword, { username, password: person.password })
    // out of its window by the time that a busy machine asks, it is wrong
    assert.ok(['totp-replayed', 'factor-wrong'].includes(said(await browser.try(contract.proveTotp, { code: shown }))))
    assert.equal(said(await browser.try(contract.proveTotp, { code: passcode(person.secret) })), 'factor-wrong')
    assert.equal(said(await person.browser.try(contract.currentSession, {})), 'no-session')
    await forgetStep(server, person)
    const { signIn: complete } = await browser.call(contract.proveTotp, { code: passcode(secret, parameters) })
    assert.equal(complete.state, 'complete')

    const factors = await browser.call(contract.myFactors, {})
    assert.equal(factors.totp?.origin, 'imported')
    const { items } = await browser.call(contract.myNotices, {})
    assert.deepEqual(
      items.map(({ kind, event }) => [kind, event.type]),
      [['factor-changed', 'factor.imported']],
    )
    const listed = await list({ origin: 'imported', userId: person.id })
    assert.deepEqual(
      listed.items.map(({ state, codeId, origin }) => [state, codeId, origin]),
      [['active', null, 'imported']],
    )
    const record = JSON.stringify(await server.sql(`select entry, encode(sealed, 'escape') as sealed from event`))
    assert.ok(!record.includes(secret) && !record.includes('Elsewhere'))
  }
})

test('an import says of each row what is wrong with it, takes the good ones, and never reaches above the caller', async () => {
  const iris = await newPerson(server, olga, 'iris')
  const [ivo, ida] = await Promise.all(
    ['ivo', 'ida'].map((username) =>
      olga.browser.call(contract.createUser, { username, email: `${username}@example.org`, displayName: '' }),
    ),
  )
  assert.ok(ivo && ida)
  const gone = await olga.browser.call(contract.createUser, { username: 'igone' })
  await olga.browser.call(contract.suspendUser, { id: gone.id })
  const link = (label: string, more = '', secret = foreignSecret(20)) =>
    `otpauth://totp/${encodeURIComponent(label)}?secret=${secret}${more}`
  const shared = foreignSecret(20)
  const content = [
    link('Ivo@Example.org', '', shared),
    link('IDA', '', shared),
    link('iris'),
    link('nobody-here'),
    link('igone'),
    link('olga'),
    link('ida', '&digits=7'),
    link('ida', '', 'JBSWY3DPEHPK3PXP'),
    link('ida').replace('totp', 'hotp'),
    'not a link',
    link('whoever'),
  ].join('\n')
  const ask = { content, people: [{ row: 11, userId: ida.id }] }
  const dry = await otto.browser.call(contract.importTotp, { ...ask, dryRun: true })
  assert.deepEqual(
    dry.rows.map(({ row, user, refusal }) => [row, user?.username ?? null, refusal]),
    [
      [1, 'ivo', null],
      [2, 'ida', 'twice'],
      [3, 'iris', 'has-key'],
      [4, null, 'nobody'],
      [5, 'igone', 'not-active'],
      [6, 'olga', 'more-rights'],
      [7, 'ida', 'digits'],
      [8, 'ida', 'too-short'],
      [9, 'ida', 'hotp'],
      [10, null, 'unreadable'],
      [11, 'ida', null],
    ],
  )
  assert.ok(dry.rows.every(({ refusal, message }) => (refusal === null) === (message === null)))
  assert.equal(dry.rows[0]?.hasPassword, false)
  const done = await otto.browser.call(contract.importTotp, ask)
  assert.deepEqual([done.imported, done.refused], [2, 9])
  assert.equal((await olga.browser.call(contract.getUser, { id: ida.id })).totpKey?.origin, 'imported')
  assert.equal((await olga.browser.call(contract.getUser, { id: iris.id })).totpKey?.origin, 'postern')
  // again: nothing to do, and it says so
  const again = await otto.browser.call(contract.importTotp, { ...ask, replace: true })
  assert.deepEqual(
    [again.rows[0]?.refusal, again.rows[10]?.refusal, again.rows[2]?.outcome],
    ['same-key', 'same-key', 'imported'],
  )

  const { items } = await olga.browser.call(contract.listEvents, { type: 'historical.imported,factor.imported', userId: ida.id })
  assert.deepEqual(
    items.map(({ type, detail }) => [type, detail.replaced]),
    [['factor.imported', 'no']],
  )
  for (const wrong of ['', '\n \n'])
    assert.equal(said(await olga.browser.try(contract.importTotp, { content: wrong })), 'invalid-request')
})

test('an import is for an operator who has just authenticated, and off with enrolment (R5)', async () => {
  const content = `otpauth://totp/ivo?secret=${foreignSecret(20)}`
  assert.equal(said(await audrey.browser.try(contract.importTotp, { content, dryRun: true })), 'not-allowed')
  await server.sql(
    `update session set proved_at = now() - interval '6 min' where user_id = (select id from users where username = 'olga')`,
  )
  assert.equal(said(await olga.browser.try(contract.importTotp, { content, dryRun: true })), 'step-up-required')
  await server.sql(`update session set proved_at = now()`)
  const [before] = await server.sql(`select second_factor_roles as roles from authentication_settings`)
  await server.sql(`update authentication_settings set enrolment = false, second_factor_roles = '{}'`)
  for (const dryRun of [true, false])
    assert.equal(said(await olga.browser.try(contract.importTotp, { content, dryRun })), 'enrolment-off')
  await server.sql(`update authentication_settings set enrolment = true, second_factor_roles = $1`, [before?.roles])
})

test('of imports at once for one person one key is left, and the person can sign in with it', async () => {
  const { user } = await waiting()
  const secrets = Array.from({ length: 5 }, () => foreignSecret(20))
  const answers = await Promise.all(
    secrets.map((secret) =>
      olga.browser.call(contract.importTotp, {
        content: `otpauth://totp/x?secret=${secret}`,
        people: [{ row: 1, userId: user.id }],
      }),
    ),
  )
  assert.equal(answers.filter(({ imported }) => imported === 1).length, 1)
  assert.deepEqual(
    answers.flatMap(({ rows }) => rows.flatMap(({ refusal }) => refusal ?? [])),
    Array(4).fill('has-key'),
  )
})
