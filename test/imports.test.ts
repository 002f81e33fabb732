import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { unzipSync } from 'fflate'
import { said } from './support/attack.ts'
import { eventually } from './support/deployment.ts'
import { enrolByCode, firstOperator, newPerson } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
type Answer = contract.Out<typeof contract.importUsers>
const ended = async ({ id }: Answer): Promise<contract.BulkJob> =>
  eventually(
    () => olga.browser.call(contract.getBulkJob, { id: id as string }),
    ({ state }) => state === 'done' || state === 'failed',
    90_000,
  )
const count = async (text: string, values?: unknown[]): Promise<number> =>
  Number(Object.values((await server.sql(text, values))[0] as object)[0])
const told = ({ errors }: contract.ImportRow) => errors.map(({ column, message }) => `${column}: ${message}`)
/** By its stable name, with the first of what words about it may hold. */
const wrong = ({ errors }: contract.ImportRow) =>
  errors.map(({ code = '', values }) => [code, ...Object.values(values ?? {}).slice(0, 1)].join(' '))

test('people from a file: a dry run shows them as they will be, the good rows are made, the bad ones come back to be mended', async () => {
  await olga.browser.call(contract.createUser, { username: 'Jan.Nowak' })
  const csv = [
    'User name;Display name;E-mail;Roles;Enrol',
    'ada;"Lovelace; Ada";ada@example.org;operator auditor;screen',
    'jan.nowak;Jan;;;',
    'zoë;Zoë Łęcka;;;none',
    'ADA;another;;;',
    'x;too short;;;',
    'boss;;no address;emperor;',
    'bob;Bob;bob@example.org;;screen;one;too;many',
  ].join('\r\n')
  const tried = await olga.browser.try(contract.importUsers, { csv, dryRun: true })
  assert.equal(tried.status, 200)
  assert.deepEqual([tried.value.total, tried.value.good, tried.value.bad], [7, 2, 5])
  assert.deepEqual(tried.value.sample[0], {
    row: 1,
    values: {
      username: 'ada',
      displayName: 'Lovelace; Ada',
      email: 'ada@example.org',
      roles: 'operator auditor',
      enrol: 'screen',
    },
    errors: [],
  })
  assert.deepEqual(
    tried.value.errors.map((each) => [each.row, ...told(each)]),
    [
      [2, 'username: is taken'],
      [4, 'username: stands in row 1 too'],
      [5, 'username: at least 2 characters'],
      [6, 'email: Invalid email address', 'roles: emperor is no role: user, auditor, operator or owner'],
      [7, ': has 8 cells, the header has 5'],
    ],
  )
  assert.deepEqual(tried.value.errors.map(wrong), [
    ['taken'],
    ['twice 1'],
    ['too-short 2'],
    ['format', 'choice emperor'],
    ['cells 8'],
  ])
  assert.equal(await count(`select count(*) from users where username_key in ('ada', 'zoë')`), 0, 'a dry run makes nobody')

  const started = await olga.browser.try(contract.importUsers, { csv })
  assert.deepEqual([started.status, started.value.total, started.value.good], [201, 7, 2])
  const done = await ended(started.value)
  assert.deepEqual([done.state, done.action, done.done, done.failed], ['done', 'import-users', 2, 5])
  const made = (await olga.browser.call(contract.listUsers, { q: 'ada' })).items[0]
  assert.deepEqual([made?.displayName, made?.email, made?.roles], ['Lovelace; Ada', 'ada@example.org', ['auditor', 'operator']])

  // whom the file enrols has a code in the one zip
  const { url } = await olga.browser.call(contract.createDownload, { path: `/api/bulk/${done.id}/results` })
  const files = unzipSync(new Uint8Array(await (await fetch(url)).arrayBuffer()))
  const [, line, ...more] = new TextDecoder().decode(files['index.csv']).trimEnd().split('\r\n')
  assert.equal(more.length, 0)
  const [, label, , address] = (line as string).split(',') as string[]
  assert.equal(label, 'ada')
  assert.equal((await enrolByCode(server.browser(), address as string)).username, 'ada')

  // the file of errors is mended and sent again as it is
  const errors = (await olga.browser.send('GET', `/api/bulk/${done.id}/errors`)).text
  assert.match(errors, /^row,username,displayName,email,roles,enrol,problem,why\r\n2,jan.nowak,/)
  const inPolish = (await olga.browser.send('GET', `/api/bulk/${done.id}/errors?language=pl`)).text.trimEnd().split('\r\n')
  const why = (line: string) => line.slice(line.indexOf('invalid-request,') + 'invalid-request,'.length).replaceAll('"', '')
  assert.deepEqual(inPolish.slice(1).map(why), [
    'username: jest już zajęte',
    'username: jest też w wierszu 1',
    'username: za krótkie; najmniejsza liczba znaków: 2',
    'email: to nie jest adres e-mail; roles: emperor nie pasuje. Są: user, auditor, operator, owner',
    'komórek w wierszu: 8, w nagłówku: 5',
  ])
  const mended = errors
    .replace('\r\n2,jan.nowak', '\r\n2,jan.nowak2')
    .replace('\r\n5,x,', '\r\n5,xavier,')
    .replace('no address,emperor', 'boss@example.org,owner')
    .replace('\r\n4,ADA', '\r\n4,ada2')
  const again = await ended(await olga.browser.call(contract.importUsers, { csv: mended }))
  assert.deepEqual([again.state, again.done, again.failed], ['done', 5, 0])
  // names of people lie sealed, and are gone with the row that was done
  assert.equal(await count(`select count(*) from bulk_row where encode(input, 'escape') like '%nowak%'`), 0)
  assert.equal(await count(`select count(*) from bulk_row where state = 'done' and input is not null`), 0)
})

