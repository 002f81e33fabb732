import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { from, said } from './support/attack.ts'
import { enrolByCode, firstOperator, partsOf } from './support/people.ts'
import { age, ageOf, askPhone, frame } from './support/phones.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
let addresses = 0
const check = (content: string, by = from(server, `192.0.2.${++addresses}`)) =>
  by.try(contract.checkCode, { content }, { proof: false })
const verdict = async (content: string) => {
  const { value } = await check(content)
  return [value.verdict, ...value.reasons.map(({ code }) => code)]
}

test('a link code is judged by what it is now, and says where it leads', async () => {
  const code = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Gate',
    destination: { type: 'url', url: 'https://www.example.org/gate' },
  })
  const { value } = await check(code.url as string)
  assert.deepEqual([value.verdict, value.leadsTo, value.issuer], ['genuine', 'www.example.org', 'Postern'])
  assert.match(value.reasons[0]?.text ?? '', /^We issued this code/)
  await olga.browser.call(contract.revokeCode, { id: code.id, reason: 'down' })
  assert.deepEqual(await verdict(code.url as string), ['revoked', 'revoked'])
  await olga.browser.call(contract.reissueCode, { id: code.id })
  assert.deepEqual(await verdict(code.url as string), ['genuine', 'issued', 'replaced'])
  assert.deepEqual(await verdict(`${server.origin}/c/cod_01jd0000000000000000000000`), ['not-ours', 'unknown'])
  const scans = await olga.browser.call(contract.listScans, { id: code.id })
  assert.deepEqual(scans.items, [], 'a check is no opening')
})

test('only who holds the full secret of a code that authenticates learns of it, as by inspect, and leaves the same traces', async () => {
  const eve = await olga.browser.call(contract.createUser, { username: 'eve' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: eve.id, factor: 'totp' })
  const url = code.url as string
  assert.deepEqual(await verdict(url), ['genuine', 'issued'])
  assert.deepEqual(await verdict(url.split('#')[0] as string), ['not-ours', 'unknown'])
  assert.deepEqual(await verdict(`${url}x`), ['not-ours', 'unknown'])
  await enrolByCode(server.browser(), url)
  assert.deepEqual(await verdict(url), ['genuine', 'used'])
  const { items } = await olga.browser.call(contract.myNotices, {})
  assert.ok(items.some(({ kind, event }) => kind === 'late-inspect' && event.codeId === partsOf(url).id))
})

test('an address of ours is judged as it opens: with what others hang on, and not where nothing opens', async () => {
  const code = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Menu',
    destination: { type: 'url', url: 'https://www.example.org/menu' },
  })
  const { pathname } = new URL(code.url as string)
  for (const [path, opens] of [
    [pathname, true],
    [`${pathname}?fbclid=abc`, true],
    [pathname.replace('cod_', '%63od_'), true],
    [`${pathname}/`, false],
    [`${pathname}%2F`, false],
    [pathname.replace('/c/', '/c%2F'), false],
    [pathname.toUpperCase(), false],
  ] as const) {
    const { status } = await fetch(`${server.origin}${path}`, { redirect: 'manual' })
    assert.equal(status === 302, opens, `${path}: ${status}`)
    assert.equal((await verdict(`${server.origin}${path}`))[0], opens ? 'genuine' : 'not-ours', path)
  }
})

test('user info and percent signs that are no text are judged, and can be reported', async () => {
  const content = 'https://%zz:%ff@evil.example/%'
  assert.deepEqual(await verdict(content), ['not-ours', 'foreign', 'user-name-before-host'])
  const { host } = new URL(server.origin)
  assert.deepEqual(await verdict(`https://${host.replace('l', '%6c')}%zz@evil.example/`), ['look-alike', 'user-name-before-host'])
  const answer = await from(server, '192.0.2.202').try(contract.reportCode, { content, where: 'in a mail' }, { proof: false })
  assert.equal(answer.status, 204)
  const [event] = (await olga.browser.call(contract.listEvents, { type: 'code.reported', limit: 1 })).items
  assert.match(String(event?.detail.reason), /evil\.example.*in a mail/)
})

test('a sign-in code is called one, by a photo of it too; a photographed frame has expired, and is a relay attempt', async () => {
  const screen = await askPhone(from(server, '198.51.100.7'))
  await age(server, screen, 40)
  const n = Math.floor(await ageOf(server, screen))
  assert.deepEqual(await verdict(`${screen.url}#${frame(screen, n)}`), ['genuine', 'sign-in-code', 'issued'])
  const relays = async () =>
    (await olga.browser.call(contract.listEvents, { codeId: screen.code.id, type: 'code.relayed' })).items
  assert.deepEqual(await relays(), [])
  assert.deepEqual(await verdict(`${screen.url}#${frame(screen, 0)}`), ['expired', 'sign-in-code', 'expired'])
  assert.match(String((await relays())[0]?.detail.reason), /^asked from 198\.51\.100\.7/)
  await olga.browser.call(contract.revokeCode, { id: screen.code.id, reason: 'a drill' })
  assert.deepEqual(await verdict(`${screen.url}#${frame(screen, n)}`), ['revoked', 'sign-in-code', 'revoked'])
  assert.equal((await relays()).length, 2)
})

test('a static code is known by exactly what it holds', async () => {
  const made = await olga.browser.call(contract.createCode, {
    kind: 'static',
    label: 'Bell',
    destination: { type: 'text', text: 'Ring twice' },
  })
  assert.deepEqual(await verdict('Ring twice'), ['genuine', 'issued-static'])
  assert.deepEqual(await verdict('Ring thrice'), ['not-ours', 'no-address'])
  await olga.browser.call(contract.revokeCode, { id: made.id, reason: 'wrong door' })
  assert.deepEqual(await verdict('Ring twice'), ['revoked', 'revoked'])
})

test('a report is an event and a notice to operators, without what follows the #, and nobody needs to sign in', async () => {
  const by = from(server, '192.0.2.200')
  const content = 'https://p0stern.example/c/cod_01jd0000000000000000000000#a-secret-part'
  const answer = await by.try(contract.reportCode, { content, where: 'on the lift, 3rd floor' }, { proof: false })
  assert.equal(answer.status, 204)
  const { items } = await olga.browser.call(contract.myNotices, {})
  const notice = items.find(({ kind }) => kind === 'code-reported')
  assert.equal(notice?.event.type, 'code.reported')
  assert.equal(notice?.event.address, '192.0.2.200')
  assert.match(JSON.stringify(notice?.event), /p0stern\.example.*on the lift, 3rd floor/)
  assert.doesNotMatch(JSON.stringify(notice?.event), /a-secret-part/)
  await by.try(contract.reportCode, { content: 'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP' }, { proof: false })
  assert.doesNotMatch(JSON.stringify(await olga.browser.call(contract.listEvents, { type: 'code.reported' })), /JBSWY3/)
})

test('checks and reports of one address are limited, and its flood is one event', async () => {
  const by = from(server, '192.0.2.201')
  const answers = await Promise.all(Array.from({ length: 40 }, () => check('hello', by)))
  assert.equal(answers.filter(({ status }) => status === 200).length, 30)
  const refused = answers.find(({ status }) => status === 429)
  assert.ok(refused && Number(refused.headers.get('retry-after')) > 0)
  const reports = await Promise.all(
    Array.from({ length: 8 }, () => by.try(contract.reportCode, { content: 'x' }, { proof: false })),
  )
  assert.equal(reports.filter((each) => said(each) === 'rate-limited').length, 3)
  assert.equal(said(await check('x'.repeat(4097))), 'invalid-request')
})
