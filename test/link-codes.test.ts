import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import fc from 'fast-check'
import { atOnce, raw, said } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import { firstOperator, newPerson, partsOf } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer({ alsoOrigin: 'https://vpn.northfield.example' })
const olga = await firstOperator(server)

type Created = contract.Out<typeof contract.createCode>
const link = (more: Partial<contract.CallIn<typeof contract.createCode>> = {}): Promise<Created> =>
  olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Visitor safety',
    destination: { type: 'url', url: 'https://www.example.org/safety' },
    ...more,
  })
const etagOf = (code: { version: number }) => ({ headers: { 'if-match': `"${code.version}"` } })
const edit = (
  code: { id: string; version: number },
  change: Partial<contract.CallIn<typeof contract.updateCode>>,
  by = olga.browser,
) => by.try(contract.updateCode, { id: code.id, ...change }, etagOf(code))
const phone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'
const open = async ({ id }: { id: string }, headers: Record<string, string> = {}, method = 'GET') => {
  const answer = await raw(server.origin, method, `/c/${id}`, { headers: { 'user-agent': phone, ...headers } })
  return { status: answer.status, to: answer.headers.location, text: answer.text }
}

test('a printed link code leads where it was last told to, without printing it again', async () => {
  const code = await link()
  assert.equal(code.url, `${server.origin}/c/${code.id}`)
  assert.deepEqual([code.state, code.expiresAt, code.scanLimit, code.owner?.username], ['live', null, null, olga.username])
  assert.equal((await open(code)).to, 'https://www.example.org/safety')
  const next = await edit(code, {
    destination: { type: 'url', url: 'https://www.example.org/safety-2027' },
    label: 'Visitor safety, 2027',
  })
  assert.deepEqual([next.status, next.value.version, next.value.url], [200, 2, code.url])
  assert.deepEqual(await open(code), { status: 302, to: 'https://www.example.org/safety-2027', text: '' })

  const { items } = await olga.browser.call(contract.listCodeVersions, { id: code.id })
  assert.deepEqual(
    items.map(({ version, by, changed }) => [version, by, changed]),
    [
      [2, olga.username, ['label', 'destination']],
      [1, olga.username, ['issued']],
    ],
  )
  const back = await olga.browser.try(contract.restoreCodeVersion, { id: code.id, version: 1 }, etagOf(next.value))
  assert.deepEqual([back.value.version, back.value.label], [3, 'Visitor safety'])
  assert.equal((await open(code)).to, 'https://www.example.org/safety')
  const same = await edit(back.value, { label: 'Visitor safety' })
  assert.equal(same.value.version, 3, 'what changes nothing makes no version')
  for (const [version, refusal] of [
    [2_147_483_647, 'not-found'],
    [2_147_483_648, 'invalid-request'],
  ] as const)
    assert.equal(said(await olga.browser.try(contract.restoreCodeVersion, { id: code.id, version }, etagOf(same.value))), refusal)
})

test('an address in any letters is opened, its host in ASCII and the rest escaped; one over two lines is refused, and opens where it is stored', async () => {
  for (const [url, to] of [
    [
      'https://www.example.org/bezpieczeństwo?gdzie=łódź#część',
      'https://www.example.org/bezpiecze%C5%84stwo?gdzie=%C5%82%C3%B3d%C5%BA#cz%C4%99%C5%9B%C4%87',
    ],
    ['https://żółw.example/', 'https://xn--w-uga1v8h.example/'],
    ['https://www.example.org/ó', 'https://www.example.org/%C3%B3'],
    ['https://пример.example/вход', 'https://xn--e1afmkfd.example/%D0%B2%D1%85%D0%BE%D0%B4'],
  ] as const) {
    const code = await link({ destination: { type: 'url', url } })
    assert.deepEqual(code.destination, { type: 'url', url }, 'it is shown as it was typed')
    assert.deepEqual(await open(code), { status: 302, to, text: '' }, url)
  }
  const stores = await link({
    destination: { type: 'platform', ios: 'https://apps.example.org/ściągnij', otherwise: 'https://apps.example.org/' },
  })
  assert.equal((await open(stores)).to, 'https://apps.example.org/%C5%9Bci%C4%85gnij')
  for (const url of ['https://www.example.org/a\nb', 'https://www.example.org/a\tb'])
    for (const tried of [
      olga.browser.try(contract.createCode, { kind: 'link', label: 'two lines', destination: { type: 'url', url } }),
      edit(stores, { destination: { type: 'platform', otherwise: url } }),
    ])
      assert.equal((await tried).problem.errors?.[0]?.code, 'web-address', JSON.stringify(url))
  const before = await link({ label: 'stored before' })
  for (const [url, to] of [
    ['https://www.example.org/a\nb', 'https://www.example.org/ab'],
    ['https://www.example.org\\@evil.example/', 'https://www.example.org/@evil.example/'],
  ] as const) {
    await server.sql(`update code set destination = $1, version = 1 where label = $2`, [{ type: 'url', url }, before.label])
    assert.equal((await open(before)).to, to)
    // and it is shown as it is, alone, among others and in its versions
    const shown = await olga.browser.call(contract.getCode, { id: before.id })
    assert.deepEqual(shown.destination, { type: 'url', url })
    assert.equal((await olga.browser.try(contract.listCodes, {})).status, 200)
    assert.equal((await olga.browser.call(contract.listCodeVersions, { id: before.id })).items.length, 1)
  }
})

