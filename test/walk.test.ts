import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { requestOf } from '@postern/contract'
import { said } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { enrolByCode, firstOperator, goodPassword, newPerson, type Person } from './support/people.ts'
import { startServer, type TestServer } from './support/server.ts'

const endpoints = Object.entries(contract as Record<string, unknown>).filter(
  (entry): entry is [string, contract.Endpoint] =>
    typeof entry[1] === 'object' && entry[1] !== null && 'method' in entry[1] && 'path' in entry[1] && 'needs' in entry[1],
)
/** Refusals that any endpoint may answer: of the form of a call, its authority, and the load. */
const general = new Set<string>(['malformed', 'invalid-request', 'unavailable', 'no-session', 'session-binding', 'proof-stale'])
general.add('not-allowed').add('step-up-required').add('rate-limited')
/** What says that the caller as such was turned away, whatever the call was about. */
const turnedAway = new Set(['no-session', 'session-binding', 'not-allowed', 'step-up-required'])

type Walker = {
  name: string
  browser: Browser
  /** Brings the walker back to where they were: one call may sign them out. */
  again: () => Promise<void>
  expected: (endpoint: contract.Endpoint) => string | undefined
}
const rank = (role: contract.Role) => contract.roles.indexOf(role)
const needsSession = ({ needs }: contract.Endpoint) => needs !== 'public' && needs !== 'browser' && needs !== 'sign-in'

/** What a session of a role may do: `undefined` is "not turned away". */
const asRole =
  (role: contract.Role, standing: 'fresh' | 'stale' | 'demanded' | 'recovery' | 'none' = 'fresh') =>
  (endpoint: contract.Endpoint): string | undefined => {
    const { needs } = endpoint
    if (needs === 'sign-in') return 'no-session'
    if (!needsSession(endpoint)) return undefined
    if (standing === 'none') return 'no-session'
    if (standing === 'recovery') return endpoint.recovery ? undefined : 'step-up-required'
    if (standing === 'demanded' && !endpoint.recovery && !endpoint.enrolling) return 'step-up-required'
    if (needs !== 'person' && rank(role) < rank(needs as contract.Role)) return 'not-allowed'
    return endpoint.fresh && standing === 'stale' ? 'step-up-required' : undefined
  }
const asToken =
  (scope: contract.Scope) =>
  (endpoint: contract.Endpoint): string | undefined => {
    const { needs } = endpoint
    // a bearer is no browser: these ask for a proof
    if (needs === 'browser' || needs === 'sign-in') return 'session-binding'
    if (needs === 'public') return undefined
    if (needs === 'person') return 'not-allowed'
    if (endpoint.scopes?.includes(scope)) return undefined
    if (endpoint.fresh) return 'step-up-required'
    const acts = scope === 'operator' || scope === 'auditor' ? rank(scope) : -1
    return acts >= rank(needs as contract.Role) ? undefined : 'not-allowed'
  }

const someId = (prefix: string): string =>
  `${prefix}_0${randomBytes(25)
    .map((byte) => (byte % 10) + 48)
    .toString()}`
