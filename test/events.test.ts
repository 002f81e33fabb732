import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { atOnce, from, raw, said } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import { firstOperator, forgetStep, newPerson, partsOf, passcode, signIn } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
const olga = await firstOperator(server)
const list = (filter: contract.CallIn<typeof contract.listEvents> = {}) =>
  olga.browser.call(contract.listEvents, { limit: 200, ...filter })
/** Waits until every event has its place in the log; answers how many there are. */
const ordered = async (): Promise<number> => {
  for (const limit = Date.now() + 60_000; ; ) {
    const [row] = (await server.sql(
      `select (select count(*) from event)::int as events, (select size from log_head where stream = 1)::int as size`,
    )) as unknown as { events: number; size: number }[]
    if (row && row.events === row.size) return row.size
    assert.ok(Date.now() < limit, 'events are not ordered in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const exported = async (query = ''): Promise<contract.Event[]> => {
  await ordered()
  const { text } = await olga.browser.send('GET', `/api/events/export${query}`)
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as contract.Event)
}
const guess = async (browser: Browser, username: string): Promise<void> => {
  await browser.call(contract.openSignIn, {})
  await browser.try(contract.provePassword, { username, password: 'some wrong password' })
}

const agents = {
  phone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  android:
    'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
  windows: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0',
  odd: '<script>alert(1)</script> "quoted" =cmd|x',
}

test('every attempt has its person, place, device, session and outcome', async () => {
  const person = await newPerson(server, olga, 'traveller')
  for (const [agent, address, type, platform, program, country] of [
    [agents.phone, '81.2.69.142', 'mobile', 'iOS', 'Safari 18', 'GB'],
    [agents.android, '8.8.8.8', 'mobile', 'Android', 'Chrome 140', 'US'],
    [agents.windows, '2001:4860:4860::8888', 'desktop', 'Windows', 'Firefox 150', 'US'],
    [agents.odd, '10.1.2.3', 'unknown', 'unknown', 'unknown', undefined],
  ] as const) {
    const browser = from(server, address)
    browser.headers['user-agent'] = agent
    await signIn(server, person, browser)
    const [event] = (await list({ type: 'sign-in.totp', userId: person.id, limit: 1 })).items
    assert.equal(event?.outcome, 'success')
    assert.equal(event?.actor.name, 'traveller')
    assert.equal(event?.actor.id, person.id)
    assert.equal(event?.factor, 'totp')
    assert.equal(event?.address, address)
    assert.equal(event?.place?.country, country)
    assert.deepEqual(event?.device, { id: null, type, platform, browser: program })
    assert.equal(event?.sessionId, (await browser.call(contract.currentSession, {})).id)
  }
  const own = await list({ codeId: person.codeId })
  for (const type of ['code.issued', 'code.claimed', 'enrolment.confirmed'])
    assert.ok(
      own.items.some((event) => event.type === type),
      type,
    )
})

test('what is done in a session stands under it and under the code that opened it, and an attempt names the policy applied', async () => {
  const auditor = await newPerson(server, olga, 'followed', ['auditor'])
  const { id } = await auditor.browser.call(contract.currentSession, {})
  const newest = async (type: string) => (await list({ type, userId: auditor.id, limit: 1 })).items[0]
  assert.match((await newest('enrolment.confirmed'))?.policy ?? '', /^authentication\/\d+$/)
  await auditor.browser.call(contract.createDownload, { path: '/api/events/export' })
  assert.equal(said(await auditor.browser.try(contract.createUser, { username: 'nobody.makes.me' })), 'not-allowed')
  for (const type of ['download.created', 'request.denied']) {
    const event = await newest(type)
    assert.deepEqual([event?.sessionId, event?.codeId], [id, auditor.codeId], type)
  }
  // a step-up goes on with the same code
  await forgetStep(server, auditor)
  await auditor.browser.call(contract.stepUp, {})
  await auditor.browser.call(contract.provePassword, { password: auditor.password })
  assert.equal((await newest('sign-in.password'))?.codeId, auditor.codeId)
  await auditor.browser.call(contract.proveTotp, { code: passcode(auditor.secret) })
  const stepped = await newest('sign-in.totp')
  assert.notEqual(stepped?.sessionId, id)
  assert.deepEqual(
    [stepped?.sessionId, stepped?.codeId],
    [(await auditor.browser.call(contract.currentSession, {})).id, auditor.codeId],
  )
  await auditor.browser.call(contract.signOut, {})
  assert.equal((await newest('session.ended'))?.codeId, auditor.codeId)
  // of a sign-in without a code there is none; right or wrong, the settings that were applied are named
  const settings = await olga.browser.call(contract.getAuthenticationSettings, {})
  const browser = await signIn(server, auditor)
  await guess(server.browser(), 'followed')
  await browser.call(contract.openSignIn, {})
  await browser.call(contract.provePassword, { username: 'followed', password: auditor.password })
  await browser.try(contract.proveTotp, { code: '000000' })
  await browser.try(contract.proveRecoveryCode, { code: 'wrong' })
  const attempts = (await list({ type: 'sign-in.', userId: auditor.id, limit: 5 })).items
  assert.equal(attempts.length, 5)
  for (const { type, codeId, policy } of attempts)
    assert.deepEqual([codeId, policy], [null, `authentication/${settings.version}`], type)
  const { version: _, withoutSecondFactor: __, defaultsWarning: ___, ...same } = settings
  const saved = await olga.browser.call(
    contract.putAuthenticationSettings,
    { ...same, issuer: 'Postern & Co' },
    { headers: { 'if-match': `"${settings.version}"` } },
  )
  const [change] = (await list({ type: 'settings.changed', limit: 1 })).items
  assert.equal(change?.detail.version, saved.version)
})

test('no entry holds a name, an address, an agent or what a stranger typed: these lie sealed beside it', async () => {
  const user = await olga.browser.call(contract.createUser, {
    username: 'quentin.personal',
    displayName: 'Quentin Personalia',
    email: 'q@personal.example',
  })
  const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
  const browser = from(server, '203.0.113.77')
  browser.headers['user-agent'] = 'Peculiar/7.7 (PersonalOS)'
  await guess(browser, 'quentin.personal')
  await guess(browser, 'typed.by.stranger')
  await browser.try(contract.claimCode, partsOf(code.url as string))
  await from(server, '203.0.113.78').try(contract.inspectCode, partsOf(code.url as string), { proof: false })
  await raw(server.origin, 'GET', '/api/quentin.personal', { headers: { 'x-forwarded-for': '203.0.113.77' } })
  await server.core.tally.flush(true)
  await olga.browser.call(contract.suspendUser, { id: user.id, reason: 'ill, says her sister' })
  const rows = (await server.sql(`select entry, encode(sealed, 'escape') as sealed from event`)) as unknown as {
    entry: string
    sealed: string
  }[]
  for (const { entry, sealed } of rows)
    for (const personal of [
      'quentin',
      'Quentin',
      'personal.example',
      'typed.by',
      '203.0.113',
      'Peculiar',
      'PersonalOS',
      'olga',
      'sister',
    ]) {
      assert.ok(!entry.includes(personal), `${personal} in ${entry}`)
      assert.ok(!sealed.includes(personal), personal)
    }
  const [event] = (await list({ type: 'sign-in.password', address: '203.0.113.77', limit: 1 })).items
  assert.equal(event?.actor.name, 'typed.by.stranger')
  const [suspended] = (await list({ type: 'user.suspended', userId: user.id })).items
  assert.equal(suspended?.detail.reason, 'ill, says her sister')
})

test('the places in the log are dense and gapless, also after many writers at once', async () => {
  const before = await ordered()
  await atOnce(40, (at) =>
    from(server, `198.51.100.${at}`).try(contract.inspectCode, { id: `cod_${'0'.repeat(26)}`, secret: 'x' }, { proof: false }),
  )
  const events = await exported()
  assert.ok(events.length >= before + 40)
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, at) => at),
  )
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length)
  assert.deepEqual(
    (await exported('?after=9&limit=5')).map(({ seq }) => seq),
    [10, 11, 12, 13, 14],
  )
  assert.deepEqual(await olga.browser.call(contract.getEvent, { id: (events[3] as contract.Event).id }), events[3])
  assert.equal(said(await olga.browser.try(contract.getEvent, { id: `evt_${'0'.repeat(26)}` })), 'not-found')
})