test('phones go to their own store; text is a page that opens nothing, in the language asked for, and holds no script', async () => {
  const stores = await link({
    destination: { type: 'platform', ios: 'https://apps.example.org/ios', otherwise: 'https://apps.example.org/all' },
  })
  assert.equal((await open(stores)).to, 'https://apps.example.org/ios')
  const android =
    'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36'
  assert.equal((await open(stores, { 'user-agent': android })).to, 'https://apps.example.org/all')
  const text = await link({ destination: { type: 'text', text: '<script>alert(1)</script>\nGate 4' } })
  const page = await open(text, { 'accept-language': 'pl-PL,pl;q=0.9' })
  assert.equal(page.status, 200)
  assert.match(page.text, /<html lang="pl">/)
  assert.match(page.text, /&lt;script&gt;alert\(1\)&lt;\/script&gt;\nGate 4/)
  assert.doesNotMatch(page.text, /<script/)
})

test('expired, revoked, not yet valid and used up each have a page that says what to do next', async () => {
  const states: [string, Created, number, RegExp][] = []
  const soon = await link({ notBefore: '2999-01-01T00:00:00.000Z' })
  states.push(['not-yet-valid', soon, 409, /1 January 2999/])
  const once = await link({ scanLimit: 1 })
  assert.equal((await open(once)).status, 302)
  states.push(['used-up', once, 410, /as often as it may be/])
  const gone = await link()
  await olga.browser.call(contract.revokeCode, { id: gone.id, reason: 'the sign is down' })
  states.push(['revoked', gone, 410, /was revoked/])
  const over = await link({ expiresAt: new Date(Date.now() + 60_000).toISOString() })
  await server.sql(
    `update code set expires_at = now() - interval '1 s' where label = 'Visitor safety' and expires_at < now() + interval '1 h'`,
  )
  states.push(['expired', over, 410, /has expired/])
  for (const [state, code, status, words] of states) {
    const page = await open(code)
    assert.equal(page.status, status, state)
    assert.match(page.text, words)
    assert.doesNotMatch(page.text, /example\.org|<script/, `${state} gives nothing away`)
    assert.match((await open(code, { 'accept-language': 'pl' })).text, /<html lang="pl">/)
    assert.equal((await olga.browser.call(contract.getCode, { id: code.id })).state, state)
  }
  const longer = await edit(await olga.browser.call(contract.getCode, { id: over.id }), { expiresAt: null })
  assert.deepEqual([longer.value.state, (await open(over)).status], ['live', 302])
  const more = await edit(await olga.browser.call(contract.getCode, { id: once.id }), { scanLimit: 2 })
  assert.equal(more.value.state, 'live')
  assert.deepEqual(
    [said(await edit(await olga.browser.call(contract.getCode, { id: gone.id }), { label: 'up again' }))],
    ['code-revoked'],
  )
})

test('a scan limit counts people, never previews or HEAD, and holds however many open at once', async () => {
  const code = await link({ scanLimit: 7 })
  for (let n = 0; n < 5; n++) await open(code, { 'user-agent': 'WhatsApp/2.23' })
  for (let n = 0; n < 5; n++) await open(code, {}, 'HEAD')
  const statuses = (await atOnce(40, () => open(code))).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 302).length, 7)
  assert.equal(statuses.filter((status) => status === 410).length, 33)
  const now = await olga.browser.call(contract.getCode, { id: code.id })
  assert.deepEqual([now.state, now.scans, now.previews], ['used-up', 40, 10])
})

