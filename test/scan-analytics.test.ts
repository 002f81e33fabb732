import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { tidyScans } from '../server/src/features/analytics/index.ts'
import { fold } from '../server/src/features/analytics/rollup-store.ts'
import { rowsPerMinute } from '../server/src/features/codes/openings.ts'
import { networkOf } from '../server/src/features/codes/scan-address.ts'
import { fromId } from '../server/src/platform/ids.ts'
import { atOnce, raw, said, settle } from './support/attack.ts'
import { eventually } from './support/deployment.ts'
import { firstOperator } from './support/people.ts'
import { addScans, scansNow } from './support/scans.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const { sql } = server
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'
const pixel =
  'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36'

const link = (label = 'Visitor safety') =>
  olga.browser.call(contract.createCode, {
    kind: 'link',
    label,
    destination: { type: 'url', url: 'https://www.example.org/safety' },
  })
const open = ({ id }: { id: string }, headers: Record<string, string> = {}, method = 'GET') =>
  raw(server.origin, method, `/c/${id}`, { headers: { 'user-agent': iphone, 'x-forwarded-for': '203.0.113.77', ...headers } })
const count = (input: contract.CallIn<typeof contract.scanAnalytics>) => olga.browser.call(contract.scanAnalytics, input)
const rows = async (id: string, more: object = {}) => (await olga.browser.call(contract.listScans, { id, ...more })).items
/** Waits until the server's own loops have rolled up all there is; the minute of who flooded is made to be over. */
const rolledUp = async () => {
  await sql(`update scan_flood set minute = minute - interval '1 min'`)
  await tidyScans(server.core.db)
  await eventually(
    () => scansNow(sql),
    ({ tail }) => tail === 0,
  )
}
const sum = (answer: contract.ScanAnalytics) =>
  answer.series.reduce((all, { people, previews }) => [all[0] + people, all[1] + previews] as [number, number], [0, 0] as [
    number,
    number,
  ])
/** Without what depends on the moment. */
const counts = ({ from: _from, to: _to, series: _series, ...rest }: contract.ScanAnalytics) => rest

test('a code’s openings are counted at once: people and previews apart, by place, system, device, browser and outcome', async () => {
  const code = await link()
  for (let n = 0; n < 3; n++) await open(code)
  await open(code, { 'user-agent': pixel })
  await open(code, { 'user-agent': 'WhatsApp/2.23.20.0' })
  await open(code, {}, 'HEAD')
  await open(code, { 'sec-purpose': 'prefetch;prerender' })
  const edited = await olga.browser.call(
    contract.updateCode,
    { id: code.id, destination: { type: 'url', url: 'https://www.example.org/next' } },
    { headers: { 'if-match': '"1"' } },
  )
  await olga.browser.call(contract.revokeCode, { id: code.id, reason: 'the sign is down' })
  await open(code)
  const answer = await count({ code: code.id, from: '-1h' })
  assert.deepEqual(
    [answer.grain, answer.series.length, answer.people, answer.previews, sum(answer)],
    ['minute', 60, 5, 3, [5, 3]],
  )
  assert.deepEqual(answer.platforms, [
    { value: 'iOS', people: 4 },
    { value: 'Android', people: 1 },
  ])
  assert.deepEqual(answer.browsers, [
    { value: 'Safari', people: 4 },
    { value: 'Chrome', people: 1 },
  ])
  assert.deepEqual(answer.deviceTypes, [{ value: 'mobile', people: 5 }])
  assert.deepEqual(answer.outcomes, [
    { value: 'redirected', people: 4 },
    { value: 'revoked', people: 1 },
  ])
  const [{ country } = { country: 'none' }] = await rows(code.id)
  assert.deepEqual(answer.places, [{ country, city: '', people: 5 }])
  assert.deepEqual(answer.previewers, [
    { value: 'Safari', previews: 2 },
    { value: 'WhatsApp', previews: 1 },
  ])
  assert.deepEqual(
    answer.versions.map(({ version, changed }) => [version, changed]),
    [
      [edited.version, ['destination']],
      [3, ['revoked']],
    ],
  )
  assert.deepEqual((await count({ code: code.id, from: '-1h', platform: 'Android' })).people, 1)
  assert.deepEqual((await rows(code.id, { by: 'previews' })).length, 3)
  assert.deepEqual((await rows(code.id, { by: 'people', browser: 'Chrome' })).length, 1)
})