const prefixOf: [string, string][] = [
  ['/api/users', 'usr'],
  ['/api/codes', 'cod'],
  ['/api/brands', 'brd'],
  ['/api/tokens', 'tok'],
  ['/api/historical/scans', 'psc'],
  ['/api/me/totp', 'tot'],
  ['/api/me/devices', 'dev'],
  ['/api/me/enrolments', 'cod'],
  ['/api/devices', 'dev'],
  ['/api/me/notices', 'evt'],
  ['/api/events', 'evt'],
  ['/api/me/sessions', 'ses'],
  ['/api/sessions', 'ses'],
  ['/api/bulk', 'job'],
]
let made = 0
/** Well formed, and of no authenticator. */
const assertion = {
  id: 'AA',
  rawId: 'AA',
  type: 'public-key',
  response: { clientDataJSON: 'AA', authenticatorData: 'AA', signature: 'AA' },
}
const registration = { id: 'AA', rawId: 'AA', type: 'public-key', response: { clientDataJSON: 'AA', attestationObject: 'AA' } }
/** One pixel. */
const smallestPng = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
/** A call that is well formed and about nothing that exists, so that a walker changes nothing but themselves. */
const inputFor = (endpoint: contract.Endpoint): Record<string, unknown> => {
  const given: Partial<Record<string, () => Record<string, unknown>>> = {
    'POST /api/codes/inspect': () => ({ id: someId('cod'), secret: 'x' }),
    'POST /api/codes/claim': () => ({ id: someId('cod'), secret: 'x' }),
    'POST /api/enrolments/current': () => ({ confirm: 'x' }),
    'POST /api/enrolments/confirm': () => ({ confirm: 'x', code: '123456' }),
    'POST /api/sign-ins/current/password': () => ({ username: 'walker', password: 'wrong' }),
    'POST /api/sign-ins/current/totp': () => ({ code: '123456' }),
    'POST /api/sign-ins/current/recovery-code': () => ({ code: 'WRONG' }),
    'POST /api/sign-ins/current/passkey': () => ({ assertion }),
    'POST /api/approvals': () => ({ confirm: 'x', assertion, match: '10' }),
    'POST /api/approvals/current': () => ({ confirm: 'x' }),
    'POST /api/approvals/decline': () => ({ confirm: 'x', reason: 'declined' }),
    'POST /api/me/passkeys': () => ({ registration }),
    'PATCH /api/me/devices/:id': () => ({ name: 'a walk' }),
    'POST /api/me/totp/:id/confirm': () => ({ code: '123456' }),
    'POST /api/me/enrolments': () => ({ factor: 'totp' }),
    'POST /api/me/password': () => ({ current: 'wrong', new: 'another harbour walks 43 miles' }),
    'POST /api/users': () => ({ username: `made${++made}` }),
    'POST /api/users/:id/enrolments': () => ({ factor: 'totp' }),
    'POST /api/tokens': () => ({ name: 'walk', scopes: ['auditor'] }),
    'POST /api/codes/:id/revoke': () => ({ reason: 'a walk' }),
    'POST /api/codes/check': () => ({ content: 'x' }),
    'POST /api/codes/check/report': () => ({ content: 'x' }),
    'POST /api/users/import': () => ({ csv: 'username\n!' }),
    'POST /api/codes/import': () => ({ csv: 'label,destination\nx,y' }),
    'POST /api/codes/bulk': () => ({ action: 'revoke', ids: [someId('cod')], reason: 'a walk' }),
    'POST /api/codes': () => ({ kind: 'link', label: 'a walk', destination: { type: 'text', text: 'x' } }),
    'POST /api/historical/import': () => ({ content: 'no link', dryRun: true }),
    'POST /api/historical/scans/:id/fingerprints': () => ({ fingerprints: ['A'.repeat(43)] }),
    'POST /api/historical/purge': () => ({ kinds: ['codes'], dryRun: true }),
    'POST /api/historical/re-enrol': () => ({ userIds: [someId('usr')], from: null, reason: 'a walk' }),
    'GET /api/analytics/scans': () => ({ code: someId('cod') }),
    'POST /api/codes/:id/versions/:version/restore': () => ({ version: 1 }),
    'POST /api/brands': () => ({ name: `kit ${++made}`, design: contract.plainDesign, logo: null }),
    'POST /api/brands/preview': () => ({ design: contract.plainDesign, logo: null }),
    'POST /api/brands/logos': () => ({ data: smallestPng }),
    'POST /api/brands/:id/versions/:version/restore': () => ({ version: 1 }),
    'PUT /api/settings/codes': () => ({
      linkHosts: [],
      staticText: true,
      staticHosts: [],
      scanAddresses: 'truncated',
      scanRetentionDays: null,
    }),
    'PUT /api/settings/devices': () => ({
      qr: 'passwordless',
      computerFirst: ['operator', 'owner'],
      oneFrame: true,
      near: 'warn',
      knownBrowser: 'warn',
      startNetworks: [],
      deviceHeld: [],
      devicesEach: 10,
      sessionMinutes: 60,
      models: [],
    }),
    // nothing that could be downloaded: what can be asks for the rights of what it holds
    'POST /api/downloads': () => ({ path: '/api/me/factors' }),
    'PUT /api/settings/authentication': () => ({
      enrolment: true,
      secondFactor: { roles: [], from: null },
      totpRenewalDays: null,
      addressLimits: { startsPerMinute: 10, failuresPerMinute: 10 },
      totp: { algorithm: 'SHA1', digits: 6, periodSeconds: 30 },
      issuer: 'Postern',
    }),
  }
  const { method, path } = endpoint
  const ids = Object.fromEntries(
    contract.pathNames(path).map((name) => [name, someId(prefixOf.findLast(([start]) => path.startsWith(start))?.[1] as string)]),
  )
  return { ...ids, ...given[`${method} ${path}`]?.() }
}

