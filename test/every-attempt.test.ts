import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import pg from 'pg'
import { from, raw, said, settle } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import { eventually } from './support/deployment.ts'
import { claimKey, firstOperator, goodPassword, newPerson, partsOf, passcode, recorded, signIn } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const tallied = async (type: string, why: string): Promise<number> =>
  Number(
    (
      await server.sql(`select coalesce(sum(n), 0)::int as n from refusal_tally where type = $1 and last->>'why' = $2`, [
        type,
        why,
      ])
    )[0]?.n,
  )

test('a wrong token, or one without the scope, is on record at /metrics as anywhere', async () => {
  const { token } = await olga.browser.call(contract.createToken, { name: 'e', scopes: ['enrolment'] })
  const metrics = (bearer: string) => raw(server.origin, 'GET', '/metrics', { headers: { authorization: `Bearer ${bearer}` } })
  assert.equal((await metrics(`pst_${'x'.repeat(49)}`)).status, 401)
  assert.deepEqual(await recorded(server, 'token.used'), [['token.used', 'failure', 'no-session']])
  assert.equal((await metrics(token as string)).status, 403)
  assert.equal((await recorded(server, 'request.denied')).length, 1)
})

test('a download that is spent or guessed is on record', async () => {
  assert.equal((await raw(server.origin, 'GET', `/api/downloads/${'A'.repeat(43)}`)).status, 404)
  assert.deepEqual(await recorded(server, 'download.fetched'), [['download.fetched', 'failure', 'not-found']])
})

test('input that is no text and a long Idempotency-Key are tallied as malformed', async () => {
  const malformed = () => tallied('request.refused', 'malformed: invalid-request')
  const before = await malformed()
  const create = (username: string, headers = {}) =>
    olga.browser.try(contract.createUser, { username, displayName: username }, { headers })
  assert.equal(said(await create('nul\0')), 'invalid-request')
  assert.equal(said(await create('long', { 'idempotency-key': 'k'.repeat(201) })), 'invalid-request')
  assert.ok((await malformed()) > before)
})

test('each class of refusal that leaves no event is tallied: tried again it counts again, and becomes one event a minute with the count', async () => {
  const nobody = { id: `cod_${'0'.repeat(26)}`, secret: 'x' }
  const json = { 'content-type': 'application/json' }
  type Call = (address: string) => Promise<unknown>
  const sent =
    (method: string, path: string, headers: Record<string, string> = {}, body?: string): Call =>
    (address) =>
      raw(server.origin, method, path, { headers: { 'x-forwarded-for': address, ...headers }, ...(body ? { body } : {}) })
  const inspect = '/api/codes/inspect'
  const stale: Call = (address) => {
    const browser = from(server, address)
    browser.clockOffset = -3_600
    return browser.try(contract.openSignIn, {})
  }
  const early = new Map<string, Promise<Browser>>()
  const collect: Call = async (address) => {
    const opened = async () => {
      const browser = from(server, address)
      await browser.call(contract.openSignIn, {})
      return browser
    }
    early.set(address, early.get(address) ?? opened())
    return (await (early.get(address) as Promise<Browser>)).try(contract.collectSignIn, {})
  }
  const starts: Call = (address) => from(server, address).try(contract.openSignIn, {})
  const failures: Call = (address) => from(server, address).try(contract.inspectCode, nobody, { proof: false })
  const checks = sent('POST', '/api/codes/check', json, '{"content":"x"}')
  const reports = sent('POST', '/api/codes/check/report', json, '{"content":"x"}')
  /** `before`: as many calls as its address has free. */
  const classes: [type: string, why: string, call: Call, before?: number][] = [
    ['request.refused', 'malformed: malformed', sent('POST', inspect, json, '{')],
    ['request.refused', 'malformed: invalid-request', sent('POST', inspect, json, '{"id":1}')],
    ['request.refused', 'malformed: invalid-request', sent('POST', inspect, json, JSON.stringify({ ...nobody, secret: '\0' }))],
    ['request.refused', 'malformed: unsupported-media-type', sent('POST', inspect, { 'content-type': 'text/plain' }, 'x')],
    ['request.refused', 'malformed: too-large', sent('POST', inspect, json, `{"id":"${'x'.repeat(70_000)}"}`)],
    ['request.refused', 'malformed: misdirected', sent('GET', '/api/deployment', { host: 'elsewhere.example' })],
    ['request.refused', 'malformed: proof-stale', stale],
    ['request.refused', 'unknown address', sent('GET', '/api/nothing')],
    ['request.limited', 'sign-in starts of this address', starts, 2],
    ['request.limited', 'failures of this address', failures, 2],
    ['request.limited', 'checks of codes from this address', checks, 30],
    ['request.limited', 'reports of codes from this address', reports, 5],
    ['sign-in.phone', 'nothing is approved', collect],
  ]
  await server.sql(`update authentication_settings set starts_per_minute = 2, failures_per_minute = 2`)
  for (const [at, [type, why, call, before = 0]] of classes.entries()) {
    const address = `198.18.1.${at + 1}`
    // what its address has free lasts for this minute
    if (before > 0) await settle(8, 60)
    for (let n = 0; n < before; n++) await call(address)
    await call(address)
    await call(address)
    await server.core.tally.flush(true)
    const { items } = await olga.browser.call(contract.listEvents, { type, address, outcome: 'denied' })
    const counted = items.filter(({ detail }) => detail.why === why && detail.count !== undefined)
    assert.equal(
      counted.reduce((sum, { detail }) => sum + Number(detail.count), 0),
      2,
      `${why}: ${JSON.stringify(items.map(({ detail }) => detail))}`,
    )
  }
  await server.sql(`update authentication_settings set starts_per_minute = 300, failures_per_minute = 120`)
})

