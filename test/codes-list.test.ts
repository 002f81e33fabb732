import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { eventually } from './support/deployment.ts'
import { firstOperator } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
type Filter = contract.CallIn<typeof contract.listCodes>

/** All pages of a list, a few at a time. */
const listed = async (filter: Filter, limit = 40): Promise<contract.Code[]> => {
  const codes: contract.Code[] = []
  let cursor: string | undefined
  do {
    const page = await olga.browser.call(contract.listCodes, { ...filter, limit, ...(cursor ? { cursor } : {}) })
    codes.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  return codes
}
const idsOf = (codes: readonly { id: string }[]): string[] => codes.map(({ id }) => id)

/** Codes of every kind whose times lie on both sides of now, looked at when they were made, a while ago, or never since time moved them. */
const codesOfAllStates = `
  insert into code (id, kind, secret_hash, user_id, owner_id, label, not_before, expires_at, scan_limit, scans, claimed_at, claimed_by, revoked_at, destination, epoch, created_at, seen_at)
  select uuid7_low(now() - n * interval '1 min'), kind, case when kind = 'enrol-totp' then sha256(n::text::bytea) end, case when n % 3 = 0 then u.id end, case when n % 4 = 0 then u.id end, 'Sample ' || n,
    case n % 5 when 0 then now() - interval '1 h' when 1 then now() + interval '1 h' else '-infinity' end,
    case n % 7 when 0 then now() - interval '30 min' when 1 then now() + interval '2 h' else case when kind = 'enrol-totp' then now() + interval '1 d' else 'infinity' end end,
    case when kind = 'link' and n % 11 < 4 then 5 end, case when kind = 'link' and n % 11 < 2 then 5 else 0 end,
    case when kind = 'enrol-totp' and n % 2 = 0 then now() end, case when kind = 'enrol-totp' and n % 2 = 0 then sha256('key') end, case when n % 13 = 0 then now() end,
    case when kind <> 'enrol-totp' then '{"type": "url", "url": "https://www.example.org/"}'::jsonb end,
    d.epoch - case when n % 17 = 0 then 1 else 0 end, now() - interval '3 h', now() - case n % 3 when 0 then interval '0' when 1 then interval '45 min' else interval '3 h' end
  from generate_series(1, 210) n, lateral (select (array['link', 'static', 'enrol-totp'])[1 + n * 7 % 3] as kind) k, deployment d, (select id from users limit 1) u`

test('each filter finds what the codes say of themselves, whenever they were last looked at', async () => {
  await server.sql(codesOfAllStates)
  const compare = async (): Promise<void> => {
    const all = await listed({})
    assert.equal(new Set(all.map(({ state }) => state)).size, 6, 'every state is there')
    assert.deepEqual(idsOf(all), idsOf(all).sort().reverse())
    const filters: [Filter, (code: contract.Code) => boolean][] = [
      [{}, () => true],
      [{ owner: olga.id }, ({ owner }) => owner?.id === olga.id],
      [{ userId: olga.id }, ({ user }) => user?.id === olga.id],
    ]
    for (const [base, fits] of filters)
      for (const kind of [undefined, ...contract.codeKinds])
        for (const state of [undefined, ...contract.codeStates]) {
          const filter = { ...base, ...(kind ? { kind } : {}), ...(state ? { state } : {}) }
          const expected = all.filter((code) => fits(code) && (!kind || code.kind === kind) && (!state || code.state === state))
          assert.deepEqual(idsOf(await listed(filter)), idsOf(expected), JSON.stringify(filter))
          const words = { ...filter, q: 'SAMPLE' }
          assert.deepEqual(
            idsOf(await listed(words)),
            idsOf(expected.filter(({ label }) => label.startsWith('Sample'))),
            JSON.stringify(words),
          )
          if (state) continue
          const counts = await olga.browser.call(contract.countCodes, filter)
          const count = (of: string): number => expected.filter((code) => code.state === of).length
          assert.deepEqual(counts, {
            all: expected.length,
            states: Object.fromEntries(contract.codeStates.map((each) => [each, count(each)])),
            about: false,
          })
        }
  }
  await compare()
  // housekeeping looks at the clock; what is found stays the same
  await eventually(
    () =>
      server.sql(
        `select id from code where turns_at < 'infinity' and (turns_at <= now() or (secret_hash is not null and epoch < (select epoch from deployment)))`,
      ),
    (rows) => rows.length === 0,
    90_000,
  )
  await compare()
})

/** Labels in scripts that a database in the C locale does not know the case of, and what else a pattern may trip over. */
const labels = [
  'Zażółć gęślą jaźń',
  'Łódź, biuro nr 7',
  'Größe XL',
  'Ελλάδα ΣΊΣΥΦΟΣ',
  'Москва, вход',
  'Đà Nẵng',
  '東京駅 八重洲口',
  'Հայաստան',
  '100% of _all_ \\ paths',
  'plain words',
]

test('a search finds words in any case and script, among the newest and far behind them', async () => {
  const link = (label: string) =>
    olga.browser.call(contract.createCode, {
      kind: 'link',
      label,
      destination: { type: 'url', url: 'https://www.example.org/Quay-9' },
    })
  for (const label of labels) await link(label)
  const found = async (q: string): Promise<string[]> => (await listed({ q })).map(({ label }) => label)
  const compare = async (): Promise<void> => {
    for (const label of labels) {
      const once = label.slice(0, 6).trim()
      for (const q of [
        label,
        label.toLowerCase(),
        label.toUpperCase().length === label.length ? label.toUpperCase() : label,
        once,
        ` ${once} `,
      ])
        assert.deepEqual(await found(q), [label], q)
      const { all } = await olga.browser.call(contract.countCodes, { q: label })
      assert.equal(all, 1, label)
    }
    // without accents, by where it leads, by one or two letters a word begins with, by the person's name
    for (const [q, expected] of [
      ['zazolc gesla', ['Zażółć gęślą jaźń']],
      ['LODZ', ['Łódź, biuro nr 7']],
      ['moskva', ['Москва, вход']],
      ['xl', ['Größe XL']],
      ['0%', []],
      ['Q', labels.toReversed()],
      ['org/quay-9', labels.toReversed()],
      ['% of _', ['100% of _all_ \\ paths']],
      ['\\ p', ['100% of _all_ \\ paths']],
      ['nothing like it', []],
      ['東京タワー', []],
      ['type', []],
    ] as const)
      assert.deepEqual(await found(q), q === '0%' ? ['100% of _all_ \\ paths'] : expected, q)
    const named = await listed({ q: olga.username.slice(1).toUpperCase(), kind: 'enrol-totp' })
    assert.ok(named.length > 0 && named.every(({ user }) => user?.id === olga.id))
  }
  await compare()
  await server.sql(`insert into code (id, kind, label, destination, epoch) select uuid7_low(now() + n * interval '1 ms'), 'link', 'filler', '{"type": "text", "text": "-"}', epoch
    from generate_series(1, 3500) n, deployment`)
  await compare()
  assert.equal((await listed({ q: 'filler' }, 200)).length, 3_500)
  assert.equal((await listed({ q: 'sample', state: 'revoked' })).length, (await listed({ state: 'revoked' })).length)
})
