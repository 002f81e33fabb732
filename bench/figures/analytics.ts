import { sql } from 'kysely'
import { addLinks, counted, rolledUp } from '../lib/codes.ts'
import { type Figure, milliseconds } from '../lib/figure.ts'
import { median, request, requireAll } from '../lib/load.ts'
import { addPeople, addTokens } from '../lib/people.ts'
import { startPostern } from '../lib/servers.ts'

const million = 1_000_000
const days = 50
const calls = 40
const longestMs = 50

/** What a code's page asks for, at a million scans: its analytics of 30 days, through HTTP, beside the same from raw rows. */
export const analytics: Figure = async ({ cluster, generator }) => {
  const postern = await startPostern(cluster, 'postern_analytics', 1)
  const { core } = postern
  try {
    const [popular, modest, ...others] = (await addLinks(core, 400)) as [Link, Link, ...Link[]]
    await addPeople(core, 1)
    const [token] = (await addTokens(core, 1)) as [string]
    const [port] = postern.ports as [number]
    /** Rows and their place on the spine, in one commit as an opening leaves them; the running server orders and rolls them up. */
    const load = async (codes: readonly Link[], n: number): Promise<void> => {
      for (let done = 0; done < n; done += 50_000)
        await sql`with r as (select n, (lpad(to_hex(floor(extract(epoch from now() - ${days} * interval '1 d' * (1 - n::float8 / ${n})) * 1000)::bigint), 12, '0')
              || '7' || substr(md5(random()::text), 1, 3) || 'a' || substr(md5(random()::text), 1, 15))::uuid as id
            from generate_series(${done + 1}::int, ${Math.min(n, done + 50_000)}::int) n),
          i as (insert into scan (id, code_id, outcome, device_type, platform, browser, country, city, bot)
            select id, (${codes.map(({ uuid }) => uuid)}::uuid[])[1 + n % ${codes.length}], case when n % 50 = 0 then 'expired' else 'redirected' end,
              (array['mobile', 'mobile', 'mobile', 'tablet', 'desktop'])[1 + n % 5], (array['iOS', 'Android', 'Android', 'iOS', 'Windows', 'macOS', 'Linux'])[1 + n % 7],
              (array['Safari', 'Chrome', 'Firefox', 'Samsung Internet for Android', 'Microsoft Edge'])[1 + n % 5] || ' ' || 100 + n % 9,
              (array['PL', 'DE', 'CZ', 'SK', 'UA', 'LT', 'FR', 'IT', 'ES', 'SE', 'NO', ''])[1 + n % 12], '', n % 19 = 0 from r)
          insert into pending (stream, ids) select 2, array_agg(id) from r group by n / 200`.execute(core.db)
    }
    await load([modest], 1_900)
    await load(others, 48_100)
    const began = performance.now()
    await load([popular], million)
    const loaded = (performance.now() - began) / 1_000
    const waited = await rolledUp(core)
    await postern.settle()
    const { raw, rolled } = await counted(core)

    const get = (path: string): Promise<{ p50: number }> => {
      const text = request('GET', path, { host: `localhost:${port}`, authorization: `Bearer ${token}` })
      const shots = Array.from({ length: calls }, () => ({ to: 0, text }))
      return generator.measure({ ports: [port], concurrency: 1, shots }, postern.pids).then((measured) => {
        requireAll(measured.statuses, 200, path)
        return measured
      })
    }
    const page = async (code: Link, from = '-30d'): Promise<number> => {
      const path = `/api/analytics/scans?code=${code.id}&from=${from}&zone=Europe/Warsaw`
      await get(path)
      return (await get(path)).p50
    }
    const fromRaw: number[] = []
    for (let round = 0; round < 3; round++) {
      const before = performance.now()
      await sql`select date_trunc('day', uuid7_at(id)) as at, bot, country, platform, device_type, browser, outcome, count(*) from scan
        where code_id = ${popular.uuid}::uuid and id >= uuid7_low(now() - interval '30 d')
        group by grouping sets ((date_trunc('day', uuid7_at(id)), bot), (country), (platform), (device_type), (browser), (outcome))`.execute(
        core.db,
      )
      fromRaw.push(performance.now() - before)
    }
    const row = (figure: string, ours: number, reference?: number) => ({
      figure,
      ours: milliseconds(ours),
      reference: reference === undefined ? '' : milliseconds(reference),
      ratio: reference === undefined ? '' : `${(reference / ours).toFixed(0)} x`,
      goal: `< ${longestMs} ms`,
      met: ours < longestMs,
    })
    return [
      row(
        'analytics of 30 days of a code with a million scans, over HTTP, against one query of its raw rows',
        await page(popular),
        median(fromRaw),
      ),
      row('the same of its last 24 hours', await page(popular, '-24h')),
      row('the same of a code with 1,900 scans, which is counted from raw rows', await page(modest)),
      row('the same of all 400 codes together', (await get('/api/analytics/scans?from=-30d')).p50),
      row('a page of 50 of those codes in the list, with their totals', (await get('/api/codes?limit=50')).p50),
      {
        figure: `scans rolled up, in ${(loaded + waited).toFixed(0)} s beside their loading, against raw rows`,
        ours: rolled.toLocaleString('en'),
        reference: raw.toLocaleString('en'),
        ratio: '',
        goal: 'equal',
        met: rolled === raw,
      },
    ]
  } finally {
    await postern.stop()
  }
}
type Link = { id: string; uuid: string }