test('a link that was revoked after an incident is issued again: the printed symbol leads to the new place, the old one is dead', async () => {
  const first = await link({ destination: { type: 'url', url: 'https://stolen.example.org/' } })
  await olga.browser.call(contract.revokeCode, { id: first.id, reason: 'the site was taken over' })
  assert.equal((await open(first)).status, 410)
  const second = await olga.browser.call(contract.reissueCode, {
    id: first.id,
    destination: { type: 'url', url: 'https://safe.example.org/' },
  })
  assert.equal((await open(first)).to, 'https://safe.example.org/')
  assert.equal((await open(second.code)).to, 'https://safe.example.org/')
  const old = await olga.browser.call(contract.getCode, { id: first.id })
  assert.deepEqual([old.state, old.replacedBy], ['revoked', second.code.id])
  assert.equal(said(await olga.browser.try(contract.reissueCode, { id: first.id })), 'conflict')
  const third = await olga.browser.call(contract.reissueCode, { id: second.code.id })
  assert.equal((await open(first)).to, 'https://safe.example.org/')
  await olga.browser.call(contract.revokeCode, { id: third.code.id, reason: 'down for good' })
  for (const code of [first, second.code, third.code]) assert.equal((await open(code)).status, 410)
})

test('an enrolment code that is issued again has a new secret, and the old one is dead in the same transaction', async () => {
  const adam = await olga.browser.call(contract.createUser, { username: 'adam' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: adam.id, factor: 'totp' })
  const again = await olga.browser.call(contract.reissueCode, { id: code.id })
  const secretOf = (url: string | undefined) => new URL(url as string).hash.slice(1)
  assert.notEqual(secretOf(again.url), secretOf(code.url))
  const claim = (id: string, url: string | undefined) => server.browser().try(contract.claimCode, { id, secret: secretOf(url) })
  assert.equal(said(await claim(code.id, code.url)), 'code-revoked')
  assert.equal(said(await claim(again.code.id, again.url)), '200')
  assert.equal(said(await olga.browser.try(contract.reissueCode, { id: again.code.id })), 'code-used')
})

test('a start that has not come is kept by what takes the place of a code; one that has come is not', async () => {
  const notBefore = new Date(Date.now() + 2 * 86_400_000).toISOString()
  const first = await link({ notBefore })
  const second = await olga.browser.call(contract.reissueCode, { id: first.id })
  assert.equal(second.code.notBefore, notBefore)
  for (const code of [first, second.code]) assert.equal((await open(code)).status, 409)
  const early = await olga.browser.try(contract.reissueCode, {
    id: second.code.id,
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
  })
  assert.deepEqual([said(early), early.problem.errors?.[0]?.code], ['invalid-request', 'ends-first'])
  await server.sql(`update code set not_before = now() - interval '1 s' where not_before = $1`, [notBefore])
  const third = await olga.browser.call(contract.reissueCode, { id: second.code.id })
  assert.deepEqual([third.code.notBefore, (await open(first)).status], [null, 302])

  const abby = await olga.browser.call(contract.createUser, { username: 'abby' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: abby.id, factor: 'totp', notBefore, expiresInMinutes: 90 })
  const again = await olga.browser.call(contract.reissueCode, { id: code.id })
  assert.deepEqual([again.code.notBefore, again.code.expiresAt], [notBefore, code.expiresAt])
  const { id, secret } = partsOf(again.url as string)
  assert.equal(said(await server.browser().try(contract.claimCode, { id, secret })), 'code-not-yet-valid')
})

test('issued again, a code of a person ends whatever else of theirs was open', async () => {
  const amos = await olga.browser.call(contract.createUser, { username: 'amos' })
  const enrol = async (factor: 'totp' | 'device') =>
    (await olga.browser.call(contract.enrolUser, { id: amos.id, factor, expiresInMinutes: 60 })).code
  const lapsed = await enrol('totp')
  const open = await enrol('device')
  const again = await olga.browser.call(contract.reissueCode, { id: lapsed.id })
  const claimed = ({ url }: { url?: string | undefined }) => server.browser().try(contract.claimCode, partsOf(url as string))
  assert.equal(said(await claimed(open)), 'code-revoked')
  assert.deepEqual(
    (await olga.browser.call(contract.listCodes, { userId: amos.id, state: 'live' })).items.map(({ id }) => id),
    [again.code.id],
  )
  assert.equal(said(await claimed(again)), '200')
})

