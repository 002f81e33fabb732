import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword, cookiesOf, raw, said } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { firstOperator, forgetStep, newPerson, type Person, passcode, signIn } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const ada = await newPerson(server, olga, 'ada')

const alive = async (person: Person): Promise<boolean> => (await person.browser.try(contract.currentSession, {})).status === 200
const bindingEvents = async () =>
  (await olga.browser.call(contract.listEvents, { type: 'session.binding', userId: ada.id, limit: 200 })).items
/** Ada’s session as it was, whatever happened to it. */
const again = async (): Promise<void> => {
  await signIn(server, ada, ada.browser)
}

test('a cookie without a proof opens nothing; where the browser marks the call as not a script’s own, that is all', async () => {
  for (const marks of [
    { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' },
  ]) {
    const before = (await bindingEvents()).length
    for (const [method, path] of [
      ['GET', '/api/session'],
      ['DELETE', '/api/me/sessions'],
      ['DELETE', '/api/session'],
    ] as const) {
      const tried = await raw(server.origin, method, path, { headers: { ...marks, cookie: cookiesOf(ada.browser) } })
      assert.equal(tried.status, 401)
      assert.equal((tried.body as contract.Problem).code, 'session-binding', JSON.stringify(marks))
      assert.equal(tried.headers['set-cookie'], undefined)
    }
    assert.ok(await alive(ada), JSON.stringify(marks))
    const events = await bindingEvents()
    assert.equal(events.length, before + 3)
    assert.equal(events[0]?.detail.ended, 'no')
    assert.equal(events[0]?.subject?.name, 'ada')
    assert.equal(events[0]?.outcome, 'denied')
  }
  assert.deepEqual((await ada.browser.call(contract.myNotices, {})).items, [])
})

test('any other call without a proof ends the session, is recorded, and its person gets a notice', async () => {
  for (const marks of [{}, { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }, { dpop: 'rubbish' }] as Record<
    string,
    string
  >[]) {
    await again()
    const tried = await raw(server.origin, 'GET', '/api/session', { headers: { ...marks, cookie: cookiesOf(ada.browser) } })
    assert.equal((tried.body as contract.Problem).code, 'session-binding')
    assert.match(String(tried.headers['set-cookie']), /^postern-session=;.*(Max-Age=0|1970)/)
    assert.equal(await alive(ada), false)
    assert.equal((await bindingEvents())[0]?.detail.ended, 'yes')
    await again()
    const notices = (await ada.browser.call(contract.myNotices, {})).items
    assert.equal(notices[0]?.kind, 'session-binding')
    await ada.browser.call(contract.dismissNotice, { id: notices[0]?.id as string })
    assert.equal(said(await ada.browser.try(contract.dismissNotice, { id: notices[0]?.id as string })), 'not-found')
  }
})

test('a thief with the cookies and a key of their own gets nothing, and the stolen session ends', async () => {
  for (const marks of [{}, { 'sec-fetch-site': 'cross-site' }] as Record<string, string>[]) {
    await again()
    const thief = Browser.withCookiesOf(ada.browser)
    thief.headers['x-forwarded-for'] = '203.0.113.66'
    assert.equal(said(await thief.try(contract.currentSession, {}, { headers: marks })), 'session-binding')
    assert.equal(thief.cookies.has('postern-session'), false)
    const told = await ada.browser.try(contract.currentSession, {})
    assert.equal(told.status, 401)
    const [event] = await bindingEvents()
    assert.equal(event?.address, '203.0.113.66')
    assert.equal(event?.detail.ended, 'yes')
    // the operators see it too
    assert.ok((await olga.browser.call(contract.myNotices, {})).items.some((notice) => notice.event.id === event?.id))
  }
  await again()
})

test('a proof by a wrong clock is told a nonce, ends nothing, and holds with the nonce', async () => {
  for (const off of [3_600, -3_600, 61, -61, 10 * 365 * 86_400]) {
    ada.browser.clockOffset = off + (off > 0 ? 2 : -2)
    const stale = await ada.browser.try(contract.currentSession, {})
    assert.equal(said(stale), 'proof-stale', String(off))
    const nonce = stale.headers.get('dpop-nonce') as string
    assert.ok(nonce)
    const good = ada.browser.proof('GET', '/api/session', { nonce })
    assert.equal((await ada.browser.try(contract.currentSession, {}, { proof: good })).status, 200)
    assert.equal(
      said(
        await ada.browser.try(
          contract.currentSession,
          {},
          { proof: ada.browser.proof('GET', '/api/session', { nonce: `${nonce}x` }) },
        ),
      ),
      'proof-stale',
    )
  }
  for (const off of [50, -50]) {
    ada.browser.clockOffset = off
    assert.ok(await alive(ada))
  }
  ada.browser.clockOffset = 0
})

test('a nonce is good for five minutes, in every process, and nobody makes one', async () => {
  const nonceOf = (minute: number) =>
    `${minute.toString(36)}.${server.core.keys.hash('nonce', String(minute)).subarray(0, 16).toString('base64url')}`
  const minute = Math.floor(Date.now() / 60_000)
  const withNonce = async (nonce: unknown) =>
    said(
      await ada.browser.try(contract.currentSession, {}, { proof: ada.browser.proof('GET', '/api/session', { nonce, iat: 1 }) }),
    )
  assert.equal(await withNonce(nonceOf(minute)), '200')
  assert.equal(await withNonce(nonceOf(minute - 3)), '200')
  for (const nonce of [
    nonceOf(minute - 6),
    nonceOf(minute + 2),
    `${minute.toString(36)}.${'A'.repeat(22)}`,
    `${minute.toString(36)}.${createHmac('sha256', 'x').update(String(minute)).digest('base64url').slice(0, 22)}`,
    '',
    null,
    1,
    'x'.repeat(1_000),
  ])
    assert.equal(await withNonce(nonce), 'proof-stale', String(nonce))
})

test('a proof is good once; sent again it is refused, and whoever has the key goes on with a new one', async () => {
  const proof = server.browser().proof('POST', '/api/sign-ins')
  const browser = server.browser()
  assert.equal(said(await browser.try(contract.openSignIn, {}, { proof })), '201')
  assert.equal(said(await browser.try(contract.openSignIn, {}, { proof })), 'proof-stale')
  // a browser or a proxy that repeats a call whose answer was lost ends nobody's session
  const caught = ada.browser.proof('GET', '/api/session')
  assert.equal(said(await ada.browser.try(contract.currentSession, {}, { proof: caught })), '200')
  const repeated = await ada.browser.try(contract.currentSession, {}, { proof: caught })
  assert.equal(said(repeated), 'proof-stale')
  const nonce = repeated.headers.get('dpop-nonce') as string
  const renewed = ada.browser.proof('GET', '/api/session', { nonce })
  assert.equal(said(await ada.browser.try(contract.currentSession, {}, { proof: renewed })), '200')
  // nor is it good again by the nonce's longer time
  assert.equal(said(await ada.browser.try(contract.currentSession, {}, { proof: renewed })), 'proof-stale')
  const parallel = server.browser().proof('POST', '/api/sign-ins')
  const answers = await Promise.all(
    Array.from({ length: 8 }, async () => said(await browser.try(contract.openSignIn, {}, { proof: parallel }))),
  )
  assert.equal(answers.filter((answer) => answer === '201').length, 1)
})

test('of a proof that comes many times at once one is taken; among right ones at once the forged are told apart', async () => {
  const burst = async (proofs: readonly string[]): Promise<number[]> =>
    Promise.all(
      proofs.map(async (dpop) => {
        const answer = await fetch(`${server.origin}/api/sign-ins`, {
          method: 'POST',
          headers: { dpop, 'content-type': 'application/json' },
          body: '{}',
        })
        await answer.arrayBuffer()
        return answer.status
      }),
    )
  const same = forge()
  const taken = await burst(Array.from({ length: 40 }, () => same))
  assert.deepEqual([taken.filter((status) => status === 201).length, taken.filter((status) => status === 401).length], [1, 39])
  // the first of a turn is verified apart from those that came with it: both ways see both kinds
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const byOther = (input: string): string =>
    sign('sha256', Buffer.from(input), { key: other.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')
  const mixed = await burst(Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? forge() : forge({}, {}, byOther))))
  assert.deepEqual(
    mixed,
    mixed.map((_, at) => (at % 2 === 0 ? 201 : 401)),
  )
})

test('a proof holds for its method and address alone; the query is no part of it', async () => {
  const browser = server.browser()
  const opens = async (method: string, path: string, claims = {}) =>
    said(await browser.try(contract.openSignIn, {}, { proof: browser.proof(method, path, claims) }))
  assert.equal(await opens('POST', '/api/sign-ins'), '201')
  assert.equal(await opens('GET', '/api/sign-ins'), 'session-binding')
  assert.equal(await opens('post', '/api/sign-ins'), 'session-binding')
  for (const path of [
    '/api/sign-ins/',
    '/api/sign-ins?x=1',
    '/api/sign-ins#x',
    '/api//sign-ins',
    '/api/sign-ins/current',
    '/API/sign-ins',
    '',
  ])
    assert.equal(await opens('POST', path), 'session-binding', path)
  for (const htu of [
    'https://evil.example/api/sign-ins',
    `${server.origin.replace('http:', 'https:')}/api/sign-ins`,
    `${server.origin.replace('localhost', '127.0.0.1')}/api/sign-ins`,
    '/api/sign-ins',
    '',
    null,
    [`${server.origin}/api/sign-ins`],
  ])
    assert.equal(await opens('POST', '', { htu }), 'session-binding', String(htu))
  const events = await olga.browser.send('GET', '/api/events?limit=1&type=sign-in.', undefined, {
    proof: olga.browser.proof('GET', '/api/events'),
  })
  assert.equal(events.status, 200)
})

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = p256.publicKey.export({ format: 'jwk' }) as { kty: string; crv: string; x: string; y: string }
const es256 = (input: string): string =>
  sign('sha256', Buffer.from(input), { key: p256.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')
const forge = (
  head: Record<string, unknown> = {},
  claims: Record<string, unknown> = {},
  signer: (input: string) => string = es256,
): string => {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk, ...head }
  const body = {
    htm: 'POST',
    htu: `${server.origin}/api/sign-ins`,
    iat: Math.floor(Date.now() / 1_000),
    jti: randomUUID(),
    ...claims,
  }
  const input = `${part(header)}.${part(body)}`
  return `${input}.${signer(input)}`
}

test('proofs that are forged, of another algorithm, or not proofs at all are refused without a fault', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const ed = generateKeyPairSync('ed25519')
  const own = p256.privateKey.export({ format: 'jwk' })
  const signed = (key: KeyObject, hash: string | null) => (input: string) =>
    sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
  const good = forge()
  const [head, body, signature] = good.split('.') as [string, string, string]
  const bytes = Buffer.from(signature, 'base64url')
  const flipped = Buffer.from(bytes)
  flipped[10] = (flipped[10] as number) ^ 1
  const forged: Record<string, string> = {
    'alg none': forge({ alg: 'none' }, {}, () => ''),
    'alg none, signed': forge({ alg: 'none' }),
    RS256: forge({ alg: 'RS256', jwk: rsa.publicKey.export({ format: 'jwk' }) }, {}, signed(rsa.privateKey, 'sha256')),
    'RS256 with the right key': forge({ alg: 'RS256' }),
    ES384: forge({ alg: 'ES384', jwk: p384.publicKey.export({ format: 'jwk' }) }, {}, signed(p384.privateKey, 'sha384')),
    EdDSA: forge({ alg: 'EdDSA', jwk: ed.publicKey.export({ format: 'jwk' }) }, {}, signed(ed.privateKey, null)),
    'HS256 by the public key': forge({ alg: 'HS256' }, {}, (input) =>
      createHmac('sha256', JSON.stringify(jwk)).update(input).digest('base64url'),
    ),
    'a private key': forge({ jwk: own }),
    'a symmetric key': forge({ jwk: { kty: 'oct', k: 'AAAA' } }),
    'no key': forge({ jwk: undefined }),
    'a key by reference': forge({ jwk: undefined, jku: 'https://evil.example/jwks', kid: '1' }),
    'a point off the curve': forge({ jwk: { ...jwk, y: jwk.x } }),
    'a coordinate with padding': forge({ jwk: { ...jwk, x: `${jwk.x}=` } }),
    'a coordinate too long': forge({ jwk: { ...jwk, x: `${jwk.x}AAAA` } }),
    'typ JWT': forge({ typ: 'JWT' }),
    'no typ': forge({ typ: undefined }),
    crit: forge({ crit: ['exp'], exp: 0 }),
    b64: forge({ b64: false, crit: ['b64'] }),
    'no jti': forge({}, { jti: undefined }),
    'a jti that is no text': forge({}, { jti: 7 }),
    'an endless jti': forge({}, { jti: 'x'.repeat(200) }),
    'no iat': forge({}, { iat: undefined }),
    'an iat that is no number': forge({}, { iat: String(Math.floor(Date.now() / 1_000)) }),
    'another key’s signature': forge({}, {}, signed(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'sha256')),
    'an altered signature': `${head}.${body}.${flipped.toString('base64url')}`,
    'an empty signature': `${head}.${body}.`,
    'a signature of noughts': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
    'a DER signature': forge({}, {}, (input) => sign('sha256', Buffer.from(input), p256.privateKey).toString('base64url')),
    'altered claims': `${head}.${part({ htm: 'POST', htu: `${server.origin}/api/sign-ins`, iat: Math.floor(Date.now() / 1_000), jti: randomUUID() })}.${signature}`,
    'claims that are no object': `${head}.${part('[]')}.${signature}`,
    'too long': forge({}, { filler: 'x'.repeat(5_000) }),
    'two of them': `${forge()}, ${forge()}`,
    'four parts': `${good}.x`,
    words: 'not a proof at all',
    nothing: '',
  }
  const browser = server.browser()
  for (const [what, proof] of Object.entries(forged)) {
    const tried = await browser.try(contract.openSignIn, {}, { proof })
    assert.equal(tried.status, 401, what)
    assert.equal(said(tried), 'session-binding', what)
  }
  const numbers = forge({}, { iat: 1e300 })
  assert.equal(said(await browser.try(contract.openSignIn, {}, { proof: numbers })), 'proof-stale')
  assert.equal(said(await browser.try(contract.openSignIn, {}, { proof: good })), '201')
})

test('a header of many kilobytes is refused at the door', async () => {
  const browser = server.browser()
  const tried = await browser.send('POST', '/api/sign-ins', {}, { proof: 'x'.repeat(40_000) }).catch(() => undefined)
  assert.ok(tried === undefined || (tried.status >= 400 && tried.status < 500))
})

test('a sign-in belongs to the key that opened it: its cookie alone, or with another key, proves nothing', async () => {
  const victim = server.browser()
  await victim.call(contract.openSignIn, { username: 'ada' })
  const thief = Browser.withCookiesOf(victim)
  assert.equal(said(await thief.try(contract.currentSignIn, {})), 'session-binding')
  assert.equal(said(await thief.try(contract.provePassword, { password: ada.password })), 'session-binding')
  await victim.call(contract.provePassword, { password: ada.password })
  await forgetStep(server, ada)
  assert.equal(said(await thief.try(contract.proveTotp, { code: passcode(ada.secret) })), 'session-binding')
  assert.equal(said(await thief.try(contract.proveRecoveryCode, { code: ada.recoveryCodes[0] as string })), 'session-binding')
  assert.equal(said(await victim.try(contract.proveTotp, { code: passcode(ada.secret) }, { proof: false })), 'session-binding')
  assert.equal(said(await victim.try(contract.proveTotp, { code: passcode(ada.secret) })), '200')
  // the key of the call that completed it is the session’s
  const taken = Browser.withCookiesOf(victim)
  assert.equal(said(await taken.try(contract.currentSession, {})), 'session-binding')
})

test('a cookie that was planted before the sign-in is never adopted (threat 30)', async () => {
  const victim = server.browser()
  victim.cookies.set('postern-session', 'planted-session-value-0123456789')
  victim.cookies.set('postern-sign-in', 'planted-sign-in-value-0123456789')
  assert.equal(said(await victim.try(contract.currentSession, {})), 'no-session')
  victim.cookies.set('postern-session', 'planted-session-value-0123456789')
  await signIn(server, ada, victim)
  assert.notEqual(victim.cookies.get('postern-session'), 'planted-session-value-0123456789')
  assert.notEqual(victim.cookies.get('postern-sign-in'), 'planted-sign-in-value-0123456789')
  const attacker = server.browser()
  attacker.cookies.set('postern-session', 'planted-session-value-0123456789')
  assert.equal(said(await attacker.try(contract.currentSession, {})), 'no-session')

  // the attacker’s own open sign-in in the victim’s browser: the victim cannot complete it for them
  await attacker.call(contract.openSignIn, {})
  const lured = server.browser()
  lured.cookies = new Map(attacker.cookies)
  assert.equal(said(await lured.try(contract.provePassword, { username: 'ada', password: ada.password })), 'session-binding')
  assert.deepEqual((await attacker.call(contract.currentSignIn, {})).signIn.next, ['passkey', 'qr', 'password'])
})

test('calls with an authority of their own leave the session cookie alone', async () => {
  await again()
  const cookies = new Map(ada.browser.cookies)
  for (const endpoint of [contract.openSignIn, contract.claimCode, contract.confirmEnrolment]) {
    const body =
      endpoint === contract.claimCode
        ? { id: `cod_${'0'.repeat(26)}`, secret: 'x' }
        : endpoint === contract.openSignIn
          ? {}
          : { confirm: 'x', code: '123456' }
    assert.equal(said(await ada.browser.try(endpoint, body as never, { proof: false })), 'session-binding')
    ada.browser.cookies = new Map(cookies)
  }
  for (const path of [
    '/',
    '/sign-in',
    '/c/cod_00000000000000000000000000',
    '/api/openapi.json',
    '/api/docs',
    '/api/deployment',
    '/healthz',
  ])
    assert.equal((await ada.browser.send('GET', path, undefined, { proof: false })).status, 200, path)
  assert.equal(
    said(await ada.browser.try(contract.inspectCode, { id: `cod_${'0'.repeat(26)}`, secret: 'x' }, { proof: false })),
    'code-unknown',
  )
  assert.ok(await alive(ada))
})

test('a sign-in that is proved in half opens no session’s call', async () => {
  const half = await afterPassword(server.browser(), ada)
  for (const endpoint of [
    contract.currentSession,
    contract.myFactors,
    contract.startTotp,
    contract.mySessions,
    contract.renewRecoveryCodes,
  ])
    assert.equal(said(await half.try(endpoint, {})), 'no-session', endpoint.path)
})
