import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { atOnce, dump, said, tallied } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import { enrolByCode, firstOperator, goodPassword, newPerson, partsOf, signIn } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
const guess = async (username: string, password: string, browser: Browser = server.browser()) => {
  await browser.call(contract.openSignIn, {})
  return browser.try(contract.provePassword, { username, password })
}

test('a name is one person in every spelling, a password is not; composed and decomposed letters are one password', async () => {
  const user = await olga.browser.call(contract.createUser, { username: 'Zoë.Ångström' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
  const password = 'Crème brûlée für Ångström'
  await enrolByCode(server.browser(), code.url as string, { password: password.normalize('NFC') })
  for (const username of ['zoë.ångström', 'ZOË.ÅNGSTRÖM', 'Zoë.Ångström'.normalize('NFD'), ' zoë.ångström ', 'Zoë.Ångström'])
    assert.equal(said(await guess(username, password.normalize('NFD'))), '200', username)
  for (const wrong of [password.toLowerCase(), `${password} `, ` ${password}`, password.slice(0, -1)])
    assert.equal(said(await guess('zoë.ångström', wrong)), 'factor-wrong', wrong)
  assert.equal(said(await olga.browser.try(contract.createUser, { username: 'ZOË.ÅNGSTRÖM'.normalize('NFD') })), 'conflict')
})

test('a new password is of 15 to 256 characters, without rules of composition, and says at its field what is wrong', async () => {
  const person = await newPerson(server, olga, 'changer')
  const change = (wanted: string) => person.browser.try(contract.changePassword, { current: person.password, new: wanted })
  for (const [wanted, word] of [
    ['fourteen chars', 'at least 15'],
    ['x'.repeat(257), 'at most 256'],
    // a sign counts once, however many units it takes; an accent is part of its letter; a ligature of 18 letters is one sign
    ['🦊🐢🦉🐝🦄🐙🦋🐳', 'at least 15'],
    ['ćwierć zażyła'.normalize('NFD'), 'at least 15'],
    ['ﷺ', 'at least 15'],
    ['🦊'.repeat(257), 'at most 256'],
    ['q1w2e3r4t5y6u7i8', 'list'],
    ['changerchangerchanger', 'repeats|name'],
    ['changer-postern-2026', 'name'],
    ['qwertyuiopasdfghjkl', 'row'],
    ['abcdefghijklmnopqrst', 'row'],
    ['zzzzzzzzzzzzzzzzzzz', 'repeats'],
  ] as const) {
    const refused = await change(wanted)
    assert.equal(said(refused), 'invalid-request', wanted)
    assert.equal(refused.problem.errors?.[0]?.path, 'new')
    assert.match(refused.problem.errors?.[0]?.message ?? '', new RegExp(word), wanted)
  }
  // none of these was a guess of the present one
  for (const wanted of ['onlylowercasewithoutanytrick', '🦊🐢🦉🐝🦄🐙🦋🐳🐌🦀🐞🦅🐺🦔🐇']) {
    assert.equal(said(await change(wanted)), '204')
    person.password = wanted
  }
  assert.equal(
    said(
      await change('правильная лошадь, батарея, скрепка; и ещё чай в семь утра '.padEnd(256, 'кто там? здесь 17 слов подряд, ')),
    ),
    '204',
  )
})

test('a wrong current password is a guess of the account by the same limit, and is on record', async () => {
  const person = await newPerson(server, olga, 'guesser')
  const change = (current: string) =>
    person.browser.try(contract.changePassword, { current, new: 'another harbour walks 43 miles' })
  for (let at = 0; at < 5; at++) assert.equal(said(await change('wrong')), 'factor-wrong')
  assert.equal(said(await change(person.password)), 'rate-limited')
  // the same count for a sign-in in this browser
  assert.equal(said(await guess('guesser', person.password, person.browser.at(server.origin))), 'rate-limited')
  await server.sql(`update attempt set open_at = now()`)
  assert.equal(said(await change(person.password)), '204')
  const { items } = await olga.browser.call(contract.listEvents, { type: 'password.changed', userId: person.id })
  assert.equal(items.filter(({ outcome }) => outcome === 'failure').length, 5)
  await signIn(server, { ...person, password: 'another harbour walks 43 miles' })
  assert.equal(said(await guess('guesser', person.password)), 'factor-wrong')
})

test('a right current password clears its count, also where the call then fails for something else', async () => {
  const person = await newPerson(server, olga, 'absent.minded')
  const failures = async () =>
    (await server.sql(
      `select coalesce(sum(failures), 0)::int as n from attempt a join users u on u.id = a.account_key where u.username = 'absent.minded' and factor = 'password'`,
    )) as unknown as [{ n: number }]
  for (let at = 0; at < 3; at++)
    await person.browser.try(contract.changePassword, { current: 'wrong', new: 'another harbour walks 43 miles' })
  assert.equal((await failures())[0].n, 3)
  const { code } = await person.browser.call(contract.enrolAnotherPhone, { factor: 'totp' })
  const phone = person.browser.at(server.origin)
  const { confirm } = await phone.call(contract.claimCode, partsOf(code.url as string))
  for (let at = 0; at < 4; at++)
    assert.equal(
      said(await phone.try(contract.confirmEnrolment, { confirm, code: '000000', currentPassword: person.password })),
      'factor-wrong',
    )
  assert.equal((await failures())[0].n, 0)
  const changed = { current: person.password, new: 'another harbour walks 43 miles' }
  assert.equal(said(await person.browser.try(contract.changePassword, changed)), '204')
  assert.equal((await failures())[0].n, 0)
})

test('an unknown name takes as long as a wrong password', async () => {
  await newPerson(server, olga, 'timed')
  const time = async (username: string): Promise<number> => {
    const browser = server.browser()
    await browser.call(contract.openSignIn, {})
    const startedAt = performance.now()
    await browser.try(contract.provePassword, { username, password: 'some wrong password' })
    return performance.now() - startedAt
  }
  const known: number[] = []
  const unknown: number[] = []
  for (let at = 0; at < 5; at++) {
    known.push(await time('timed'))
    unknown.push(await time(`nobody${at}`))
  }
  // the hash is most of it: without one an answer would take a tenth
  const [least, most] = [Math.min(...known), Math.min(...unknown)].sort((a, b) => a - b) as [number, number]
  assert.ok(most < 3 * least, `${least.toFixed(1)} ms and ${most.toFixed(1)} ms`)
})

test('beyond a queue of fifty hashes the answer is 503, nothing is evaluated and no guess is counted', async () => {
  const person = await newPerson(server, olga, 'queued')
  const browsers = await atOnce(90, async () => {
    const browser = server.browser()
    await browser.call(contract.openSignIn, {})
    return browser
  })
  const answers = await Promise.all(
    browsers.map((browser, at) =>
      browser.try(contract.provePassword, { username: `name${at}`, password: 'some wrong password' }),
    ),
  )
  const counts = tallied(answers.map(said))
  assert.equal((counts['factor-wrong'] ?? 0) + (counts.unavailable ?? 0), 90, JSON.stringify(counts))
  assert.ok((counts.unavailable ?? 0) > 0, JSON.stringify(counts))
  for (const refused of answers.filter(({ status }) => status === 503)) assert.ok(Number(refused.headers.get('retry-after')) > 0)
  const counted = await server.sql(`select 1 from attempt where factor = 'password' and lane = 0 and failures > 0`)
  const names = (await server.sql(
    `select count(*)::int as n from attempt where factor = 'password' and lane = 0 and failures = 1`,
  )) as unknown as { n: number }[]
  assert.ok(counted.length >= (names[0]?.n ?? 0))
  const zero = (await server.sql(
    `select count(*)::int as n from attempt where factor = 'password' and lane = 0 and failures = 0`,
  )) as unknown as { n: number }[]
  assert.ok((zero[0]?.n ?? 0) >= (counts.unavailable ?? 0))
  assert.equal(said(await guess('queued', person.password)), '200')
})

test('a hash is Argon2id of 19 MiB and two passes, sealed in its row, and fresh for everybody', async () => {
  const [one, two] = [await newPerson(server, olga, 'hash-one'), await newPerson(server, olga, 'hash-two')]
  const everything = JSON.stringify(await dump(server))
  for (const trace of ['argon2', Buffer.from('$argon2').toString('hex'), goodPassword, Buffer.from(goodPassword).toString('hex')])
    assert.ok(!everything.includes(trace), trace)
  const phcs: string[] = []
  for (const username of [one.username, two.username]) {
    const [row] = (await server.sql(
      `select p.user_id as id, p.sealed_hash as sealed from password p join users u on u.id = p.user_id where u.username = $1`,
      [username],
    )) as unknown as { id: string; sealed: Buffer }[]
    assert.ok(row)
    phcs.push(server.core.keys.unseal({ table: 'password', row: row.id, user: row.id }, row.sealed).toString())
  }
  for (const phc of phcs) assert.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.notEqual(phcs[0], phcs[1])
})

test('what is no text for a password or a name is refused as such', async () => {
  const browser = server.browser()
  await browser.call(contract.openSignIn, {})
  for (const input of [
    { username: 'x' },
    { username: 'x', password: '' },
    { username: 'x', password: 'y'.repeat(1_025) },
    { username: 'x'.repeat(257), password: 'y' },
    { username: { $ne: '' }, password: 'y' },
    { username: ['x'], password: 'y' },
    { username: 'x', password: 'y', more: 1 },
    { password: 'y' },
    { username: '', password: 'y' },
    { username: 'a\u0000b', password: 'y' },
    { username: 'a\ud800b', password: 'y' },
    { username: 'a', password: 'y\ud800' },
  ]) {
    const tried = await browser.try(contract.provePassword, input as never)
    assert.equal(tried.status, 422, JSON.stringify(input))
    assert.equal(said(tried), 'invalid-request')
  }
})
