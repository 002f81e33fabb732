import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { asUnavailable } from '@postern/server'
import pg from 'pg'
import { afterPassword, dump, raw, said } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { freshDatabase } from './support/cluster.ts'
import { eventually } from './support/deployment.ts'
import { enrolByCode, firstOperator, forgetStep, goodPassword, newPerson, partsOf, passcode } from './support/people.ts'
import { freePort, startProcess, startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const json = { 'content-type': 'application/json' }
const isProblem = (
  answer: { status: number; headers: Record<string, unknown>; body: unknown },
  status: number,
  code: string,
  what = '',
): void => {
  assert.equal(answer.status, status, what)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, what)
  const problem = answer.body as contract.Problem
  assert.equal(problem.code, code, what)
  assert.equal(problem.status, status, what)
  assert.ok(problem.title && problem.type && problem.requestId, what)
}
const { port } = new URL(server.origin)
/** Bytes as they are: what no client library would send. */
const bytes = (text: string): Promise<string> =>
  new Promise((resolve) => {
    let got = ''
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => {
      got += chunk.toString()
    })
    socket.on('close', () => resolve(got))
    socket.on('error', () => resolve(got))
  })

test('every page of the console can be loaded by its address, and an address of none is told by its status', async () => {
  const router = readFileSync(new URL('../web/src/console/router.tsx', import.meta.url), 'utf8')
  const pages = [...router.matchAll(/(?:path: |page\()'(\/[^']*)'/g)].map((found) => (found[1] as string).replace('$id', 'x'))
  assert.ok(pages.length > 20)
  for (const path of pages) {
    const answer = await raw(server.origin, 'GET', path, { headers: { accept: 'text/html' } })
    assert.equal(answer.status, 200, path)
    assert.match(String(answer.headers['content-type']), /^text\/html/, path)
  }
  for (const path of ['/why', '/devices-of-mine', '/nowhere'])
    assert.equal((await raw(server.origin, 'GET', path, { headers: { accept: 'text/html' } })).status, 404, path)
})

test('what is wrong with a field is told by a stable name, with what words about it may hold', async () => {
  const person = (input: object) => olga.browser.try(contract.createUser, { username: 'fields', ...input } as never)
  for (const [input, path, code, values] of [
    [{ username: undefined }, 'username', 'required', undefined],
    [{ username: 'x' }, 'username', 'too-short', { least: 2 }],
    [{ username: 'x'.repeat(65) }, 'username', 'too-long', { most: 64 }],
    [{ username: 'a b' }, 'username', 'format', undefined],
    [{ username: 7 }, 'username', 'type', undefined],
    [{ email: 'nobody' }, 'email', 'format', undefined],
    [{ roles: [] }, 'roles', 'required', undefined],
    [{ roles: ['user', 'user', 'user', 'user', 'user'] }, 'roles', 'too-many', { most: 4 }],
    [{ roles: ['emperor'] }, 'roles.0', 'choice', undefined],
    [{ more: 1 }, 'more', 'unknown-field', undefined],
    [{ username: olga.username.toUpperCase() }, 'username', 'taken', undefined],
  ] as const) {
    const { problem } = await person(input)
    const [error] = problem.errors ?? []
    assert.deepEqual([error?.path, error?.code, error?.values], [path, code, values], JSON.stringify(input))
    assert.ok((error?.message.length ?? 0) > 0)
  }
  // a query is judged like a body
  const { problem } = await olga.browser.try(contract.listUsers, { limit: 900 })
  assert.deepEqual(problem.errors?.[0], {
    path: 'limit',
    message: problem.errors?.[0]?.message,
    code: 'too-large',
    values: { most: 200 },
  })
})

test('another Host is not served, whatever other headers say; the loopback addresses lead to localhost', async () => {
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    `localhost.evil.example:${port}`,
    'localhost',
    `localhost:${Number(port) + 1}`,
    `user@localhost:${port}`,
    '127.0.0.1',
  ])
    isProblem(await raw(server.origin, 'GET', '/api/deployment', { headers: { host } }), 421, 'misdirected', host)
  for (const headers of [
    { 'x-forwarded-host': 'evil.example' },
    { forwarded: 'host=evil.example' },
    { 'x-original-host': 'evil.example' },
  ] as Record<string, string>[]) {
    const answer = await raw(server.origin, 'GET', '/api/deployment', { headers })
    assert.equal((answer.body as { origin: string }).origin, server.origin)
  }
  for (const host of [`127.0.0.1:${port}`, `[::1]:${port}`]) {
    const answer = await raw(server.origin, 'GET', '/users?q=1', { headers: { host } })
    assert.equal(answer.status, 308)
    assert.equal(answer.headers.location, `${server.origin}/users?q=1`)
    for (const path of ['//evil.example', '/\\evil.example', '/%2f%2fevil.example']) {
      const led = await raw(server.origin, 'GET', path, { headers: { host } })
      if (led.status === 308) assert.equal(new URL(String(led.headers.location)).origin, server.origin)
    }
  }
  for (const path of ['/healthz', '/readyz'])
    assert.equal((await raw(server.origin, 'GET', path, { headers: { host: 'any.example' } })).status, 200)
  assert.match(await bytes('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 4/)
  assert.match(await bytes('GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 421/)
})

test('a request line that is no path leads nowhere else', async () => {
  for (const target of [
    '@evil.example/',
    'http://evil.example/',
    `http://127.0.0.1:${port}@evil.example/`,
    '*',
    'evil.example:443',
    '.evil.example/',
  ]) {
    const text = await bytes(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
    assert.match(text, /^(HTTP\/1\.1 [34]|$)/, target)
    const location = /^location: (.*)$/im.exec(text)?.[1]
    if (location) assert.equal(new URL(location.trim()).origin, server.origin, target)
  }
})

test('what is no HTTP is a problem too, and counted', async () => {
  for (const request of [
    'nonsense\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: localhost:${port}\r\nno header\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: localhost:${port}\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
  ]) {
    const [head = '', body = ''] = (await bytes(request)).split('\r\n\r\n')
    assert.match(head, /^HTTP\/1\.1 400 /)
    assert.match(head, /^content-type: application\/problem\+json$/im)
    const { code, status } = JSON.parse(body) as contract.Problem
    assert.deepEqual([code, status], ['malformed', 400])
  }
  await server.core.tally.flush(true)
  const { items } = await olga.browser.call(contract.listEvents, { type: 'request.refused', limit: 1 })
  assert.match(String(items[0]?.detail.why), /^malformed: HPE_/)
})

test('each 401 names how to authenticate, and never in a way that a browser has a dialogue for', async () => {
  for (const [method, path, headers, code, challenge] of [
    ['GET', '/api/users', {}, 'no-session', 'Bearer'],
    ['GET', '/api/users', { authorization: 'Bearer pst_wrong' }, 'no-session', 'Bearer'],
    ['GET', '/metrics', {}, 'no-session', 'Bearer'],
    ['POST', '/api/sign-ins', {}, 'session-binding', 'DPoP algs="ES256"'],
  ] as const) {
    const answer = await raw(server.origin, method, path, { headers })
    isProblem(answer, 401, code, path)
    assert.equal(answer.headers['www-authenticate'], challenge, path)
  }
})

test('bodies that are no JSON, of another type, too large, or not of the form asked for', async () => {
  const send = (body: string, headers: Record<string, string> = json) =>
    raw(server.origin, 'POST', '/api/codes/inspect', { headers, body })
  for (const body of ['{', '{"id":}', 'x', '{"id":"a"}}', "{'id':1}", '\u0000', '{"a":1,}', 'NaN', '[1', '"'])
    isProblem(await send(body), 400, 'malformed', body)
  for (const type of [
    'text/plain',
    'text/plain; charset=utf-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    '',
  ])
    isProblem(
      await send('{"id":"x","secret":"x"}', type === '' ? {} : { 'content-type': type }),
      415,
      'unsupported-media-type',
      type,
    )
  for (const coding of ['identity', 'Identity', ''])
    isProblem(await send('{"id":"x","secret":"x"}', { ...json, 'content-encoding': coding }), 422, 'invalid-request', coding)
  for (const type of ['text/csv', 'image/png']) {
    const answer = await send('x', { 'content-type': type, 'content-encoding': 'gzip' })
    isProblem(answer, 415, 'unsupported-media-type', type)
    assert.match((answer.body as contract.Problem).detail ?? '', /without Content-Encoding/, type)
  }
  for (const coding of ['gzip', 'br', 'x-none', 'identity, gzip'])
    isProblem(
      await send('{"id":"x","secret":"x"}', { ...json, 'content-encoding': coding }),
      415,
      'unsupported-media-type',
      coding,
    )
  isProblem(await send(`{"id":"${'x'.repeat(70_000)}"}`), 413, 'too-large')
  isProblem(await send(`${'['.repeat(30_000)}${']'.repeat(30_000)}`), 422, 'invalid-request')
  for (const body of [
    '[]',
    '1',
    '"x"',
    'true',
    '{}',
    'null',
    '{"id":"cod_x","secret":"x"}',
    '{"id":["x"],"secret":{}}',
    '{"id":null,"secret":null}',
  ]) {
    const answer = await send(body)
    isProblem(answer, 422, 'invalid-request', body)
    const { errors } = answer.body as contract.Problem
    assert.ok(
      errors && errors.length > 0 && errors.every(({ path, message }) => typeof path === 'string' && message.length > 0),
      body,
    )
  }
  const good = `"id":"cod_${'0'.repeat(26)}","secret":"x"`
  const unknown = await send(`{${good},"more":1,"other":2}`)
  isProblem(unknown, 422, 'invalid-request')
  assert.deepEqual(
    (unknown.body as contract.Problem).errors?.map(({ path, code }) => [path, code]),
    [
      ['more', 'unknown-field'],
      ['other', 'unknown-field'],
    ],
  )
  for (const name of ['__proto__', 'constructor', 'prototype'])
    isProblem(await send(`{${good},"${name}":{"admin":true}}`), 422, 'invalid-request', name)
  isProblem(await send(`{"id":"cod_${'0'.repeat(26)}","secret":"x\\u0000"}`), 422, 'invalid-request')
  isProblem(await send(`{${good}}`, { 'content-type': 'application/json; charset=utf-8' }), 404, 'code-unknown')
  assert.equal(({} as { admin?: boolean }).admin, undefined)
})

test('what is sent where nothing takes it is refused: queries, ids of another kind, unknown paths and methods', async () => {
  for (const url of [
    '/api/users?surprise=1',
    '/api/users?limit=x',
    '/api/users?limit=1&limit=2',
    '/api/users?q=%00',
    '/api/events?from=yesterday',
  ]) {
    const answer = await olga.browser.send('GET', url)
    assert.equal(answer.status, 422, url)
  }
  for (const twice of ['limit=1&limit=2', 'q=a&q=b', 'state=active&state=active']) {
    const { body } = await olga.browser.send('GET', `/api/users?${twice}`)
    const name = twice.slice(0, twice.indexOf('='))
    assert.deepEqual(
      (body as contract.Problem).errors,
      [{ path: name, message: 'was given more than once', code: 'type' }],
      twice,
    )
  }
  const [{ n: people } = {}] = await server.sql(`select count(*)::int as n from users`)
  for (const [method, url, body] of [
    ['POST', '/api/users?dryRun=true', { username: 'nobody-yet' }],
    ['POST', '/api/codes/bulk?dryRun=true', { action: 'revoke', ids: [`cod_0${'z'.repeat(25)}`], reason: 'x' }],
    ['PATCH', `/api/users/${olga.id}?displayName=x`, { displayName: 'y' }],
    ['POST', '/api/sign-ins?returnTo=/', {}],
  ] as const) {
    const answer = await olga.browser.send(method, url, body)
    assert.equal(answer.status, 422, url)
    assert.equal((answer.body as contract.Problem).errors?.[0]?.code, 'unknown-field', url)
  }
  assert.deepEqual(await server.sql(`select count(*)::int as n from users`), [{ n: people }])
  for (const id of [
    'x',
    `cod_${'0'.repeat(26)}`,
    `usr_${'0'.repeat(25)}`,
    `usr_${'0'.repeat(27)}`,
    `usr_8${'0'.repeat(25)}`,
    `USR_${'0'.repeat(26)}`,
    'usr_%00',
    '..%2f..',
    "'",
  ]) {
    const answer = await olga.browser.send('GET', `/api/users/${id}`)
    assert.ok(answer.status === 422 || answer.status === 404 || answer.status === 400, `${id}: ${answer.status}`)
  }
  for (const [method, path] of [
    ['GET', '/api/nothing'],
    ['GET', '/nothing-at-all'],
    ['GET', '/.env'],
    ['GET', '/assets/../../package.json'],
    ['GET', '/assets/%2e%2e/%2e%2e/package.json'],
    ['PUT', '/api/users'],
    ['TRACE', '/api/users'],
    ['PROPFIND', '/'],
    ['OPTIONS', '/api/users'],
    ['GET', `/api/users/${'x'.repeat(3_000)}`],
  ] as const) {
    const answer = await raw(server.origin, method, path)
    const what = `${method} ${path.slice(0, 60)}`
    assert.ok(answer.status >= 400 && answer.status < 500, `${what}: ${answer.status}`)
    if (answer.text) assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, what)
  }
  for (const path of ['/%', '/api/users/%zz']) isProblem(await raw(server.origin, 'GET', path), 400, 'malformed', path)
})

test('answers carry the headers that keep them to themselves, and no page may be framed or run a foreign script', async () => {
  for (const path of [
    '/',
    '/sign-in',
    '/users/usr_1',
    '/c/cod_00000000000000000000000000',
    '/api/deployment',
    '/api/nothing',
    '/api/docs',
    '/api/openapi.json',
  ]) {
    const { headers } = await raw(server.origin, 'GET', path)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.equal(headers['referrer-policy'], 'no-referrer', path)
    assert.equal(headers['x-frame-options'], 'DENY', path)
    assert.equal(headers['x-powered-by'], undefined)
    assert.equal(headers['strict-transport-security'], undefined)
    assert.equal(headers['access-control-allow-origin'], undefined)
    assert.match(String(headers['cache-control']), /no-store/, path)
    const isPage = String(headers['content-type']).startsWith('text/html')
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin', path)
    assert.equal(headers['cross-origin-opener-policy'], isPage ? 'same-origin' : undefined, path)
    assert.equal(headers['origin-agent-cluster'], isPage ? '?1' : undefined, path)
  }
  const nonces = new Set<string>()
  for (const path of ['/', '/', '/users']) {
    const { headers, text } = await raw(server.origin, 'GET', path)
    const policy = String(headers['content-security-policy'])
    for (const part of [
      `default-src 'none'`,
      `frame-ancestors 'none'`,
      `base-uri 'none'`,
      `form-action 'self'`,
      `require-trusted-types-for 'script'`,
    ])
      assert.ok(policy.includes(part), part)
    assert.ok(!/unsafe-inline|unsafe-eval|\*|https?:/.test(policy), policy)
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] as string
    assert.ok(Buffer.from(nonce, 'base64').length >= 16)
    nonces.add(nonce)
    assert.ok(!text.includes('__CSP_NONCE__'))
  }
  assert.equal(nonces.size, 3)
  const phone = String((await raw(server.origin, 'GET', '/c/x')).headers['content-security-policy'])
  assert.ok(!/unsafe|nonce|\*/.test(phone) && phone.includes(`default-src 'none'`) && phone.includes(`script-src 'self'`))
})

test('the page of a scan is the same bytes and headers for every id, known or not', async () => {
  const user = await olga.browser.call(contract.createUser, { username: 'scanned' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
  const seen = async (id: string) => {
    const { status, headers, text } = await raw(server.origin, 'GET', `/c/${id}`)
    const { date: _, ...rest } = headers
    return { status, rest, text }
  }
  const known = await seen(code.id)
  assert.equal(known.status, 200)
  for (const id of [
    `cod_${'0'.repeat(26)}`,
    olga.codeId,
    'x',
    '%3Cscript%3E',
    'cod_',
    `usr_${'0'.repeat(26)}`,
    'x'.repeat(900),
    '%E0%A4%A',
    `${code.id}%`,
  ])
    assert.deepEqual(await seen(id), known, id)
  assert.ok(!known.text.includes(code.id))
})

test('an address that leads nowhere is a page for people and a problem for machines', async () => {
  const page = await raw(server.origin, 'GET', '/nowhere', { headers: { accept: 'text/html,*/*;q=0.8' } })
  assert.equal(page.status, 404)
  assert.match(String(page.headers['content-type']), /^text\/html/)
  assert.match(String(page.headers['content-security-policy']), /require-trusted-types-for/)
  for (const [path, accept] of [
    ['/nowhere', 'application/json'],
    ['/api/nowhere', 'text/html'],
    ['/assets/nowhere.js', 'text/html'],
  ] as const)
    assert.equal(
      (await raw(server.origin, 'GET', path, { headers: { accept } })).headers['content-type'],
      'application/problem+json',
    )
})

test('cookies on localhost are host-only, out of reach of scripts, and kept from other sites', async () => {
  const browser = server.browser()
  const opened = await browser.try(contract.openSignIn, {})
  const [line] = opened.headers.getSetCookie()
  assert.match(line ?? '', /^postern-sign-in=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
  const person = await newPerson(server, olga, 'crumbs')
  const half = await afterPassword(browser, person)
  await forgetStep(server, person)
  const done = await half.try(contract.proveTotp, { code: passcode(person.secret) })
  const cookie = done.headers.getSetCookie().find((each) => each.startsWith('postern-session='))
  assert.match(cookie ?? '', /^postern-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
})

test('on https cookies have the host prefix and Secure, addresses are the public origin, and HSTS is told', async () => {
  const origin = 'https://postern.example.org'
  const https = await startServer({ env: { POSTERN_ORIGIN: origin } })
  /** As a proxy that ends TLS would pass it on. */
  const call = async (browser: Browser, method: string, path: string, body?: unknown) => {
    const answer = await raw(https.origin, method, path, {
      headers: {
        host: new URL(origin).host,
        ...json,
        dpop: browser.proof(method, path, { htu: `${origin}${path}` }),
        cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        'x-forwarded-proto': 'https',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    for (const line of [answer.headers['set-cookie'] ?? []].flat())
      browser.cookies.set(line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1, line.indexOf(';')))
    return answer
  }
  const url = await https.bootstrapUrl()
  assert.ok(url.startsWith(`${origin}/c/cod_`))
  const browser = https.browser()
  const claimed = (await call(browser, 'POST', '/api/codes/claim', { ...partsOf(url), username: 'olga', factor: 'totp' }))
    .body as {
    confirm: string
    secret: string
  }
  const confirmed = await call(browser, 'POST', '/api/enrolments/confirm', {
    confirm: claimed.confirm,
    code: passcode(claimed.secret),
    password: goodPassword,
    signIn: true,
  })
  assert.equal(confirmed.status, 200)
  const cookie = [confirmed.headers['set-cookie'] ?? []].flat().find((each) => each.includes('session')) as string
  assert.match(cookie, /^__Host-postern-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  assert.match(String(confirmed.headers['strict-transport-security']), /max-age=\d{7,}/)
  assert.equal((await call(browser, 'GET', '/api/session')).status, 200)
  // without the prefix it is no cookie of ours: a neighbour under the same domain cannot plant one
  const planted = browser.at(https.origin)
  planted.cookies = new Map([['postern-session', browser.cookies.get('__Host-postern-session') as string]])
  isProblem(await call(planted, 'GET', '/api/session'), 401, 'no-session')
  isProblem(await raw(https.origin, 'GET', '/api/deployment'), 421, 'misdirected')
  const loopback = { host: `127.0.0.1:${new URL(https.origin).port}` }
  isProblem(await raw(https.origin, 'GET', '/api/deployment', { headers: loopback }), 421, 'misdirected')
  await https.close()
})

test('health is open to all; metrics to a token that may', async () => {
  assert.equal((await raw(server.origin, 'GET', '/healthz')).status, 200)
  assert.equal((await raw(server.origin, 'GET', '/readyz')).status, 200)
  isProblem(await raw(server.origin, 'GET', '/metrics'), 401, 'no-session')
  const bearer = async (scope: contract.Scope) => {
    const { token } = await olga.browser.call(contract.createToken, { name: scope, scopes: [scope] })
    return raw(server.origin, 'GET', '/metrics', { headers: { authorization: `Bearer ${token}`, host: 'any.example' } })
  }
  isProblem(await bearer('enrolment'), 403, 'not-allowed')
  const answer = await bearer('metrics')
  assert.equal(answer.status, 200)
  assert.match(answer.text, /^postern_http_requests_total\{/m)
  assert.ok(!/usr_|cod_|olga|nothing-at-all/.test(answer.text))
})

/** A door to the database that can be shut. */
const door = async (url: string) => {
  const target = new URL(url)
  const at = await freePort()
  const sockets = new Set<Socket>()
  const open = () =>
    new Promise<ReturnType<typeof createServer>>((resolve) => {
      const listening = createServer((socket) => {
        const onward = connect(Number(target.port), target.hostname)
        for (const [one, other] of [
          [socket, onward],
          [onward, socket],
        ] as const) {
          sockets.add(one)
          one.pipe(other)
          one.on('error', () => other.destroy())
          one.on('close', () => {
            sockets.delete(one)
            other.destroy()
          })
        }
      })
      listening.listen(at, '127.0.0.1', () => resolve(listening))
    })
  let listening = await open()
  const through = new URL(url)
  through.host = `127.0.0.1:${at}`
  return {
    url: through.href,
    shut: async () => {
      const closed = new Promise((resolve) => listening.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
    open: async () => {
      listening = await open()
    },
  }
}

test('while the database is away every attempt answers 503 and nothing is evaluated; when it is back all goes on', async () => {
  const gate = await door(await freshDatabase())
  const own = await startServer({ databaseUrl: gate.url, env: { POSTERN_LOG: 'silent' } })
  const operator = await firstOperator(own)
  const person = await newPerson(own, operator, 'waiting')
  const user = await operator.browser.call(contract.createUser, { username: 'claimer' })
  const issued = await operator.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
  const code = partsOf(issued.code.url as string)
  const half = await afterPassword(own.browser(), person)
  const opened = own.browser()
  await opened.call(contract.openSignIn, {})
  const { token } = await operator.browser.call(contract.createToken, { name: 'machine', scopes: ['auditor'] })
  const machine = own.browser()
  machine.bearer = token as string
  await forgetStep(own, person)
  const tables = ['attempt', 'code', 'claim', 'totp', 'recovery_code', 'session', 'users', 'sign_in']
  const before = await dump(own, tables)
  await gate.shut()

  const holding = [half, opened, person.browser]
  const cookies = holding.map((browser) => new Map(browser.cookies))
  const attempts: [string, () => Promise<{ status: number; problem: contract.Problem; headers: Headers }>][] = [
    ['right passcode', () => half.try(contract.proveTotp, { code: passcode(person.secret) })],
    ['wrong passcode', () => half.try(contract.proveTotp, { code: '000000' })],
    ['right password', () => opened.try(contract.provePassword, { username: 'waiting', password: person.password })],
    ['wrong password', () => opened.try(contract.provePassword, { username: 'waiting', password: 'wrong' })],
    ['unknown name', () => opened.try(contract.provePassword, { username: 'nobody', password: 'wrong' })],
    ['recovery code', () => half.try(contract.proveRecoveryCode, { code: person.recoveryCodes[0] as string })],
    ['a new sign-in', () => own.browser().try(contract.openSignIn, {})],
    ['a session', () => person.browser.try(contract.currentSession, {})],
    ['a cookie without its key', () => person.browser.try(contract.currentSession, {}, { proof: false })],
    ['an inspection', () => own.browser().try(contract.inspectCode, code, { proof: false })],
    ['a claim', () => own.browser().try(contract.claimCode, code)],
    ['a token', () => machine.try(contract.listUsers, {})],
    ['a list', () => operator.browser.try(contract.listUsers, {})],
    ['a change', () => operator.browser.try(contract.suspendUser, { id: person.id })],
  ]
  for (const [what, attempt] of attempts) {
    const tried = await attempt()
    assert.equal(tried.status, 503, what)
    assert.equal(said(tried), 'unavailable', what)
    assert.ok(Number(tried.headers.get('retry-after')) > 0, what)
    assert.deepEqual(tried.headers.getSetCookie(), [], what)
    assert.ok(!/econn|postgres|select|127\.0\.0\.1/i.test(JSON.stringify(tried.problem)), what)
  }
  for (const path of ['/c/cod_00000000000000000000000000', '/api/nothing'])
    assert.ok((await raw(own.origin, 'GET', path)).status >= 404, path)
  assert.equal((await raw(own.origin, 'GET', '/readyz')).status, 503)
  assert.equal((await raw(own.origin, 'GET', '/healthz')).status, 200)
  for (const [at, browser] of holding.entries()) assert.deepEqual(browser.cookies, cookies[at])

  await gate.open()
  for (const limit = Date.now() + 60_000; (await raw(own.origin, 'GET', '/readyz')).status !== 200; ) {
    assert.ok(Date.now() < limit, 'not ready again')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.deepEqual(await dump(own, tables), before)
  assert.equal(said(await half.try(contract.proveTotp, { code: passcode(person.secret) })), '200')
  assert.equal(said(await opened.try(contract.provePassword, { username: 'waiting', password: person.password })), '200')
  assert.equal(said(await person.browser.try(contract.currentSession, {})), '200')
  assert.equal(said(await machine.try(contract.listUsers, {})), '200')
  await enrolByCode(own.browser(), `${own.origin}/c/${code.id}#${code.secret}`)
  // the log goes on without a gap
  const { text } = await operator.browser.send('GET', '/api/events/export')
  const seqs = text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as contract.Event).seq)
  assert.deepEqual(
    seqs,
    seqs.map((_, at) => at),
  )
  await own.close()
  await gate.shut()
})

test('a database that lets nobody in, or only reads, is away as well', async () => {
  const databaseUrl = await freshDatabase()
  const own = await startServer({ databaseUrl, env: { POSTERN_LOG: 'silent' } })
  const operator = await firstOperator(own)
  const name = new URL(databaseUrl).pathname.slice(1)
  const admin = new pg.Client({ connectionString: databaseUrl.replace(/\/[^/]*$/, '/postgres') })
  await admin.connect()
  try {
    const ways = [
      ['closed for maintenance', 'allow_connections false', 'allow_connections true'],
      ['a copy that only reads', 'set default_transaction_read_only = on', 'reset default_transaction_read_only'],
    ] as const
    for (const [what, away, back] of ways) {
      await admin.query(`alter database ${name} ${away}`)
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
      // a pool learns of it by the connections that it loses
      const tried = await eventually(
        () => own.browser().try(contract.openSignIn, {}),
        ({ status }) => status !== 201,
      )
      assert.deepEqual([tried.status, said(tried)], [503, 'unavailable'], what)
      await admin.query(`alter database ${name} ${back}`)
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
      await eventually(
        () => operator.browser.try(contract.currentSession, {}),
        ({ status }) => status === 200,
      )
    }
  } finally {
    await admin.end()
  }
})

test('a database whose name is not found, whose host is not reached or whose password was changed is away; a bug is none', () => {
  const told = (code: string) => asUnavailable(Object.assign(new Error('x'), { code }))?.code
  for (const away of [
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    '28P01',
    '3D000',
    '57P03',
    '53300',
    '08006',
    '40P01',
  ])
    assert.equal(told(away), 'unavailable', away)
  for (const bug of ['23505', '42601', '22P02', '25P02', 'ERR_INVALID_ARG_TYPE']) assert.equal(told(bug), undefined, bug)
})

test('connections that break while calls wait for their answers end these calls alone, in every pool', async () => {
  const own = await startServer()
  const operator = await firstOperator(own)
  const gate = await door(own.databaseUrl)
  const other = await startProcess({ DATABASE_URL: gate.url, POSTERN_KEY_FILE: own.keyFile })
  const machine = new Browser(other.origin)
  machine.bearer = (await operator.browser.call(contract.createToken, { name: 'machine', scopes: ['auditor'] })).token
  const calls: Record<string, () => Promise<{ status: number }>> = {
    bulk_job: () => machine.try(contract.listBulkJobs, {}),
    sign_in: () => new Browser(other.origin).try(contract.openSignIn, {}),
    code: () => raw(other.origin, 'GET', `/c/cod_${'0'.repeat(26)}`),
  }
  const statuses = async (answers: Promise<{ status: number }>[]) => (await Promise.all(answers)).map(({ status }) => status)
  const holder = new pg.Client({ connectionString: own.databaseUrl })
  await holder.connect()
  try {
    await holder.query('begin')
    await holder.query(`lock table ${Object.keys(calls)} in access exclusive mode`)
    const waiting = statuses(Object.values(calls).map((call) => call()))
    await eventually(
      () => own.sql(`select relation from pg_locks where not granted and relation = any ($1::regclass[])`, [Object.keys(calls)]),
      (rows) => new Set(rows.map(({ relation }) => relation)).size === 3,
    )
    await gate.shut()
    assert.deepEqual(await waiting, [503, 503, 503])
  } finally {
    await holder.end()
  }
  await gate.open()
  await eventually(
    () => raw(other.origin, 'GET', '/readyz'),
    ({ status }) => status === 200,
  )
  assert.deepEqual(await statuses(Object.values(calls).map((call) => call())), [200, 201, 200])
  assert.deepEqual([other.child.exitCode, other.child.signalCode], [null, null], other.output())
  await other.kill('SIGTERM')
  await gate.shut()
})
