import type { Core } from '@postern/server'
import { sql } from 'kysely'
import { type Figure, milliseconds, rounds } from '../lib/figure.ts'
import { median, request, requireAll } from '../lib/load.ts'
import { addManyCodes } from '../lib/many-codes.ts'
import { addPeople, addTokens } from '../lib/people.ts'
import { startPostern } from '../lib/servers.ts'

const calls = 20
const longestMs = 50
const issued = 5_000

/** What a list without a thought for its size would ask: the filter as a condition, newest first. */
const open = 'c.revoked_at is null and c.claimed_at is null'
const naive: Record<string, string> = {
  live: `${open} and c.expires_at > now() and c.not_before <= now() and not coalesce(c.scans >= c.scan_limit, false)`,
  used: 'c.revoked_at is null and c.claimed_at is not null',
  expired: `${open} and c.expires_at <= now()`,
  revoked: 'c.revoked_at is not null',
  'not-yet-valid': `${open} and c.expires_at > now() and c.not_before > now()`,
  'used-up': `${open} and c.expires_at > now() and c.not_before <= now() and c.scans >= c.scan_limit`,
}
const wordsIn = (q: string): string =>
  `(c.label ilike '%${q}%' or u.username ilike '%${q}%' or c.destination::text ilike '%${q}%')`

/** Pages of the list at a million codes, through HTTP, beside the same filter asked as plain conditions; and what issuing pays for it. */
export const codes: Figure = async ({ cluster, generator }) => {
  const postern = await startPostern(cluster, 'postern_codes', 1)
  const { core } = postern
  try {
    const known = await addManyCodes(core)
    await addPeople(core, 1)
    const [token] = (await addTokens(core, 1)) as [string]
    const [port] = postern.ports as [number]
    // what autovacuum has done when a deployment has grown that far
    await sql`vacuum analyze code`.execute(core.db)
    await postern.settle()

    const get = async (path: string): Promise<number> => {
      const text = request('GET', path, { host: `localhost:${port}`, authorization: `Bearer ${token}` })
      const shots = Array.from({ length: calls }, () => ({ to: 0, text }))
      const measure = () => generator.measure({ ports: [port], concurrency: 1, shots }, postern.pids)
      await measure()
      const { p50, statuses } = await measure()
      requireAll(statuses, 200, path)
      return p50
    }
    const plainly = async (condition: string): Promise<number> => {
      const took: number[] = []
      for (let round = 0; round < rounds; round++) {
        const began = performance.now()
        await sql
          .raw(
            `select c.*, u.username from code c left join users u on u.id = c.user_id where ${condition} order by c.id desc limit 51`,
          )
          .execute(core.db)
        took.push(performance.now() - began)
        // whole seconds are not measured again
        if ((took[0] as number) > 1_000) break
      }
      return median(took)
    }
    const page = async (figure: string, query: string, condition: string) => {
      const [ours, reference] = [await get(`/api/codes?limit=50${query}`), await plainly(condition)]
      return {
        figure,
        ours: milliseconds(ours),
        reference: milliseconds(reference),
        ratio: `${(reference / ours).toFixed(1)} x`,
        goal: `< ${longestMs} ms`,
        met: ours < longestMs,
      }
    }
    const { owner, fewOwner, brand, fewBrand, middle } = known
    return [
      await page('list of a million codes, first page of 50', '', 'true'),
      await page('a page in the middle, by its cursor', `&cursor=${middle.text}`, `c.id < '${middle.id}'`),
      await page('one kind', '&kind=static', "c.kind = 'static'"),
      ...(await inTurn(Object.entries(naive), ([state, condition]) => page(`state ${state}`, `&state=${state}`, condition))),
      await page('kind and state that none has', '&kind=static&state=used-up', `c.kind = 'static' and ${naive['used-up']}`),
      await page('an owner with many', `&owner=${owner.text}`, `c.owner_id = '${owner.id}'`),
      await page(
        'an owner with many, used up',
        `&owner=${owner.text}&state=used-up`,
        `c.owner_id = '${owner.id}' and ${naive['used-up']}`,
      ),
      await page('an owner with few', `&owner=${fewOwner.text}`, `c.owner_id = '${fewOwner.id}'`),
      await page('a brand kit with many', `&brand=${brand.text}`, `c.brand_id = '${brand.id}'`),
      await page('a brand kit with few', `&brand=${fewBrand.text}`, `c.brand_id = '${fewBrand.id}'`),
      await page('words in every tenth code', '&q=table', wordsIn('table')),
      await page('words in one code', '&q=geigerzahler', wordsIn('geigerzähler')),
      await page('words in none', '&q=zyxwvut', wordsIn('zyxwvut')),
      await page('words in 20,000 codes of long ago', '&q=campaign', wordsIn('campaign')),
      await page('words of a person’s name', '&q=person777.', wordsIn('person777.')),
      await page('words in none, used up', '&q=zyxwvut&state=used-up', `${wordsIn('zyxwvut')} and ${naive['used-up']}`),
      await page('two letters no word begins with', '&q=qx', wordsIn('qx')),
      await counts(get, 'counts by state', ''),
      await counts(get, 'counts by state, words in every tenth code', '?q=table'),
      await issuing(core),
    ]
  } finally {
    await postern.stop()
  }
}
const inTurn = async <T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> => {
  const done: U[] = []
  for (const item of items) done.push(await work(item))
  return done
}
const counts = async (get: (path: string) => Promise<number>, figure: string, query: string) => {
  const ours = await get(`/api/codes/counts${query}`)
  return { figure, ours: milliseconds(ours), reference: '', ratio: '', goal: `< ${longestMs} ms`, met: ours < longestMs }
}
/** Rows of link codes as issuing writes them, one statement each, with the indexes of the list and without them. */
const issuing = async ({ db }: Core) => {
  const insert = async (): Promise<number> => {
    const began = performance.now()
    await db
      .transaction()
      .execute(async (tx) => {
        await sql`do $$ begin for n in 1..${sql.raw(String(issued))} loop
          insert into code (id, kind, label, destination, epoch) values ((left(uuid7_low(clock_timestamp())::text, 15) || right(gen_random_uuid()::text, 21))::uuid, 'link',
            'Table ' || n || ' in the north', jsonb_build_object('type', 'url', 'url', 'https://www.example.org/menu/' || n), 1);
        end loop; end $$`.execute(tx)
        throw new Undone()
      })
      .catch((error: unknown) => {
        if (!(error instanceof Undone)) throw error
      })
    return (performance.now() - began) / issued
  }
  await insert()
  const ours: number[] = []
  for (let round = 0; round < rounds; round++) ours.push(await insert())
  await sql`drop index code_list, code_turns, code_epoch, code_search`.execute(db)
  await insert()
  const without: number[] = []
  for (let round = 0; round < rounds; round++) without.push(await insert())
  return {
    figure: 'a new code’s row, against one without the indexes of the list',
    ours: milliseconds(median(ours)),
    reference: milliseconds(median(without)),
    ratio: `+ ${milliseconds(median(ours) - median(without))}`,
    goal: '< + 0.5 ms',
    met: median(ours) - median(without) < 0.5,
  }
}
class Undone extends Error {}