test('filters narrow a list, filters that fit nothing find nothing, and pages lose nothing while others write', async () => {
  const person = await newPerson(server, olga, 'filtered')
  await guess(from(server, '81.2.69.160'), 'filtered')
  const is = async (
    filter: contract.CallIn<typeof contract.listEvents>,
    holds: (event: contract.Event) => boolean,
  ): Promise<void> => {
    const { items } = await list(filter)
    assert.ok(items.length > 0 && items.every(holds), JSON.stringify(filter))
  }
  await is({ type: 'sign-in.' }, ({ type }) => type.startsWith('sign-in.'))
  await is({ type: 'code.issued,user.created' }, ({ type }) => type === 'code.issued' || type === 'user.created')
  await is({ outcome: 'failure' }, ({ outcome }) => outcome === 'failure')
  await is({ userId: person.id }, ({ actor, subject }) => actor.id === person.id || subject?.id === person.id)
  await is({ codeId: person.codeId }, ({ codeId }) => codeId === person.codeId)
  await is({ factor: 'password' }, ({ factor }) => factor === 'password')
  await is({ country: 'gb' }, ({ place }) => place?.country === 'GB')
  for (const written of ['81.2.69.160', '::ffff:81.2.69.160', ' 81.2.69.160 '])
    await is({ address: written }, ({ address }) => address === '81.2.69.160')
  for (const nothing of [
    { codeId: `cod_0${'z'.repeat(25)}` },
    { deviceId: `dev_0${'z'.repeat(25)}` },
    { address: '1.2.3.4' },
    { type: '%.' },
    { from: '9999-12-31T23:59:59.999Z' },
    { to: '0001-01-01T00:00:00.000Z' },
  ])
    assert.deepEqual((await list(nothing)).items, [], JSON.stringify(nothing))
  // who searches the record is told that they asked for nothing, not that there was nothing
  for (const unreadable of [
    { codeId: `cod_8${'z'.repeat(25)}` },
    { codeId: person.id },
    { sessionId: '%' },
    { deviceId: `dev_8${'z'.repeat(25)}` },
    { userId: person.codeId },
    { from: '2026-05-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' },
  ])
    assert.equal(said(await olga.browser.try(contract.listEvents, unreadable)), 'invalid-request', JSON.stringify(unreadable))
  const [count] = (await server.sql(`select count(*)::int as n from event`)) as unknown as { n: number }[]
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page: contract.Out<typeof contract.listEvents> = await list({ limit: 30, ...(cursor ? { cursor } : {}) })
    seen.push(...page.items.map((event) => event.id))
    cursor = page.nextCursor ?? undefined
    await guess(from(server, '198.51.100.200'), 'nobody')
  } while (cursor)
  assert.deepEqual(seen, [...seen].sort().reverse())
  assert.equal(new Set(seen).size, seen.length)
  assert.ok(seen.length >= (count?.n ?? 0))
})

