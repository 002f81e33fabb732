import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { unzipSync } from 'fflate'
import { atOnce, said, tallied } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { scratchFolder } from './support/cluster.ts'
import { eventually, startDeployment } from './support/deployment.ts'
import { claimKey, firstOperator, goodPassword, newPerson, partsOf, passcode } from './support/people.ts'

const deployment = await startDeployment()
const olga = await firstOperator(deployment)
const folder = scratchFolder()
let files = 0
/** What a PDF says, by pdftotext, and what its symbol says, by zbarimg off a print of 150 dots an inch. */
const readPdf = (bytes: Uint8Array) => {
  const file = join(folder, `${++files}.pdf`)
  writeFileSync(file, bytes)
  const text = execFileSync('pdftotext', ['-layout', file, '-']).toString()
  execFileSync('pdftoppm', ['-r', '150', '-gray', '-singlefile', file, file])
  const symbol = () =>
    execFileSync('zbarimg', ['-q', '--raw', '--nodbus', `${file}.pgm`])
      .toString()
      .trim()
  const fonts = execFileSync('pdffonts', [file]).toString()
  return { text, symbol, fonts }
}
const byLetter = async (
  username: string,
  more: Partial<contract.CallIn<typeof contract.enrolUser>> = {},
  displayName = 'Żaneta Łęcka',
) => {
  const user = await olga.browser.call(contract.createUser, { username, displayName })
  const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp', deliver: 'letter', ...more })
  return { ...code, ...partsOf(code.url as string), userId: user.id, activation: code.activation as string }
}
const claim = (n: number, { id, secret }: { id: string; secret: string }, activation?: string) =>
  new Browser(deployment.at(n)).try(contract.claimCode, { id, secret, ...(activation === undefined ? {} : { activation }) })
const wrongOf = (activation: string, n = 0) => String((Number(activation) + 1 + n) % 100_000_000).padStart(8, '0')

test('a letter holds symbol, address, what to do and until when, in both languages; never the number', async () => {
  for (const language of ['en', 'pl'] as const) {
    const code = await byLetter(`letter-${language}`, { language })
    assert.match(code.activation, /^\d{8}$/)
    const days = (Date.parse(code.expiresAt) - Date.now()) / 86_400_000
    assert.ok(days > 13.9 && days <= 14, String(days))
    const { text, symbol, fonts } = readPdf(Buffer.from(code.letterPdf as string, 'base64'))
    assert.equal(symbol(), code.url)
    assert.ok(text.replace(/\s/g, '').includes(code.url as string))
    assert.match(text, language === 'en' ? /Your way in[\s\S]*activation number[\s\S]*/ : /Twoje wejście[\s\S]*numer aktywacyjny/)
    assert.match(text, /Żaneta Łęcka/)
    assert.match(text, new RegExp(language === 'en' ? 'Good until \\d+ \\w+ \\d{4}' : 'Ważny do: \\d+ \\S+ \\d{4}'))
    assert.ok(!text.replace(/\s/g, '').includes(code.activation))
    assert.match(fonts, /Inter/)
  }
  // neither number nor address lies in the database
  const { activation, secret } = await byLetter('letter-kept')
  for (const [table] of [['code'], ['event'], ['code_version']])
    assert.equal(
      await deployment.count(`select count(*) from ${table} t where t::text like $1 or t::text like $2`, [
        `%${activation}%`,
        `%${secret}%`,
      ]),
      0,
    )
})

test('a name in Greek, Cyrillic or Vietnamese letters is printed in them, and what no font of ours has as its number, which is told', async () => {
  const names = ['Ελένη.Παπαδοπούλου', 'Наталія.Ґудзь', 'Nguyễn.Thị.Hương', 'Жанна.Łęcka', 'Ἀλέξανδρος']
  for (const [n, username] of names.entries()) {
    const code = await byLetter(username, { language: n % 2 === 0 ? 'en' : 'pl' }, '')
    const { text, fonts } = readPdf(Buffer.from(code.letterPdf as string, 'base64'))
    assert.ok(text.normalize('NFC').includes(username), `${username}: ${text}`)
    assert.doesNotMatch(text, /U\+/)
    // every font of a name is embedded
    for (const line of fonts.split('\n').filter((each) => each.includes('Inter'))) assert.match(line, / yes yes yes /)
  }
  const code = await byLetter('王芳.Łęcka', { language: 'pl' }, '')
  const { text } = readPdf(Buffer.from(code.letterPdf as string, 'base64'))
  assert.match(text, /^ *\[U\+738B\]\[U\+82B3\]\.Łęcka$/m)
  assert.match(text, /\[U\+…\] zastępuje literę/)
})