test('a file says what each code sets up, and the call which files of symbols come with them', async () => {
  const csv = 'username,enrol,factor\nfila,screen,Device\nfilb,letter,device\nfilc,screen,\nfild,screen,key\nfile,none,device\n'
  const { sample } = await olga.browser.call(contract.importUsers, { csv, dryRun: true })
  assert.deepEqual(
    sample.map(({ values, errors }) => values.factor + errors.map(({ message }) => `, ${message}`).join()),
    ['device', 'device', 'totp', 'key, key is no factor: totp or device', 'device'],
  )
  const job = await ended(await olga.browser.call(contract.importUsers, { csv, symbols: ['pdf'] }))
  assert.deepEqual([job.done, job.failed], [4, 1])
  const files = await fetched(job.id)
  const names = Object.keys(files).sort()
  assert.deepEqual(names, [
    'activation.csv',
    'index.csv',
    'letters/0002-filb.pdf',
    ...['fila', 'filb', 'filc'].map((name, at) => `pdf/000${at + 1}-${name}.pdf`),
  ])
  const { items } = await olga.browser.call(contract.listCodes, { q: 'fil', state: 'live' })
  assert.deepEqual(items.map(({ label, kind }) => `${label} ${kind}`).sort(), [
    'fila enrol-device',
    'filb enrol-device',
    'filc enrol-totp',
  ])
  const links = 'label,destination\nfiled,https://www.example.org/a\n'
  const made = await ended(await olga.browser.call(contract.importCodes, { csv: links, symbols: ['png', 'eps'] }))
  assert.deepEqual(Object.keys(await fetched(made.id)).sort(), ['eps/0001-filed.eps', 'index.csv', 'png/0001-filed.png'])
  const bare = await ended(await olga.browser.call(contract.importCodes, { csv: links, symbols: [] }))
  assert.deepEqual(Object.keys(await fetched(bare.id)), ['index.csv'], 'a list of links')
})
const fetched = async (id: string): Promise<Record<string, Uint8Array>> => {
  const { url } = await olga.browser.call(contract.createDownload, { path: `/api/bulk/${id}/results` })
  return unzipSync(new Uint8Array(await (await fetch(url)).arrayBuffer()))
}