test('a cursor that is none is refused in every list, not a fault', async () => {
  const other = `lgo_0${'z'.repeat(25)}`
  for (const path of [
    '/api/events',
    '/api/codes',
    '/api/historical',
    '/api/users',
    '/api/tokens',
    '/api/sessions',
    '/api/devices',
    '/api/brands',
    '/api/bulk',
    `/api/codes/${olga.codeId}/scans`,
  ])
    for (const cursor of ['x', 'usr_', `cod_8${'z'.repeat(25)}`, "';drop table event--", 'AA', 'AIA', other]) {
      const answer = await olga.browser.send('GET', `${path}?cursor=${encodeURIComponent(cursor)}`)
      assert.ok(answer.status === 200 || answer.status === 422, `${path} ${cursor}: ${answer.status}`)
      // where another list stopped no list goes on
      if (cursor !== other || path === '/api/users') continue
      const { code, detail, errors } = answer.body as contract.Problem
      assert.deepEqual(
        [code, detail, errors],
        [
          'invalid-request',
          'cursor: is not a nextCursor of this list',
          [{ path: 'cursor', message: 'is not a nextCursor of this list', code: 'format' }],
        ],
        path,
      )
    }
})

type Frame = { id: number; event: contract.Event }
/** Reads a stream until there are `enough` events; `meanwhile` runs once it is open. */
const follow = async (
  headers: Record<string, string>,
  query: string,
  enough: number,
  meanwhile: () => Promise<void> = async () => {},
): Promise<Frame[]> => {
  const ended = new AbortController()
  const response = await olga.browser.fetch('GET', `/api/events/stream${query}`, { headers, signal: ended.signal })
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
  const timer = setTimeout(() => ended.abort(), 60_000)
  const frames: Frame[] = []
  let rest = ''
  let writing: Promise<void> | undefined
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      writing ??= meanwhile()
      const parts = (rest + new TextDecoder().decode(chunk)).split('\n\n')
      rest = parts.pop() as string
      for (const part of parts) {
        const data = /^data: (.*)$/m.exec(part)?.[1]
        if (data) frames.push({ id: Number(/^id: (\d+)$/m.exec(part)?.[1]), event: JSON.parse(data) as contract.Event })
      }
      if (frames.length >= enough) break
    }
  } finally {
    clearTimeout(timer)
    ended.abort()
    await writing
  }
  return frames
}

