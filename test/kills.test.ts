import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { findRunningEmbeddedPostgres } from '@postern/server'
import pg from 'pg'
import { openDatabase } from '../server/src/platform/db.ts'
import { Keys } from '../server/src/platform/keys.ts'
import { openMasterKey } from '../server/src/platform/master-key.ts'
import { Browser } from './support/browser.ts'
import { scratchFolder } from './support/cluster.ts'
import { eventually, machine, pause, startDeployment, wholeLog } from './support/deployment.ts'
import { type Book, compareBook, type Job, newBook, prepareJobs, Servers, work } from './support/load.ts'
import { claimKey, firstOperator, goodPassword, type Person, partsOf, passcode } from './support/people.ts'
import { type ServerProcess, startProcess } from './support/server.ts'

// `npm run soak`: 1,000 kills; in every test run 75 of them
const soak = process.env.POSTERN_TEST_SOAK === '1'
const killsOfOne = soak ? 800 : 60
const killsOfBoth = soak ? 200 : 15
/** Jobs under way at once around each kill; each asks two to four times. */
const burst = 12

const between = (low: number, high: number): number => low + Math.random() * (high - low)
const spread = (times: number[]): string => {
  const sorted = times.toSorted((one, two) => one - two)
  return `median ${Math.round(sorted[sorted.length >> 1] ?? 0)} ms, longest ${Math.round(sorted.at(-1) ?? 0)} ms`
}
const told = (book: Book, counts: Record<string, number>): string =>
  `${book.done} jobs, ${book.lost} calls without an answer, acknowledged and found: ${Object.entries(counts)
    .map(([kind, n]) => `${n} ${kind}`)
    .join(', ')}`

const atOnce = async (jobs: Job[], servers: Servers, token: string, book: Book): Promise<void> => {
  await Promise.all(jobs.map((job) => work(job, servers, token, book)))
}
/** Answers of sessions and users over HTTP, where the tables have said so before. */
const askAfter = async (book: Book, origin: string, token: string): Promise<void> => {
  const robot = new Browser(origin)
  robot.bearer = token
  for (const { kind, by, token: session, id } of book.acknowledged.slice(-60)) {
    if (kind === 'passcode') {
      by.cookies.set('postern-session', session as string)
      assert.equal((await by.at(origin).try(contract.currentSession, {})).status, 200)
    } else if (kind === 'create') assert.equal((await robot.call(contract.getUser, { id: id as string })).id, id)
  }
}

test(`${killsOfOne} kills of one of two servers lose nothing that was acknowledged, and nothing works twice`, async (t) => {
  const began = performance.now()
  const deployment = await startDeployment()
  const { sql, core, env } = deployment
  const token = (await machine(await firstOperator(deployment)))(deployment.a.origin).bearer as string
  const servers = new Servers()
  const serving: ServerProcess[] = [deployment.a, deployment.b]
  const show = () => servers.set(serving.map(({ origin }) => origin))
  show()
  const book = newBook()
  const jobs = await prepareJobs(core, core.keys, burst * 10)
  // two are started ahead, so that there are always two that serve, and one of them dies
  const starts: number[] = []
  const start = async () => {
    const startedAt = performance.now()
    const server = await startProcess(env)
    starts.push(performance.now() - startedAt)
    return server
  }
  const ahead = [start(), start()]
  for (const each of ahead) each.catch(() => undefined)
  for (let kills = 0; kills < killsOfOne; kills++) {
    const next = await (ahead.shift() as Promise<ServerProcess>)
    if (jobs.length < burst) jobs.push(...(await prepareJobs(core, core.keys, burst * 10)))
    // the load is on when one dies, and off while its successor starts
    const working = atOnce(jobs.splice(0, burst), servers, token, book)
    await pause(between(2, 120))
    const place = Math.random() < 0.5 ? 0 : 1
    await (serving[place] as ServerProcess).kill('SIGKILL')
    serving[place] = next
    show()
    await working
    const another = start()
    another.catch(() => undefined)
    ahead.push(another)
  }
  // `pending` empties by itself; then everything is compared
  const log = await wholeLog(sql)
  const counts = await compareBook(sql, core.keys, book)
  await askAfter(book, (serving[0] as ServerProcess).origin, token)
  assert.ok(Object.keys(counts).length === 5 && book.lost > 0, told(book, counts))
  t.diagnostic(`${killsOfOne} kills in ${Math.round((performance.now() - began) / 1_000)} s; ${told(book, counts)}`)
  t.diagnostic(`starts: ${spread(starts)}; ${log.events} events in ${log.batches} batches`)
})

/** The link for the first operator, as a start prints it where there is none. */
const link = /http:\/\/\S+\/c\/cod_\S+/
/** The id of the database's first process, as it says itself. */
const postmasterOf = (data: string): number => {
  const note = join(data, 'postgres-location')
  const cluster = existsSync(note) ? readFileSync(note, 'utf8').trim() : join(data, 'postgres')
  const id = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0])
  // a kill of process 0 would be one of this test, and of all that started it
  assert.ok(Number.isInteger(id) && id > 1 && readFileSync(`/proc/${id}/comm`, 'utf8').trim() === 'postgres', `process ${id}`)
  return id
}

