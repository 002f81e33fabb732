import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import pg from 'pg'
import { EventDraft, type PreparedEvent } from '../server/src/features/events/index.ts'
import { type Guess, judge } from '../server/src/features/sign-in/passcode-statements.ts'
import { uuid7 } from '../server/src/platform/ids.ts'
import { crowd } from './support/crowd.ts'
import { hostActor, startServer } from './support/server.ts'

const people = 200
const milliseconds = 3_000
/** Rows are found in the order in which they lie, which is that of no key, or in that of the group, which is another one each time. */
const adversePlans = {
  'by hash over whole tables': '-c jit=off -c enable_nestloop=off -c enable_mergejoin=off -c enable_indexscan=off',
  'one by one': '-c jit=off -c enable_hashjoin=off -c enable_mergejoin=off',
}

const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)

test('groups of the same people in any order wait for each other and never deadlock, whatever their plans', async (t) => {
  const server = await startServer()
  const { core, sql, databaseUrl } = server
  const members = await crowd(server, people)
  await sql(
    `insert into attempt (account_key, factor, lane) select id, 'totp', lane from users, generate_series(0, 1) lane order by random()`,
  )
  await sql(`with gone as (delete from totp returning *) select * into shuffled from gone order by random()`)
  await sql(`insert into totp select * from shuffled`)
  const totps = new Map((await sql(`select user_id, id from totp`)).map((row) => [row.user_id as string, row.id as string]))
  const events = new Map<string, PreparedEvent>()
  for (const { id, username } of members) {
    const [event] = await core.events.prepare(new EventDraft(hostActor, 'sign-in.totp', { person: { id, name: username } }))
    events.set(id, event as PreparedEvent)
  }
  const signIns = async (thumbprint: Buffer) => {
    const rows = members.map(({ id }) => ({ userId: id, signIn: uuid7(), browserHash: randomBytes(32), thumbprint }))
    await sql(
      `insert into sign_in (id, browser_hash, key_thumbprint, user_id, proved, proved_at, expires_at, epoch)
       select i, h, $3, u, '{password}', now(), now() + interval '10 min', (select epoch from deployment) from unnest($1::uuid[], $2::bytea[], $4::uuid[]) t(i, h, u)`,
      [rows.map((row) => row.signIn), rows.map((row) => row.browserHash), thumbprint, rows.map((row) => row.userId)],
    )
    return rows
  }

  const counts = { wrong: 0, accepted: 0, deadlocks: 0 }
  const judged = async (hot: pg.Pool, guesses: Guess[]): Promise<void> => {
    const verdicts = await judge(hot, shuffled(guesses)).catch((error: { code?: string }): [] => {
      if (error.code !== '40P01') throw error
      counts.deadlocks++
      return []
    })
    counts.wrong += verdicts.filter(({ is }) => is === 'wrong' || is === 'waiting').length
    counts.accepted += verdicts.filter(({ is }) => is === 'accepted').length
  }
  const until = performance.now() + milliseconds
  // on a busy machine as long as it takes to be any trial at all
  const goesOn = () => performance.now() < until || counts.wrong <= people || counts.accepted <= people
  // browsers that nobody knows share a count with each other, those that signed in before have one of their own
  const guessing = async (hot: pg.Pool): Promise<void> => {
    while (goesOn()) await judged(hot, await signIns(randomBytes(32)))
  }
  const known = randomBytes(32)
  let step = 1
  const accepting = async (hot: pg.Pool): Promise<void> => {
    while (goesOn()) {
      step++
      const isKnown = step % 3 > 0
      const rows = await signIns(isKnown ? known : randomBytes(32))
      const group = rows.map((row, at) => {
        if (!isKnown && at % 4 === 0) return row
        const event = { ...(events.get(row.userId) as PreparedEvent), id: uuid7() }
        const totp = totps.get(row.userId) as string
        return { ...row, acceptance: { totp, step, sessionHash: randomBytes(32), sessionId: uuid7(), source: null, event } }
      })
      await judged(hot, group)
    }
  }
  // the connections of two processes: to the database they are nothing else
  const pools = Object.values(adversePlans).map((options) => new pg.Pool({ connectionString: databaseUrl, options }))
  await Promise.all(pools.flatMap((hot) => [guessing(hot), guessing(hot), accepting(hot), accepting(hot)]))
  for (const each of pools) await each.end()
  t.diagnostic(JSON.stringify(counts))
  assert.equal(counts.deadlocks, 0)
  assert.ok(counts.wrong > people && counts.accepted > people)
})