test('a link that was issued again is not revoked by its old code: the one that leads on is named', async () => {
  const first = await link()
  const { code: second } = await olga.browser.call(contract.reissueCode, { id: first.id })
  const revoke = ({ id }: { id: string }) => olga.browser.try(contract.revokeCode, { id, reason: 'the sign is down' })
  const refused = await revoke(first)
  assert.equal(said(refused), 'conflict')
  assert.match(refused.problem.detail ?? '', new RegExp(`Revoke ${second.id} instead`))
  assert.equal((await open(first)).status, 302)
  const ended = await revoke(second)
  assert.equal((await open(first)).status, 410)
  // all is over now: a second revoke says so again, and nothing more is on record
  assert.deepEqual((await revoke(second)).value, ended.value)
  assert.equal(said(await revoke(first)), '200')
  const { items } = await olga.browser.call(contract.listEvents, { type: 'code.revoked' })
  assert.deepEqual(
    items.filter(({ codeId }) => codeId === first.id || codeId === second.id).map(({ codeId, outcome }) => [codeId, outcome]),
    [
      [second.id, 'success'],
      [first.id, 'denied'],
    ],
  )
})

test('a version comes back though the owner has left or the kit was archived; what changes is judged as ever', async () => {
  const { id: brand } = await olga.browser.call(contract.createBrand, { name: 'Old', design: contract.plainDesign, logo: null })
  const ulf = await newPerson(server, olga, 'ulf')
  const code = await link({ owner: ulf.id, brand })
  const edited = await edit(code, { label: 'Visitor safety, 2027' })
  await olga.browser.call(contract.suspendUser, { id: ulf.id })
  const kit = await olga.browser.try(contract.getBrand, { id: brand })
  await olga.browser.call(contract.archiveBrand, { id: brand }, { headers: { 'if-match': kit.headers.get('etag') as string } })
  const restore = (version: number, at: { version: number }) =>
    olga.browser.try(contract.restoreCodeVersion, { id: code.id, version }, etagOf(at))
  const back = await restore(1, edited.value)
  assert.deepEqual([said(back), back.value.label, back.value.owner?.username], ['200', 'Visitor safety', 'ulf'])
  const plain = await edit(back.value, { brand: null })
  assert.equal((await edit(plain.value, { brand })).problem.errors?.[0]?.path, 'brand', 'nothing new takes an archived kit')
  const kitted = await restore(1, plain.value)
  assert.equal(kitted.value.brand?.name, 'Old')
  const mine = await edit(kitted.value, { owner: olga.id })
  assert.deepEqual((await restore(1, mine.value)).problem.errors?.[0], {
    path: 'owner',
    message: 'is nobody active here',
    code: 'no-such',
  })
})