test('a confirmation of what is over is on record, and a current password beyond its limit is tallied', async () => {
  const user = await olga.browser.call(contract.createUser, { username: 'over' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
  const phone = server.browser()
  const { confirm, secret } = await claimKey(phone, partsOf(code.url as string))
  await olga.browser.call(contract.revokeCode, { id: code.id, reason: 'x' })
  const tried = await phone.try(contract.confirmEnrolment, { confirm, code: passcode(secret), password: goodPassword })
  assert.equal(said(tried), 'code-revoked')
  assert.deepEqual((await recorded(server, 'enrolment.confirmed')).at(-1), ['enrolment.confirmed', 'denied', 'code-revoked'])

  const person = await newPerson(server, olga, 'guesser')
  const guess = () => person.browser.try(contract.changePassword, { current: 'wrong', new: 'another harbour walks 43 miles' })
  for (let at = 0; at < 5; at++) assert.equal(said(await guess()), 'factor-wrong')
  assert.equal(said(await guess()), 'rate-limited')
  assert.equal(await tallied('request.limited', 'password: waiting after failures'), 1)
})

test('a day later an unknown, a suspended and an active name are told by the count of their guesses alike', async () => {
  const active = await newPerson(server, olga, 'still-active')
  const suspended = await newPerson(server, olga, 'now-suspended')
  await olga.browser.call(contract.suspendUser, { id: suspended.id })
  const names = ['nobody-at-all', active.username, suspended.username]
  const guess = async (username: string): Promise<string> => {
    const browser = from(server, '203.0.113.77')
    await browser.call(contract.openSignIn, {})
    return said(await browser.try(contract.provePassword, { username, password: 'wrong' }))
  }
  for (const name of names) for (let at = 0; at < 5; at++) assert.equal(await guess(name), 'factor-wrong', name)
  await server.sql(`update attempt set open_at = open_at - interval '25 h'`)
  await server.sql(`insert into address_count (minute, kind, source) values (now() - interval '1 h', 'start', '\\x00')`)
  const tidied = () => server.sql(`select 1 from address_count where minute < now() - interval '30 min'`)
  await eventually(tidied, (left) => left.length === 0)
  for (const name of names) {
    assert.equal(await guess(name), 'factor-wrong', name)
    assert.equal(await guess(name), 'rate-limited', name)
  }
})

test('who was suspended while their call waited for that very act does nothing any more', async () => {
  const person = await newPerson(server, olga, 'meanwhile')
  const calls = {
    password: () =>
      person.browser.try(contract.changePassword, { current: person.password, new: 'another harbour walks 43 miles' }),
    codes: () => person.browser.try(contract.renewRecoveryCodes, {}),
    phone: () => person.browser.try(contract.enrolAnotherPhone, { factor: 'totp' }),
  }
  for (const [name, call] of Object.entries(calls)) {
    const client = new pg.Client({ connectionString: server.databaseUrl })
    await client.connect()
    try {
      await client.query('begin')
      await client.query(`update users set state = 'suspended' where username = 'meanwhile'`)
      const answer = call()
      await eventually(
        () => server.sql(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`),
        (waiting) => waiting.length > 0,
      )
      await client.query('commit')
      assert.equal(said(await answer), 'no-session', name)
    } finally {
      await client.end()
    }
    await server.sql(`update users set state = 'active' where username = 'meanwhile'`)
    await signIn(server, person, person.browser)
  }
})