test('the claim asks for the number: missing, wrong with the tries left, and right with blanks in it', async () => {
  const code = await byLetter('asked')
  const seen = await new Browser(deployment.b.origin).call(contract.inspectCode, { id: code.id, secret: code.secret })
  assert.deepEqual(seen.needs, ['activation', 'password'])
  const missing = await claim(0, code)
  assert.deepEqual([said(missing), missing.problem.errors?.[0]?.path], ['invalid-request', 'activation'])
  const wrong = await claim(1, code, wrongOf(code.activation))
  assert.deepEqual(
    [said(wrong), wrong.problem.triesLeft, wrong.problem.errors],
    ['factor-wrong', 4, [{ path: 'activation', message: 'did not match', code: 'mismatch' }]],
  )
  const phone = new Browser(deployment.a.origin)
  const { id, secret, activation } = code
  const claimed = await claimKey(phone, {
    id,
    secret,
    activation: `${activation.slice(0, 4)} ${activation.slice(4)}`,
  })
  const again = await claimKey(phone, { id, secret })
  assert.equal(again.secret, claimed.secret, 'a lost answer is asked for again without the number')
  await phone.call(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    code: passcode(claimed.secret),
    password: goodPassword,
  })
  assert.equal(said(await claim(1, code, activation)), 'code-used')
})

test('of guesses in parallel over two processes five get a verdict; the fifth ends the code, and the right number comes too late', async () => {
  const code = await byLetter('guessed')
  const answers = (await atOnce(40, (n) => claim(n, code, wrongOf(code.activation, n)))).map(said)
  assert.deepEqual(tallied(answers), { 'factor-wrong': 5, 'code-revoked': 35 })
  assert.equal(said(await claim(0, code, code.activation)), 'code-revoked')
  assert.equal((await olga.browser.call(contract.getCode, { id: code.id })).state, 'revoked')
  assert.equal(
    await deployment.count(
      `select count(*) from event where code_id = (select id from code where label = 'guessed') and type = 'code.claimed' and outcome <> 'success'`,
    ),
    41,
    'each guess is on record: what came after the fifth as refused',
  )
  const { items } = await olga.browser.call(contract.listEvents, { codeId: code.id, limit: 100 })
  const guesses = items.filter(({ type, outcome }) => type === 'code.claimed' && outcome === 'failure')
  assert.deepEqual([...new Set(guesses.map(({ detail }) => detail.cause))], ['wrong-activation-number'])
  const ends = items.filter(({ type }) => type === 'code.revoked')
  assert.deepEqual(
    ends.map(({ outcome, subject, detail }) => [outcome, subject?.name, detail.cause, detail.why]),
    [['success', 'guessed', 'wrong-activation-numbers', 'five wrong activation numbers']],
  )
  const told = (await olga.browser.call(contract.myNotices, {})).items.filter(({ event }) => event.codeId === code.id)
  assert.deepEqual(
    told.map(({ kind, event }) => [kind, event.id]),
    [['code-guessed', ends[0]?.id]],
  )
})

test('the right number among wrong ones opens the code once, or not at all', async () => {
  for (let round = 0; round < 5; round++) {
    const code = await byLetter(`raced${round}`)
    const answers = (await atOnce(16, (n) => claim(n, code, n % 4 === 3 ? code.activation : wrongOf(code.activation, n)))).map(
      said,
    )
    const { 200: won = 0, 'factor-wrong': wrong = 0 } = tallied(answers)
    assert.ok(won <= 1 && wrong <= 5, JSON.stringify(tallied(answers)))
    assert.ok(won === 1 || wrong === 5, JSON.stringify(tallied(answers)))
  }
})