test('what is read is the same before and after it is rolled up, from raw rows and from cells, for all grains and zones', async () => {
  const code = await link('Popular')
  await addScans(sql, fromId(code.id), 3_000, 9 * 24 * 60)
  const periods = [
    { from: '-1h' },
    { from: '-24h' },
    { from: '-30d' },
    { from: '-30d', zone: 'Europe/Warsaw' },
    { from: '-30d', zone: 'Asia/Kolkata' },
    { from: '-30d', zone: 'America/St_Johns' },
    {
      from: new Date(Date.now() - 8 * 86_400_000).toISOString(),
      to: new Date(Date.now() - 5_000_000).toISOString(),
      zone: 'Pacific/Auckland',
    },
  ]
  const looks = () => Promise.all(periods.map((period) => count({ code: code.id, ...period })))
  const cells = (answers: contract.ScanAnalytics[]) =>
    answers.map(({ series }) => series.filter(({ people, previews }) => people + previews > 0))
  const last = async () => (await olga.browser.call(contract.getCode, { id: code.id })).lastScan
  const fromTail = await looks()
  const lastOfTail = await last()
  assert.ok(lastOfTail)
  await rolledUp()
  const fromRaw = await looks()
  assert.deepEqual(await last(), lastOfTail)
  await eventually(
    () => fold(server.core.db, [fromId(code.id)]),
    (folded) => folded,
  )
  const fromCells = await looks()
  for (const [at, answer] of fromTail.entries()) {
    assert.deepEqual(counts(fromRaw[at] as never), counts(answer))
    assert.deepEqual(counts(fromCells[at] as never), counts(answer))
    assert.deepEqual(sum(answer), [answer.people, answer.previews])
  }
  assert.deepEqual(cells(fromCells), cells(fromRaw))
  assert.equal((fromCells[2] as contract.ScanAnalytics).people + (fromCells[2] as contract.ScanAnalytics).previews, 3_000)
  assert.equal((fromCells[2] as contract.ScanAnalytics).series.length, 30)
  // in Warsaw a day begins at 22 or 23 UTC
  assert.match((fromCells[3] as contract.ScanAnalytics).series[0]?.at as string, /T2[23]:00:00\.000Z$/)
  const all = await count({ from: '-30d' })
  assert.equal(all.people + all.previews, (await scansNow(sql)).raw)
  const polish = await count({ from: '-30d', country: 'PL' })
  assert.deepEqual(
    polish.places,
    all.places.filter(({ country }) => country === 'PL'),
  )
})

test('a period that is none is named, and so is a code that is none', async () => {
  const tried = async (input: object) => {
    const answer = await olga.browser.try(contract.scanAnalytics, input)
    return [said(answer), answer.problem?.errors?.[0]?.path]
  }
  assert.deepEqual(await tried({ from: '-1w' }), ['invalid-request', 'from'])
  assert.deepEqual(await tried({ from: '-9999d' }), ['invalid-request', 'from'])
  for (const to of ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'])
    assert.deepEqual(await tried({ to }), ['invalid-request', 'from'], to)
  assert.deepEqual(await tried({ from: '2026-02-02T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' }), ['invalid-request', 'from'])
  assert.deepEqual(await tried({ zone: 'Europe/Kraków' }), ['invalid-request', 'zone'])
  assert.deepEqual(await tried({ code: 'cod_01jd0000000000000000000000' }), ['not-found', undefined])
})

test('of an address is kept what the setting says: all, its network, or nothing; a change holds from the next opening on', async () => {
  assert.deepEqual(['203.0.113.77', '2001:db8:12:3456::7'].map(networkOf), ['203.0.113.0/24', '2001:db8:12::/48'])
  const code = await link('Private')
  const user = await olga.browser.call(contract.createUser, { username: 'adam' })
  const enrolment = (await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })).code
  const expected: Record<contract.CodeSettings['scanAddresses'], (string | null)[]> = {
    full: ['203.0.113.77', '2001:db8:12:3456::7'],
    truncated: ['203.0.113.0/24', '2001:db8:12::/48'],
    none: [null, null],
  }
  for (const setting of ['full', 'none', 'truncated', 'full', 'none'] as const) {
    const { version, ...values } = await olga.browser.call(contract.getCodeSettings, {})
    await olga.browser.call(
      contract.putCodeSettings,
      { ...values, scanAddresses: setting },
      { headers: { 'if-match': `"${version}"` } },
    )
    for (const each of [code, enrolment]) {
      await open(each)
      await open(each, { 'x-forwarded-for': '2001:db8:12:3456::7' })
      const [second, first] = await rows(each.id)
      assert.deepEqual([first?.address, second?.address], expected[setting], setting)
      const stored = await sql(
        `select sealed is null as bare, address_tag is null as untagged from scan where code_id = $1 order by id desc limit 2`,
        [fromId(each.id)],
      )
      for (const row of stored) assert.deepEqual(row, { bare: setting === 'none', untagged: setting === 'none' })
    }
  }
  assert.deepEqual(await sql(`select id from scan where position('203.0.113'::bytea in sealed) > 0`), [], 'sealed')
})