test('nobody climbs through a file: not by its roles, not by a token, not without a proof', async () => {
  const helper = await newPerson(server, olga, 'helper', ['operator'])
  const csv = 'username,roles\nclimber,owner\nplain,user\n'
  const tried = await helper.browser.call(contract.importUsers, { csv, dryRun: true })
  assert.deepEqual(tried.errors.map(told), [['roles: more rights than you have']])
  const done = await ended(await helper.browser.call(contract.importUsers, { csv }))
  assert.deepEqual([done.done, done.failed], [1, 1])
  assert.equal(await count(`select count(*) from users where username = 'climber'`), 0)
  // in the query it is said for a body of JSON too, and never passed over
  const asked = await olga.browser.send('POST', '/api/users/import?dryRun=true', { csv: 'username\nonly-asked\n' })
  assert.equal(asked.status, 200)
  assert.equal(await count(`select count(*) from users where username = 'only-asked'`), 0)
  const auditor = await newPerson(server, olga, 'reader', ['auditor'])
  assert.equal(said(await auditor.browser.try(contract.importUsers, { csv })), 'not-allowed')
  const robot = server.browser()
  robot.bearer = (await olga.browser.call(contract.createToken, { name: 'joiner', scopes: ['enrolment'] })).token
  assert.equal(said(await robot.try(contract.importUsers, { csv })), 'not-allowed')
  await server.sql(
    `update session set proved_at = now() - interval '6 min' where user_id = (select id from users where username = 'helper')`,
  )
  const many = `username\n${Array.from({ length: 11 }, (_, at) => `many${at}`).join('\n')}`
  assert.equal(said(await helper.browser.try(contract.importUsers, { csv: many })), 'step-up-required')
  assert.equal(said(await helper.browser.try(contract.importUsers, { csv: many, dryRun: true })), '200')
})

test('link codes from a file, as text/csv too: days and times, limits, owners, what policy allows', async () => {
  await olga.browser.call(
    contract.putCodeSettings,
    { linkHosts: ['*.example.org'], staticText: true, staticHosts: [], scanAddresses: 'truncated', scanRetentionDays: null },
    { headers: { 'if-match': '"1"' } },
  )
  const csv = [
    'label\tdestination\tkind\texpiresAt\tnotBefore\tscanLimit\towner',
    'Gate 4\thttps://www.example.org/4\tlink\t2031-01-31\t2030-12-01T08:00:00+01:00\t500\tOLGA',
    `'=Gate 5\thttps://www.example.org/5\t\t\t\t\t`,
    'Gate 6\tjavascript:alert(1)\t\t\t\t\t',
    'Gate 7\thttps://evil.example\t\t\t\t\t',
    'Gate 8\thttps://www.example.org/8\tstatic\t2031-02-30\t\tmany\tnobody',
    'Gate 9\thttps://www.example.org/9\t\t2020-01-31\t\t\t',
    'Gate 10\thttps://www.example.org/10\t\t9999-12-31T23:59:59-02:00\t0000-01-01\t\t',
  ].join('\n')
  const answer = await olga.browser.fetch('POST', '/api/codes/import?dryRun=true', {
    body: csv,
    headers: { 'content-type': 'text/csv; charset=utf-8' },
  })
  assert.equal(answer.status, 200)
  const tried = (await answer.json()) as Answer
  assert.deepEqual(
    tried.errors.map((each) => [each.row, ...told(each)]),
    [
      [3, 'destination: an address that starts with http:// or https://, on one line and without a user name in it'],
      [4, 'destination: evil.example is not a host that links may lead to: Settings → Codes lists *.example.org'],
      [
        5,
        'kind: a file takes kind link only',
        'expiresAt: takes a day like 2027-01-31, or RFC 3339 with its zone: 2027-01-31T18:00:00Z',
        'scanLimit: Invalid input: expected number, received string',
        'owner: is nobody active here',
      ],
      [6, 'expiresAt: is in the past'],
      [
        7,
        'expiresAt: takes a day like 2027-01-31, or RFC 3339 with its zone: 2027-01-31T18:00:00Z',
        'notBefore: takes a day like 2027-01-31, or RFC 3339 with its zone: 2027-01-31T18:00:00Z',
      ],
    ],
  )
  assert.deepEqual(tried.errors.map(wrong), [
    ['web-address'],
    ['host-not-listed evil.example'],
    ['choice static', 'format', 'type', 'no-such'],
    ['past'],
    ['format', 'format'],
  ])
  const done = await ended(await olga.browser.call(contract.importCodes, { csv }))
  assert.deepEqual([done.done, done.failed], [2, 5])
  const { items } = await olga.browser.call(contract.listCodes, { q: 'Gate' })
  assert.deepEqual(
    items.map(({ label, expiresAt, notBefore, scanLimit, owner }) => [label, expiresAt, notBefore, scanLimit, owner?.username]),
    [
      ['=Gate 5', null, null, null, 'olga'],
      ['Gate 4', '2031-01-31T23:59:59.999Z', '2030-12-01T07:00:00.000Z', 500, 'olga'],
    ],
  )
  assert.match((await olga.browser.send('GET', `/api/bulk/${done.id}/errors`)).text, /\r\n4,Gate 7,https:\/\/evil.example,link,/)
  const elsewhere = await olga.browser.fetch('POST', '/api/codes', { body: csv, headers: { 'content-type': 'text/csv' } })
  assert.equal(elsewhere.status, 415)
})