test('what is wrong is named: schemes, hosts that are not listed, times that end before they begin, fields a kind has not', async () => {
  const tried = async (more: Partial<contract.CallIn<typeof contract.createCode>>) => {
    const answer = await olga.browser.try(contract.createCode, {
      kind: 'link',
      label: 'x',
      destination: { type: 'url', url: 'https://www.example.org/' },
      ...more,
    })
    return [said(answer), answer.problem.errors?.[0]?.path]
  }
  for (const url of [
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://example.org',
    '//example.org',
    'https:example.org',
    'https://user:pw@example.org/',
    'https://@example.org/',
    'https://example.org\\@evil.example/',
  ])
    assert.deepEqual(await tried({ destination: { type: 'url', url } }), ['invalid-request', 'destination.url'], url)
  assert.deepEqual(await tried({ expiresAt: '2020-01-01T00:00:00.000Z' }), ['invalid-request', 'expiresAt'])
  assert.deepEqual(await tried({ notBefore: '2999-01-02T00:00:00.000Z', expiresAt: '2999-01-01T00:00:00.000Z' }), [
    'invalid-request',
    'expiresAt',
  ])
  assert.deepEqual(await tried({ notBefore: '0000-01-01T00:00:00.000Z' }), ['invalid-request', 'notBefore'])
  assert.deepEqual(await tried({ owner: 'usr_01jd0000000000000000000000' }), ['invalid-request', 'owner'])
  assert.deepEqual(await tried({ brand: 'brd_01jd0000000000000000000000' }), ['invalid-request', 'brand'])

  const settings = await olga.browser.call(contract.getCodeSettings, {})
  const { version, ...values } = settings
  const save = (change: Partial<contract.CodeSettings>, at: number) =>
    olga.browser.try(contract.putCodeSettings, { ...values, ...change }, { headers: { 'if-match': `"${at}"` } })
  const saved = await save({ linkHosts: ['*.example.org', 'intranet'] }, version)
  assert.equal(saved.status, 200)
  assert.deepEqual(await tried({ destination: { type: 'url', url: 'https://evil.example/' } }), [
    'invalid-request',
    'destination.url',
  ])
  assert.deepEqual(await tried({ destination: { type: 'url', url: 'https://notexample.org/' } }), [
    'invalid-request',
    'destination.url',
  ])
  assert.deepEqual(await tried({ destination: { type: 'url', url: 'http://intranet/start' } }), ['201', undefined])
  const { errors } = (await save({ linkHosts: ['https://example.org'] }, version + 1)).problem
  assert.deepEqual([errors?.[0]?.code, errors?.[0]?.values], ['no-host', { host: 'https://example.org' }])
  assert.equal(said(await save({}, version)), 'precondition-failed')
  const typed = ['żółw.example', '*.Пример.example', '0x7f.1', '[::1]', 'xn--w-uga1v8h.example']
  const kept = ['xn--w-uga1v8h.example', '*.xn--e1afmkfd.example', '127.0.0.1', '[::1]']
  assert.deepEqual((await save({ linkHosts: typed }, version + 1)).value.linkHosts, kept, 'as addresses are compared')
  for (const url of ['https://żółw.example/', 'https://вход.пример.example/', 'http://127.0.0.1:8080/', 'http://[::1]/'])
    assert.deepEqual(await tried({ destination: { type: 'url', url } }), ['201', undefined], url)
  for (const host of ['example.org/', 'example.org?', 'ex%61mple.org', 'user@example.org', 'example.org:443', '*.[::1]'])
    assert.equal((await save({ linkHosts: [host] }, version + 2)).problem.errors?.[0]?.code, 'no-host', host)
  assert.equal((await save({}, version + 2)).status, 200)
})

test('a static code holds only what policy marks low-risk, says why not, and no flow of ours takes one', async () => {
  const make = (destination: contract.Destination, more: object = {}) =>
    olga.browser.try(contract.createCode, { kind: 'static', label: 'Wi-Fi', destination, ...more })
  const text = await make({ type: 'text', text: 'Ring twice' })
  assert.deepEqual([text.status, text.value.url, text.value.state], [201, 'Ring twice', 'live'])
  for (const [wrong, code, values] of [
    ['otpauth://totp/x?secret=JBSWY3DPEHPK3PXP', 'not-plain-text', { scheme: 'otpauth' }],
    ['WIFI:S:x;;', 'not-plain-text', { scheme: 'wifi' }],
    ['tel:+48123', 'not-plain-text', { scheme: 'tel' }],
    ['a'.repeat(301), 'too-fine', { bytes: 300 }],
  ] as const) {
    const [error] = (await make({ type: 'text', text: wrong })).problem.errors ?? []
    assert.deepEqual([error?.code, error?.values], [code, values], wrong)
  }
  const address = await make({ type: 'url', url: 'https://www.example.org/' })
  const [unlisted] = address.problem.errors ?? []
  assert.match(unlisted?.message ?? '', /not marked low-risk .* A link code can be changed and revoked/)
  assert.deepEqual([unlisted?.code, unlisted?.values], ['host-not-low-risk', { host: 'www.example.org' }])
  const own = await make({ type: 'url', url: `${server.origin}/sign-in` })
  assert.deepEqual([said(own), own.problem.errors?.[0]?.code], ['invalid-request', 'own-address'])
  // readers of symbols open more than what begins with https
  for (const [wrong, code] of [
    ['evil.example/login', 'text-holds-address'],
    ['Sign in: www.evil.example', 'text-holds-address'],
    ['com.example.bank.transfers://pay', 'not-plain-text'],
    [`${new URL(server.origin).host}/sign-in`, 'not-plain-text'],
    ['vpn.northfield.example/sign-in', 'own-address'],
    ['Ask vpn.northfield.example', 'own-address'],
  ] as const)
    assert.equal((await make({ type: 'text', text: wrong })).problem.errors?.[0]?.code, code, wrong)
  const other = await make({ type: 'url', url: 'https://vpn.northfield.example/c/x' })
  assert.equal(other.problem.errors?.[0]?.code, 'own-address')
  for (const fine of ['Ring twice. Then wait.', 'v1.2', 'plan.pdf', 'help@example.org'])
    assert.equal((await make({ type: 'text', text: fine })).status, 201, fine)
  assert.equal(said(await make({ type: 'text', text: 'x' }, { expiresAt: '2999-01-01T00:00:00.000Z' })), 'invalid-request')
  assert.equal(said(await edit(text.value, { destination: { type: 'text', text: 'Ring once' } })), 'invalid-request')
  assert.equal(said(await olga.browser.try(contract.reissueCode, { id: text.value.id })), 'conflict')
  // its address is nothing: the page is that of an id that nobody has
  assert.equal((await open(text.value)).text, (await open({ id: 'cod_01jd0000000000000000000000' })).text)
  for (const secret of ['', 'x'])
    assert.notEqual(said(await server.browser().try(contract.claimCode, { id: text.value.id, secret })), '200')
})