test(`${killsOfBoth} kills of server and database together lose nothing that was acknowledged, and it starts again each time`, async (t) => {
  const began = performance.now()
  const data = join(scratchFolder(), 'data')
  const starts: number[] = []
  const start = async (): Promise<ServerProcess> => {
    const startedAt = performance.now()
    const server = await startProcess({ POSTERN_DATA: data })
    starts.push(performance.now() - startedAt)
    return server
  }
  let kills = 0
  const killBoth = async (server: ServerProcess) => {
    kills++
    const postmaster = postmasterOf(data)
    const dead = [() => void server.child.kill('SIGKILL'), () => void process.kill(postmaster, 'SIGKILL')]
    if (Math.random() < 0.5) dead.reverse()
    for (const kill of dead) kill()
    await server.kill('SIGKILL')
  }
  /** Straight to the tables of the database that is running now. */
  const connect = async () => {
    const connection = await findRunningEmbeddedPostgres({ dataFolder: data })
    assert.ok(connection)
    const database = openDatabase(connection, { others: 2, hot: 2 })
    const pool = new pg.Pool({ ...connection, max: 2 })
    pool.on('error', () => {})
    return {
      database,
      sql: async (text: string, values?: unknown[]) => (await pool.query(text, values as never)).rows as Record<string, never>[],
      close: async () => {
        await pool.end()
        await database.close()
      },
    }
  }

  // the first operator first: killed while they confirm, they are one wholly or not at all
  let server = await start()
  let owner: Person | undefined
  let restarted = false
  for (let round = 0; !owner; round++) {
    const { output } = server
    const url = await eventually(
      async () => link.exec(output())?.[0] ?? '',
      (found) => found !== '',
    )
    const browser = new Browser(server.origin)
    const claimed = await claimKey(browser, { ...partsOf(url), username: `owner${round}`, factor: 'totp' })
    const confirm = { confirm: claimed.confirm, code: passcode(claimed.secret), password: goodPassword, signIn: true }
    const confirming = browser.call(contract.confirmEnrolment, confirm).catch(() => undefined)
    restarted = round < 3
    if (restarted) {
      await pause(between(20, 140))
      await killBoth(server)
      server = await start()
    }
    const confirmed = await confirming
    const tables = await connect()
    const [row] =
      await tables.sql(`select (select count(*)::int from users where state = 'active') as people, (select count(*)::int from user_role where role = 'owner') as owners,
      (select count(*)::int from password) as passwords, (select count(*)::int from totp where state = 'active') as keys, (select count(*)::int from recovery_code) as codes,
      (select count(*)::int from event where type = 'enrolment.confirmed' and outcome = 'success') as events`)
    await tables.close()
    const whole = { people: 1, owners: 1, passwords: 1, keys: 1, codes: 10, events: 1 }
    const none = { people: 0, owners: 0, passwords: 0, keys: 0, codes: 0, events: 0 }
    const isWhole = (row as unknown as typeof whole).people === 1
    assert.deepEqual(row, isWhole ? whole : none)
    if (confirmed) assert.ok(isWhole, 'the confirmation was acknowledged')
    if (!isWhole) continue
    owner = { browser, username: `owner${round}`, password: goodPassword, secret: claimed.secret } as Person
  }
  t.diagnostic(`the first operator stood after ${kills} kills amid their confirmation`)
  const first = await connect()
  // two processes of the embedded database is one too many: its keys are read from its own file
  const keys = await Keys.open(first.database.side, await openMasterKey(first.database.db, join(data, 'master.key')))
  await first.sql(`update totp set last_step = 0 where state = 'active'`)
  await first.close()
  const browser = new Browser(server.origin)
  await browser.call(contract.openSignIn, { username: owner.username })
  await browser.call(contract.provePassword, { password: owner.password })
  await browser.call(contract.proveTotp, { code: passcode(owner.secret) })
  const token = (await machine({ ...owner, browser }))(server.origin).bearer as string
  // the start after a confirmation that stood prints no link
  assert.equal(link.test(server.output()), !restarted)

  const servers = new Servers()
  const book = newBook()
  const working: Promise<void>[] = []
  while (kills < killsOfBoth) {
    const tables = await connect()
    const jobs = await prepareJobs(tables.database, keys, burst)
    await tables.close()
    servers.set([server.origin])
    working.push(atOnce(jobs, servers, token, book))
    await pause(between(2, 120))
    // whoever got no answer asks again when it is up again
    servers.set([])
    await killBoth(server)
    server = await start()
  }
  servers.set([server.origin])
  await Promise.all(working)
  const tables = await connect()
  const log = await wholeLog(tables.sql)
  const counts = await compareBook(tables.sql, keys, book)
  await tables.close()
  await askAfter(book, server.origin, token)
  assert.ok(Object.keys(counts).length === 5 && book.lost > 0, told(book, counts))
  t.diagnostic(`${kills} kills in ${Math.round((performance.now() - began) / 1_000)} s; ${told(book, counts)}`)
  t.diagnostic(`starts: ${spread(starts)}; ${log.events} events in ${log.batches} batches`)
})