test('a file that cannot be read as a whole is refused by name; one with no good row makes no job', async () => {
  const tried = async (csv: string) => {
    const { status, problem } = await olga.browser.try(contract.importUsers, { csv })
    return `${status} ${problem.errors?.[0]?.message ?? problem.detail ?? ''}`
  }
  assert.match(await tried('name\nada'), /^422 has a column “name”/)
  assert.match(await tried('username\n"ada'), /^422 line 2: a quote is opened/)
  const [error] = (await olga.browser.try(contract.importUsers, { csv: 'name\nada' })).problem.errors ?? []
  assert.deepEqual([error?.path, error?.code, error?.values?.column], ['csv', 'unknown-column', 'name'])
  assert.match(await tried('username\n!'), /^409 None of the 1 rows can be imported/)
  const bytes = Buffer.from('username,displayName\nzofia,Zofia Łęcka\n', 'utf8')
  const cp1250 = Buffer.from([...bytes.subarray(0, 34), 0xa3, 0xea, ...Buffer.from('cka\n')])
  const answer = await fetch(`${server.origin}/api/users/import`, {
    method: 'POST',
    body: cp1250,
    headers: {
      'content-type': 'text/csv',
      authorization: `Bearer ${(await olga.browser.call(contract.createToken, { name: 't', scopes: ['operator'] })).token}`,
    },
  })
  assert.match(await answer.text(), /is not UTF-8: save it as/)
  const large = await olga.browser.send('POST', '/api/users/import', { csv: `username\n${'a'.repeat(11 * 1024 * 1024)}` })
  assert.equal((large.body as contract.Problem).code, 'too-large')
  assert.equal(await count(`select count(*) from bulk_job where action = 'import-users' and total = 1`), 0)
})

test('a row whose name was taken between the check and its turn fails alone, and says so', async () => {
  const csv = `username\n${Array.from({ length: 200 }, (_, at) => `late${at}`).join('\n')}`
  const started = await olga.browser.call(contract.importUsers, { csv })
  const taken = await olga.browser.try(contract.createUser, { username: 'LATE199' })
  const done = await ended(started)
  assert.equal(taken.status, 201)
  assert.deepEqual([done.state, done.done, done.failed], ['done', 199, 1])
  assert.match(
    (await olga.browser.send('GET', `/api/bulk/${done.id}/errors`)).text,
    /\r\n200,late199,.*,conflict,username: taken\r\n$/,
  )
})