test('who may not, cannot: an enrolment token reaches codes of people only, an auditor changes nothing', async () => {
  const code = await link()
  const machine = server.browser()
  machine.bearer = (await olga.browser.call(contract.createToken, { name: 'hr', scopes: ['enrolment'] })).token
  const tries: ((by: Browser) => Promise<{ status: number }>)[] = [
    (by) => by.try(contract.createCode, { kind: 'link', label: 'x', destination: { type: 'text', text: 'x' } }),
    (by) => edit(code, { label: 'taken' }, by),
    (by) => by.try(contract.revokeCode, { id: code.id, reason: 'x' }),
    (by) => by.try(contract.reissueCode, { id: code.id }),
  ]
  const audit = await newPerson(server, olga, 'audit', ['auditor'])
  for (const by of [machine, audit.browser]) for (const attempt of tries) assert.equal((await attempt(by)).status, 403)
  assert.equal((await olga.browser.call(contract.getCode, { id: code.id })).version, 1)
})

test('of two who edit the version they both read one is told to read again, and every version is kept once', async () => {
  const code = await link()
  const answers = await atOnce(8, (at) => edit(code, { label: `by ${at}` }))
  assert.deepEqual(answers.map(said).sort(), ['200', ...Array(7).fill('precondition-failed')])
  const { items } = await olga.browser.call(contract.listCodeVersions, { id: code.id })
  assert.deepEqual(
    items.map(({ version }) => version),
    [2, 1],
  )
})

test('however acts on codes interleave, versions are dense and the state is what the table says', async () => {
  const acts = fc.constantFrom('edit' as const, 'revoke' as const, 'reissue' as const, 'open' as const, 'restore' as const)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(acts, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }), async (rounds) => {
      const code = await link({ scanLimit: 3 })
      let opened = 0
      for (const round of rounds)
        await Promise.all(
          round.map(async (act, at) => {
            const now = await olga.browser.call(contract.getCode, { id: code.id })
            const answer = await {
              edit: () => edit(now, { label: `round ${at}` }),
              revoke: () => olga.browser.try(contract.revokeCode, { id: code.id, reason: 'a history' }),
              reissue: () => olga.browser.try(contract.reissueCode, { id: code.id }),
              restore: () => olga.browser.try(contract.restoreCodeVersion, { id: code.id, version: 1 }, etagOf(now)),
              open: () => open(code),
            }[act]()
            assert.ok(answer.status < 500, act)
            if (answer.status === 302) opened += 1
          }),
        )
      const end = await olga.browser.call(contract.getCode, { id: code.id })
      const { items } = await olga.browser.call(contract.listCodeVersions, { id: code.id })
      assert.deepEqual(
        items.map(({ version }) => version),
        Array.from({ length: end.version }, (_, at) => end.version - at),
      )
      assert.equal(end.state === 'revoked', items[0]?.changed.includes('revoked'))
      assert.ok(end.replacedBy === null || end.state === 'revoked')
      if (end.replacedBy === null) assert.ok(opened <= 3)
    }),
    { numRuns: 12 },
  )
})