/** The answer's name, and what is wrong with its form. */
const walk = async (
  browser: Browser,
  endpoint: contract.Endpoint,
  document: OpenApi,
): Promise<{ answer: string; wrong: string[] }> => {
  const request = requestOf(endpoint, inputFor(endpoint))
  const ended = new AbortController()
  const response = await browser.fetch(endpoint.method, request.url, {
    signal: ended.signal,
    ...(request.body === undefined ? {} : { body: request.body, headers: { 'content-type': 'application/json' } }),
  })
  const wrong: string[] = []
  const operation = operationOf(document, endpoint)
  if (!operation) wrong.push('is not in the OpenAPI document')
  else if (
    !(String(response.status) in operation.responses) &&
    !(response.ok && (endpoint.file || /stream|export/.test(endpoint.path)))
  )
    wrong.push(`status ${response.status} is not in the OpenAPI document`)
  if (endpoint.stream && response.ok) {
    ended.abort()
    return { answer: '200', wrong }
  }
  if (response.ok && endpoint.file) {
    const bytes = new Uint8Array(await response.arrayBuffer())
    if (response.headers.get('content-type') !== endpoint.file.type || bytes.length === 0)
      wrong.push(`is no ${endpoint.file.type}`)
    return { answer: '200', wrong }
  }
  const text = await response.text()
  if (response.ok) {
    if (response.status !== (endpoint.status ?? 200)) wrong.push(`status ${response.status}`)
    const value =
      response.status === 204 ? undefined : endpoint.file || endpoint.path.endsWith('/export') ? text : JSON.parse(text)
    const parsed = endpoint.output.safeParse(value)
    if (!parsed.success) wrong.push(`the answer is not of the contract: ${parsed.error.message}`)
    if (response.status === 204 && text !== '') wrong.push('204 with a body')
    return { answer: String(response.status), wrong }
  }
  const problem = JSON.parse(text) as contract.Problem
  if (!response.headers.get('content-type')?.startsWith('application/problem+json'))
    wrong.push('a refusal that is no problem+json')
  if (problem.status !== response.status || typeof problem.title !== 'string' || typeof problem.type !== 'string')
    wrong.push(`a problem without its members: ${text}`)
  if (!general.has(problem.code) && !(endpoint.refusals as readonly string[]).includes(problem.code))
    wrong.push(`${problem.code} is not among its refusals`)
  if (problem.code === 'step-up-required' && !(problem.acr && problem.maxAge)) wrong.push(`says not what to prove: ${text}`)
  if (/select |insert |postgres|kysely|node:|\.ts:/i.test(text)) wrong.push(`tells of its inside: ${text}`)
  return { answer: problem.code, wrong }
}

type Schema = {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}
type Operation = {
  responses: Record<string, unknown>
  security?: Record<string, string[]>[]
  parameters?: { name: string; in: string; schema: Schema }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}
type OpenApi = {
  openapi: string
  paths: Record<string, Record<string, Operation>>
}
const operationOf = ({ paths }: OpenApi, { method, path }: contract.Endpoint): Operation | undefined =>
  paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
type Path = (string | number)[]
/** Where a call takes text: in its path, its query, and anywhere in its body. */
const textsOf = ({ parameters = [], requestBody }: Operation, document: OpenApi): Path[] => {
  const within = (schema: Schema, path: Path): Path[] => {
    if (path.length > 8) return []
    if (schema.$ref)
      return within(
        schema.$ref
          .split('/')
          .slice(1)
          .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], document) as Schema,
        path,
      )
    const { properties = {}, items, anyOf = [], oneOf = [], allOf = [] } = schema
    return [
      ...([schema.type].flat().includes('string') ? [path] : []),
      ...Object.entries(properties).flatMap(([name, inner]) => within(inner, [...path, name])),
      ...(items ? within(items, [...path, 0]) : []),
      ...[...anyOf, ...oneOf, ...allOf].flatMap((inner) => within(inner, path)),
    ]
  }
  const body = requestBody?.content['application/json']
  const all = [
    ...parameters.flatMap(({ name, in: place, schema }) => (place === 'header' ? [] : within(schema, [name]))),
    ...(body ? within(body.schema, []) : []),
  ]
  return [...new Map(all.map((path) => [path.join('.'), path])).values()]
}
/** The input with something else at one place; what leads there is made where it is missing. */
const withAt = (input: Record<string, unknown>, path: Path, value: string): Record<string, unknown> => {
  const made = structuredClone(input)
  let at: Record<string, unknown> = made
  for (const [n, part] of path.entries()) {
    if (n === path.length - 1) at[part] = value
    else {
      at[part] ??= typeof path[n + 1] === 'number' ? [] : {}
      at = at[part] as Record<string, unknown>
    }
  }
  return made
}