test('an address that floods a code is answered each time, and counted each time, in a few rows', async () => {
  const code = await link('Flooded')
  const before = (await sql(`select count(*)::int as n from scan where code_id = $1`, [fromId(code.id)]))[0]
  assert.deepEqual(before, { n: 0 })
  const times = rowsPerMinute + 300
  // rows are counted by the minute: shared by two, they flood neither
  await settle(15, 60)
  const answers = await atOnce(8, async (n) => {
    let redirected = 0
    for (let at = n; at < times; at += 8) if ((await open(code, { 'x-forwarded-for': '192.0.2.9' })).status === 302) redirected++
    return redirected
  })
  assert.equal(
    answers.reduce((a, b) => a + b),
    times,
  )
  const shown = async () => {
    const { people } = await count({ code: code.id, from: '-1h' })
    return [people, (await olga.browser.call(contract.getCode, { id: code.id })).scans]
  }
  assert.deepEqual(await shown(), [times, times])
  await sql(`update scan_flood set minute = minute - interval '1 min'`)
  await tidyScans(server.core.db)
  assert.deepEqual(await shown(), [times, times])
  await rolledUp()
  assert.deepEqual(await shown(), [times, times])
  const [most] = (await sql(`select max(n)::int as n, count(*)::int as rows, sum(n)::int as all from scan where code_id = $1`, [
    fromId(code.id),
  ])) as [never]
  assert.ok((most as { n: number }).n > 50, JSON.stringify(most))
  assert.equal((most as { all: number }).all, times)
  // the page of a code that authenticates has its own limit, and its openings are counted beyond it
  const user = await olga.browser.call(contract.createUser, { username: 'berta' })
  const enrolment = (await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })).code
  for (let n = 0; n < 80; n++) await open(enrolment, { 'x-forwarded-for': '192.0.2.10' })
  assert.equal((await olga.browser.call(contract.getCode, { id: enrolment.id })).scans, 80)
})

test('raw scans go by rule; totals and cells go on counting them, and agree for what is kept', async () => {
  const code = await link('Old')
  await addScans(sql, fromId(code.id), 12_000, 40 * 24 * 60)
  await rolledUp()
  const period = { code: code.id, from: '-60d' }
  const before = await count(period)
  const totals = (await olga.browser.call(contract.getCode, { id: code.id })).scans
  const events = await sql(`select count(*)::int as n from event`)
  await sql(`update code_settings set scan_retention_days = 10`)
  await eventually(
    async () => {
      await tidyScans(server.core.db)
      return sql(`select count(*)::int as n from scan where id < uuid7_low(now() - interval '10 d 1 min')`)
    },
    ([left]) => (left as { n: number }).n === 0,
  )
  assert.deepEqual(counts(await count(period)), counts(before))
  assert.equal((await olga.browser.call(contract.getCode, { id: code.id })).scans, totals)
  assert.deepEqual(await sql(`select count(*)::int as n from event`), events)
  // of the days that are kept whole, cells and raw rows say the same
  const [kept] = await sql(
    `select (select sum(n)::int from scan where code_id = $1 and id >= uuid7_low(date_trunc('day', now(), 'UTC') - interval '8 d')) as raw,
      (select sum(n)::int from scan_by_code where code_id = $1 and grain = 1440 and dim = 'seen' and at >= date_trunc('day', now(), 'UTC') - interval '8 d') as cells`,
    [fromId(code.id)],
  )
  assert.equal((kept as { raw: number }).raw, (kept as { cells: number }).cells)
  // and what comes later is counted once
  await open(code)
  await rolledUp()
  assert.equal((await count(period)).people, before.people + 1)
  await sql(`update code_settings set scan_retention_days = null`)
})