test('the stream tells events as they are ordered and resumes without a gap', async () => {
  const size = await ordered()
  const live = await follow({}, '', 3, async () => {
    for (let at = 0; at < 3; at++) await guess(from(server, '198.51.100.201'), `streamed${at}`)
  })
  assert.deepEqual(
    live.map(({ id }) => id),
    live.map((_, at) => size + at),
  )
  assert.ok(live.every(({ id, event }) => event.seq === id))
  await atOnce(10, (at) => guess(from(server, '198.51.100.202'), `missed${at}`))
  const now = await ordered()
  for (const [headers, query] of [
    [{ 'last-event-id': String(size) }, ''],
    [{}, `?after=${size}`],
    [{ 'last-event-id': String(size) }, '?after=3'],
  ] as [Record<string, string>, string][]) {
    const frames = await follow(headers, query, now - size - 1)
    assert.ok(frames.length >= now - size - 1)
    assert.deepEqual(
      frames.map(({ id }) => id),
      frames.map((_, at) => size + 1 + at),
    )
  }
  assert.equal(said(await olga.browser.try(contract.streamEvents, { after: -2 })), 'invalid-request')
})

test('a download is good once, for a minute, while its session lives, and for who may read what it holds', async () => {
  const path = '/api/events/export?limit=3'
  const address = async (by: Browser = olga.browser): Promise<string> => {
    const { url, expiresAt } = await by.call(contract.createDownload, { path })
    assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 60_000) < 5_000)
    return url
  }
  await ordered()
  const url = await address()
  assert.equal((await fetch(url, { method: 'HEAD' })).status, 404)
  const first = await fetch(url)
  assert.equal(first.status, 200)
  assert.equal(first.headers.get('content-disposition'), 'attachment; filename="postern-events.jsonl"')
  assert.equal((await first.text()).trim().split('\n').length, 3)
  assert.equal((await fetch(url)).status, 404)
  const raced = await address()
  const statuses = await atOnce(8, async () => {
    const answer = await fetch(raced)
    await answer.text()
    return answer.status
  })
  assert.equal(statuses.filter((status) => status === 200).length, 1)
  const late = await address()
  await server.sql(`update download set expires_at = now() where used_at is null`)
  assert.equal((await fetch(late)).status, 404)
  const auditor = await newPerson(server, olga, 'downloader', ['auditor'])
  const theirs = await address(auditor.browser)
  await auditor.browser.call(contract.signOut, {})
  assert.equal((await fetch(theirs)).status, 404)
  const plain = await newPerson(server, olga, 'plain')
  assert.equal(said(await plain.browser.try(contract.createDownload, { path })), 'not-allowed')
  const elsewhere = ['http://elsewhere.example', '//elsewhere.example', '/\\elsewhere.example'].map((origin) => origin + path)
  for (const wrong of [
    '/api/events',
    '/api/events/stream',
    '/etc/passwd',
    'x',
    '//',
    'http://[',
    '/api/events/export?limit=x',
  ].concat(elsewhere))
    assert.equal(said(await olga.browser.try(contract.createDownload, { path: wrong })), 'not-found', wrong)
})