const revive = async (server: TestServer, person: Person, provedAgo = '0 s') => {
  await server.sql(
    `update session set ended_at = null, ended_why = null, seen_at = now(), proved_at = now() - $2::interval
     where user_id = (select id from users where username = $1)`,
    [person.username, provedAgo],
  )
}

test('who may call what is what the contract says, for everybody and every endpoint', async (t) => {
  const server = await startServer()
  await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
  const olga = await firstOperator(server)
  const people: Record<string, Person> = { owner: olga }
  for (const role of ['user', 'auditor', 'operator'] as const) people[role] = await newPerson(server, olga, `w-${role}`, [role])

  const own = new Map(people.user?.browser.cookies)
  const asPerson = (name: string, person: Person, expected: Walker['expected'], provedAgo?: string): Walker => {
    const cookies = new Map(person.browser.cookies)
    return {
      name,
      browser: person.browser,
      expected,
      again: async () => {
        person.browser.cookies = new Map(cookies)
        await revive(server, person, provedAgo)
      },
    }
  }
  const walkers: Walker[] = []
  const stranger = server.browser()
  walkers.push({
    name: 'stranger',
    browser: stranger,
    again: async () => stranger.cookies.clear(),
    expected: asRole('user', 'none'),
  })
  walkers.push(asPerson('user', people.user as Person, asRole('user')))
  walkers.push(asPerson('auditor', people.auditor as Person, asRole('auditor')))
  walkers.push(asPerson('operator', people.operator as Person, asRole('operator')))
  walkers.push(asPerson('owner', olga, asRole('owner')))

  const elder = await newPerson(server, olga, 'w-elder', ['operator'])
  walkers.push(asPerson('operator who authenticated 6 minutes ago', elder, asRole('operator', 'stale'), '6 min'))

  const suspended = await newPerson(server, olga, 'w-suspended', ['operator'])
  await olga.browser.call(contract.suspendUser, { id: suspended.id })
  walkers.push(asPerson('suspended operator', suspended, asRole('operator', 'none')))

  const lost = await newPerson(server, olga, 'w-lost', ['owner'])
  await lost.browser.call(contract.openSignIn, {})
  await lost.browser.call(contract.provePassword, { username: lost.username, password: goodPassword })
  await lost.browser.call(contract.proveRecoveryCode, { code: lost.recoveryCodes[0] as string })
  const recovering = new Map(lost.browser.cookies)
  walkers.push({
    name: 'session of scope recovery',
    browser: lost.browser,
    expected: asRole('owner', 'recovery'),
    again: async () => {
      lost.browser.cookies = new Map(recovering)
      lost.browser.cookies.delete('postern-sign-in')
      await server.sql(`update session set ended_at = null, ended_why = null, seen_at = now() where scope = 'recovery'`)
    },
  })

  // proved a password when nothing more was asked; then policy came to demand a second factor
  const early = await newPerson(server, olga, 'w-early', ['operator'])
  await server.sql(
    `update session set acr = 'aal1', amr = '{pwd}' where user_id = (select id from users where username = 'w-early')`,
  )
  walkers.push(asPerson('session of one factor under the demand for two', early, asRole('operator', 'demanded')))

  const bare = await olga.browser.call(contract.createUser, { username: 'w-bare', roles: ['owner'] })
  const { code } = await olga.browser.call(contract.enrolUser, { id: bare.id, factor: 'totp' })
  const bared = await enrolByCode(server.browser(), code.url as string, { signIn: false })
  await server.sql(
    `update totp set state = 'retired', sealed = null where user_id = (select id from users where username = 'w-bare')`,
  )
  await server.sql(`delete from recovery_code where user_id = (select id from users where username = 'w-bare')`)
  const enrolling = server.browser()
  await enrolling.call(contract.openSignIn, {})
  const waits = await enrolling.call(contract.provePassword, { username: 'w-bare', password: bared.password })
  assert.equal(waits.signIn.state, 'enrolment-required')
  assert.deepEqual(waits.signIn.next, ['enrol-passkey', 'enrol-totp'])
  const waiting = new Map(enrolling.cookies)
  walkers.push({
    name: 'sign-in that waits for enrolment',
    browser: enrolling,
    expected: (endpoint) => {
      if (!needsSession(endpoint)) return undefined
      // there is no session yet that could be stepped up
      return endpoint.enrolling && endpoint.path !== contract.stepUp.path ? undefined : 'no-session'
    },
    again: async () => {
      enrolling.cookies = new Map(waiting)
    },
  })

  for (const scope of contract.scopes) {
    const { token } = await olga.browser.call(contract.createToken, { name: scope, scopes: [scope] })
    const machine = new Browser(server.origin)
    machine.bearer = token as string
    walkers.push({ name: `token of scope ${scope}`, browser: machine, again: async () => {}, expected: asToken(scope) })
  }
  const forged = new Browser(server.origin)
  forged.bearer = `pst_${'A'.repeat(49)}`
  walkers.push({
    name: 'token that nobody made',
    browser: forged,
    again: async () => {},
    expected: (endpoint) => (needsSession(endpoint) ? 'no-session' : endpoint.needs === 'public' ? undefined : 'session-binding'),
  })

  const document = (await server.browser().send('GET', '/api/openapi.json', undefined, { proof: false })).body as OpenApi
  for (const walker of walkers)
    await t.test(`as ${walker.name}`, async () => {
      const wrong: string[] = []
      for (const [name, endpoint] of endpoints) {
        await walker.again()
        const answered = await walk(walker.browser, endpoint, document)
        const expected = walker.expected(endpoint)
        const away = turnedAway.has(answered.answer) ? answered.answer : undefined
        if (away !== expected) wrong.push(`${name}: expected ${expected ?? 'an answer'}, was ${answered.answer}`)
        wrong.push(...answered.wrong.map((each) => `${name}: ${each}`))
      }
      assert.deepEqual(wrong, [])
    })

  await t.test('the document names a token where one of some scope is let in, and nowhere else', () => {
    const wrong = endpoints
      .filter(([, endpoint]) => needsSession(endpoint))
      .filter(([, endpoint]) => {
        const reached = contract.scopes.some((scope) => asToken(scope)(endpoint) === undefined)
        const { security = [] } = operationOf(document, endpoint) ?? {}
        return security.some((shown) => 'bearer' in shown) !== reached
      })
    assert.deepEqual(
      wrong.map(([name]) => name),
      [],
    )
  })

  await t.test('without a proof nothing that needs a browser or a session answers, and the session ends', async () => {
    const wrong: string[] = []
    const person = people.user as Person
    const cookies = new Map(own)
    for (const [name, endpoint] of endpoints.filter(([, { needs }]) => needs !== 'public')) {
      await revive(server, person)
      person.browser.cookies = new Map(cookies)
      const request = requestOf(endpoint, inputFor(endpoint))
      const tried = await person.browser.send(endpoint.method, request.url, request.body, { proof: false })
      if (said(tried as never) !== 'no-session' && (tried.body as contract.Problem).code !== 'session-binding')
        wrong.push(`${name}: ${tried.status}`)
    }
    assert.deepEqual(wrong, [])
  })

  await t.test(
    'text that the database cannot keep, and a long Idempotency-Key, are refused wherever something takes them',
    async () => {
      const { browser } = olga
      const signedIn = new Map(browser.cookies)
      const wrong: string[] = []
      const tried = { fields: 0, keys: 0 }
      const refused = async (what: string, endpoint: contract.Endpoint, input: Record<string, unknown>, headers = {}) => {
        const { url, body } = requestOf(endpoint, input)
        const answer = await browser.send(endpoint.method, url, body, { headers })
        if (answer.status < 400 || answer.status >= 500) wrong.push(`${what}: ${answer.status} ${answer.text.slice(0, 200)}`)
        return answer
      }
      for (const [name, endpoint] of endpoints) {
        await revive(server, olga)
        browser.cookies = new Map(signedIn)
        if (endpoint.needs === 'sign-in') await browser.call(contract.openSignIn, {})
        const operation = operationOf(document, endpoint)
        for (const path of textsOf(operation as Operation, document)) {
          tried.fields++
          // half a surrogate pair cannot be written in an address
          const inBody =
            endpoint.method !== 'GET' &&
            endpoint.method !== 'DELETE' &&
            !contract.pathNames(endpoint.path).includes(String(path[0]))
          for (const text of ['\0', 'a\0b', ...(inBody ? ['\ud800'] : [])])
            await refused(`${name} ${path.join('.')} ${JSON.stringify(text)}`, endpoint, withAt(inputFor(endpoint), path, text))
        }
        if (!endpoint.idempotent) continue
        tried.keys++
        const key = await refused(`${name} Idempotency-Key`, endpoint, inputFor(endpoint), { 'idempotency-key': 'k'.repeat(201) })
        const { code, detail } = key.body as contract.Problem
        if (code !== 'invalid-request' || !detail?.includes('200 characters'))
          wrong.push(`${name} Idempotency-Key: ${key.text.slice(0, 200)}`)
      }
      assert.deepEqual(wrong, [])
      assert.ok(tried.fields > 200 && tried.keys > 5, JSON.stringify(tried))
      browser.cookies = signedIn
      await revive(server, olga)
    },
  )

  await t.test('ids of somebody else are answered as ids of nobody (threat 21)', async () => {
    const user = people.user as Person
    await revive(server, user)
    await revive(server, olga)
    const cookies = new Map(own)
    const { items } = await olga.browser.call(contract.mySessions, {})
    const startedHers = await olga.browser.call(contract.startTotp, {})
    const notice = (await server.sql(`insert into notice (event_id, kind, user_id)
      select e.id, 'factor-changed', (select id from users where username = 'olga') from event e order by e.id desc limit 1 returning event_id`)) as never
    const hers = async () =>
      (await olga.browser.call(contract.myNotices, {})).items.find((each) => each.kind === 'factor-changed')?.id
    const eventId = await hers()
    assert.ok(notice && eventId)
    const foreign: [contract.Endpoint, Record<string, unknown>][] = [
      [contract.endMySession, { id: items[0]?.id }],
      [contract.confirmTotp, { id: startedHers.id, code: '123456' }],
      [contract.dismissNotice, { id: eventId }],
    ]
    for (const [endpoint, input] of foreign) {
      user.browser.cookies = new Map(cookies)
      const theirs = await user.browser.try(endpoint, input as never)
      const nobodys = await user.browser.try(endpoint, { ...input, id: someId((input.id as string).slice(0, 3)) } as never)
      const bare = ({ requestId: _, ...rest }: contract.Problem) => rest
      assert.equal(theirs.status, 404, endpoint.path)
      assert.deepEqual(bare(theirs.problem), bare(nobodys.problem))
      const names = (headers: Headers) => [...headers].map(([name]) => name).sort()
      assert.deepEqual(names(theirs.headers), names(nobodys.headers))
    }
    assert.equal((await olga.browser.call(contract.currentSession, {})).user.username, 'olga')
    assert.equal(await hers(), eventId)
  })

  await t.test('a want of rights is on record, with who and what', async () => {
    const user = people.user as Person
    user.browser.cookies = new Map(own)
    await revive(server, user)
    assert.equal(said(await user.browser.try(contract.listUsers, {})), 'not-allowed')
    await revive(server, olga)
    const { items } = await olga.browser.call(contract.listEvents, { type: 'request.denied', limit: 1 })
    assert.equal(items[0]?.actor.name, 'w-user')
    assert.equal(items[0]?.outcome, 'denied')
    assert.equal(items[0]?.detail.path, '/api/users')
  })
})