test('issued again, a letter is a new letter with a new number; mail is refused by name', async () => {
  const old = await byLetter('again')
  const next = await olga.browser.call(contract.reissueCode, { id: old.id, language: 'pl' })
  assert.match(next.activation ?? '', /^\d{8}$/)
  assert.equal(readPdf(Buffer.from(next.letterPdf as string, 'base64')).symbol(), next.url)
  const parts = partsOf(next.url as string)
  assert.equal(said(await claim(0, old, old.activation)), 'code-revoked')
  if (next.activation !== old.activation) assert.equal(said(await claim(0, parts, old.activation)), 'factor-wrong')
  assert.equal(said(await claim(1, parts, next.activation)), '200')
  const mail = await olga.browser.try(contract.enrolUser, { id: old.userId, factor: 'totp', deliver: 'email' })
  assert.match(mail.problem.errors?.[0]?.message ?? '', /sends no mail yet: choose none or letter/)
  const repeated = { headers: { 'idempotency-key': 'a letter' } }
  const input = { id: old.userId, factor: 'totp' as const, deliver: 'letter' as const }
  await olga.browser.call(contract.enrolUser, input, repeated)
  await deployment.sql(`update idempotency set full_until = now() - interval '1 s'`)
  const { code } = await olga.browser.call(contract.enrolUser, input, repeated)
  assert.deepEqual([code.url, code.activation, code.letterPdf], [undefined, undefined, undefined])
})

test('letters for many: each in the zip, their numbers in a file of their own', async () => {
  const started = await olga.browser.call(contract.importUsers, {
    csv: 'username,displayName,enrol\nposted1,Ąda,letter\nposted2,Bob,letter\nshown,Cid,screen\n',
    language: 'pl',
  })
  const done = await eventually(
    () => olga.browser.call(contract.getBulkJob, { id: started.id as string }),
    ({ state }) => state === 'done',
    90_000,
  )
  assert.equal(done.done, 3)
  const { url } = await olga.browser.call(contract.createDownload, { path: `/api/bulk/${done.id}/results` })
  const zip = unzipSync(new Uint8Array(await (await fetch(url)).arrayBuffer()))
  assert.deepEqual(
    Object.keys(zip).filter((name) => !name.startsWith('svg/')),
    ['index.csv', 'activation.csv', 'letters/0001-posted1.pdf', 'letters/0002-posted2.pdf'],
  )
  const lines = (name: string) =>
    new TextDecoder()
      .decode(zip[name])
      .trimEnd()
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(','))
  const [, , id, address] = lines('index.csv')[0] as string[]
  const [, , of, activation] = lines('activation.csv')[0] as string[]
  assert.equal(id, of)
  const { text, symbol } = readPdf(zip['letters/0001-posted1.pdf'] as Uint8Array)
  assert.equal(symbol(), address)
  assert.match(text, /Ąda/)
  assert.ok(!text.includes(activation as string))
  assert.equal(said(await claim(1, partsOf(address as string), activation)), '200')
  const minutes = (name: string) =>
    deployment.count(`select round(extract(epoch from expires_at - created_at) / 60) from code where label = $1`, [name])
  assert.deepEqual([await minutes('posted2'), await minutes('shown')], [20_160, 1_440])
})

test('recovery codes on paper are those that are shown, made at that moment and never again', async () => {
  const ida = await newPerson(deployment, olga, 'ida')
  const { recoveryCodes, letterPdf } = await ida.browser.call(contract.renewRecoveryCodes, { letter: true, language: 'pl' })
  const { text } = readPdf(Buffer.from(letterPdf as string, 'base64'))
  for (const code of recoveryCodes) assert.ok(text.includes(code), code)
  assert.match(text, /Twoje kody odzyskiwania/)
  const plain = await ida.browser.call(contract.renewRecoveryCodes, {})
  assert.equal(plain.letterPdf, undefined)
})