test('lines, markup and formulas in agents and names stay data', async () => {
  const names = [
    'eve\r\nSet-Cookie: x=1',
    '<img src=x onerror=alert(1)>',
    '=HYPERLINK("x")',
    '\u001b[2J',
    'a\u2028b',
    '{"seq":1}',
  ]
  const browser = from(server, '198.51.100.210')
  browser.headers['user-agent'] = agents.odd
  for (const name of names) await guess(browser, name)
  const { items } = await list({ type: 'sign-in.password', address: '198.51.100.210' })
  assert.deepEqual(items.map(({ actor }) => actor.name).reverse(), names)
  assert.ok((await exported()).every(({ id }) => id.startsWith('evt_')))
})

test('unknown addresses and malformed calls become one event a source and minute, with a count', async () => {
  const headers = { 'x-forwarded-for': '198.51.100.220' }
  for (let at = 0; at < 12; at++) await raw(server.origin, 'GET', `/wp-admin/${at}`, { headers })
  for (let at = 0; at < 5; at++)
    await raw(server.origin, 'POST', '/api/codes/inspect', {
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{',
    })
  await server.core.tally.flush(true)
  const { items } = await list({ type: 'request.refused', address: '198.51.100.220' })
  // two where the minute turned between
  assert.ok(items.length === 1 || items.length === 2)
  assert.equal(
    items.reduce((sum, event) => sum + (event.detail.count as number), 0),
    17,
  )
})

test('a refusal that is tallied is counted before its answer, and until its event is on record', async () => {
  const headers = { 'x-forwarded-for': '198.51.100.221' }
  const tallied = async (): Promise<number> => {
    const [row] = await server.sql(`select coalesce(sum(n), 0)::int as n from refusal_tally`)
    return (row as unknown as { n: number }).n
  }
  // no route and no hook sees an address that cannot be read
  for (let at = 0; at < 20; at++) {
    await server.core.tally.flush(true)
    assert.equal((await raw(server.origin, 'GET', '/api/users/%zz', { headers })).status, 400)
    assert.equal(await tallied(), 1)
  }
  // an event that cannot be written leaves the count as it was
  await server.sql(`alter table event add constraint no_more check (type <> 'request.refused') not valid`)
  await assert.rejects(server.core.tally.flush(true))
  assert.equal(await tallied(), 1)
  await server.sql(`alter table event drop constraint no_more`)
  await Promise.all([server.core.tally.flush(true), server.core.tally.flush(true)])
  assert.equal(await tallied(), 0)
  const { items } = await list({ type: 'request.refused', address: '198.51.100.221' })
  assert.equal(
    items.reduce((sum, event) => sum + (event.detail.count as number), 0),
    20,
  )
})

test('nothing of a secret, a passcode or a token is in any event', async () => {
  const person = await newPerson(server, olga, 'discreet')
  const { token } = await olga.browser.call(contract.createToken, { name: 'discreet', scopes: ['auditor'] })
  await forgetStep(server, person)
  const code = passcode(person.secret)
  const browser = server.browser()
  await browser.call(contract.openSignIn, {})
  await browser.call(contract.provePassword, { username: 'discreet', password: person.password })
  await browser.call(contract.proveTotp, { code })
  const text = JSON.stringify(
    (await exported()).map(({ detail, actor, subject, target }) => ({ detail, actor, subject, target })),
  )
  for (const secret of [
    person.password,
    person.secret,
    `"${code}"`,
    token as string,
    ...person.recoveryCodes,
    ...browser.cookies.values(),
  ])
    assert.ok(!text.includes(secret))
})