test('the published document is OpenAPI 3.1, holds every endpoint, and no reference dangles', async () => {
  const server = await startServer()
  const response = await fetch(`${server.origin}/api/openapi.json`)
  const document = (await response.json()) as OpenApi & Record<string, unknown>
  assert.match(document.openapi, /^3\.1\./)
  for (const [name, endpoint] of endpoints) assert.ok(operationOf(document, endpoint), `${name} is missing`)
  const known = new Set(endpoints.map(([, { method, path }]) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`))
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods))
      assert.ok(known.has(`${method.toUpperCase()} ${path}`), `${method} ${path} is nobody’s`)
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] as string)
  assert.ok(references.length > 20)
  for (const reference of references) {
    assert.ok(reference.startsWith('#/'), reference)
    let at: unknown = document
    for (const part of reference.slice(2).split('/')) at = (at as Record<string, unknown>)?.[decodeURIComponent(part)]
    assert.notEqual(at, undefined, `${reference} dangles`)
  }
  const page = await fetch(`${server.origin}/api/docs`)
  const html = await page.text()
  assert.match(page.headers.get('content-type') ?? '', /text\/html/)
  for (const code of contract.refusalCodes) assert.ok(html.includes(`id="${code}"`), code)
  assert.ok(!/<script/i.test(html))
})
