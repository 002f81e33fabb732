import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { after } from 'node:test'
import type { Event } from '@postern/contract'
import * as contract from '@postern/contract'
import { issueBootstrap, openCore, readConfig } from '@postern/server'
import pg from 'pg'
import { Browser } from './browser.ts'
import { freshDatabase, scratchFolder } from './cluster.ts'
import { eventBlocks } from './event-stream.ts'
import type { Person } from './people.ts'
import { hostActor, type ServerProcess, startProcess, type TestServer } from './server.ts'

export type Sql = TestServer['sql']
/** Two server processes on one database. The test itself holds the keys and the tables, and serves and orders nothing. */
export type Deployment = TestServer & {
  a: ServerProcess
  b: ServerProcess
  env: Record<string, string>
  /** The origin of the process whose turn it is: racers spread over both. */
  at: (n: number) => string
  count: (text: string, values?: unknown[]) => Promise<number>
}

export const startDeployment = async (settings: Record<string, string> = {}): Promise<Deployment> => {
  const databaseUrl = await freshDatabase()
  const keyFile = join(scratchFolder(), 'master.key')
  const env = {
    DATABASE_URL: databaseUrl,
    POSTERN_KEY_FILE: keyFile,
    POSTERN_BOOTSTRAP: 'off',
    POSTERN_TRUSTED_PROXIES: '127.0.0.1',
    ...settings,
  }
  const core = await openCore(readConfig({ ...env, POSTERN_ORIGIN: 'http://localhost:1' }), { connectionString: databaseUrl })
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 })
  pool.on('error', () => {})
  const sql: Sql = async (text, values) => (await pool.query(text, values as never)).rows as never
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await pool.end()
    await core.close()
  }
  after(close)
  // the limits an address has are tried where they are the matter; elsewhere all racers share one address
  await sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
  const [a, b] = await Promise.all([startProcess(env), startProcess(env)])
  return {
    origin: a.origin,
    databaseUrl,
    keyFile,
    core,
    browser: () => new Browser(a.origin),
    bootstrapUrl: async (username) => (await issueBootstrap(core, hostActor, { username })).url,
    sql,
    close,
    a,
    b,
    env,
    at: (n) => (n % 2 === 0 ? a.origin : b.origin),
    count: async (text, values) => Number(Object.values((await sql(text, values))[0] as object)[0]),
  }
}

/** A machine with a service token: no key, no cookies. */
export const machine = async (
  operator: Person,
  scopes: contract.Scope[] = ['operator'],
): Promise<(origin: string) => Browser> => {
  const { token } = await operator.browser.call(contract.createToken, { name: `test ${scopes}`, scopes })
  return (origin) => {
    const browser = new Browser(origin)
    browser.bearer = token
    return browser
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
/** Polls until it holds; throws with what was seen last. */
export const eventually = async <T>(read: () => Promise<T>, holds: (seen: T) => boolean, ms = 60_000): Promise<T> => {
  for (const deadline = Date.now() + ms; ; await pause(20)) {
    const seen = await read()
    if (holds(seen)) return seen
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${JSON.stringify(seen)}`)
  }
}

/**
 * Waits until `pending` is empty by itself, then reads the whole log: seq is dense, every event has exactly one place in
 * it, and stands there with the hash of its very bytes. Throws where that does not hold; answers how many events there are.
 */
export const wholeLog = async (sql: Sql): Promise<{ events: number; batches: number }> => {
  // in one statement, so in one snapshot: the order loops go on beside
  const { batches, size, events } = await eventually(
    async () =>
      (
        await sql(`select (select count(*)::int from pending where stream = 1) as waiting,
          (select size::int from log_head where stream = 1) as size, (select coalesce(jsonb_object_agg(id, entry), '{}') from event) as events,
          (select coalesce(jsonb_agg(jsonb_build_array(first_seq, n, ids, encode(hashes, 'hex')) order by first_seq), '[]') from log_batch where stream = 1) as batches`)
      )[0] as unknown as { waiting: number; size: number; events: Record<string, string>; batches: Batch[] },
    ({ waiting }) => waiting === 0,
  )
  const placed = new Map<string, string>()
  let next = 0
  for (const [firstSeq, n, ids, hashes] of batches) {
    if (firstSeq !== next || ids.length !== n) throw new Error(`batch ${firstSeq} starts where ${next} was expected`)
    ids.forEach((id, at) => {
      if (placed.has(id)) throw new Error(`event ${id} is in the log twice`)
      placed.set(id, hashes.slice(at * 64, at * 64 + 64))
    })
    next += n
  }
  if (next !== size) throw new Error(`the head says ${size}, the batches hold ${next}`)
  for (const [id, entry] of Object.entries(events)) {
    const leaf = createHash('sha256').update(Buffer.of(0)).update(entry).digest('hex')
    if (placed.get(id) !== leaf) throw new Error(`event ${id} ${placed.has(id) ? 'has another hash' : 'is not'} in the log`)
  }
  const count = Object.keys(events).length
  if (count !== size) throw new Error(`${count} events, ${size} places`)
  return { events: size, batches: batches.length }
}
type Batch = [firstSeq: number, n: number, ids: string[], hashes: string]

export type LiveStream = {
  events: Event[]
  /** Waits for an event; answers when it came, by performance.now(). */
  until: (fits: (event: Event) => boolean, ms?: number) => Promise<number>
  lastId: () => string
  /** Resolves when the server ended it or it was closed. */
  ended: Promise<void>
  close: () => void
}
/** The live list as a console reads it: `fetch`, proof and all. Resolves when the server has begun to answer. */
export const liveStream = async (browser: Browser, lastEventId?: string): Promise<LiveStream> => {
  const stop = new AbortController()
  const response = await browser.fetch('GET', '/api/events/stream', {
    signal: stop.signal,
    ...(lastEventId === undefined ? {} : { headers: { 'last-event-id': lastEventId } }),
  })
  if (response.status !== 200) throw new Error(`the stream answered ${response.status}`)
  const events: Event[] = []
  const times: number[] = []
  let lastId = ''
  let ready = () => {}
  const begun = new Promise<void>((resolve) => (ready = resolve))
  const read = async () => {
    for await (const { id, data } of eventBlocks(response)) {
      lastId = id ?? lastId
      if (data) {
        events.push(JSON.parse(data) as Event)
        times.push(performance.now())
      }
      ready()
    }
  }
  const ended = read().catch(() => undefined)
  await begun
  return {
    events,
    lastId: () => lastId,
    ended,
    close: () => stop.abort(),
    until: async (fits, ms) => {
      const at = await eventually(
        async () => events.findIndex(fits),
        (found) => found >= 0,
        ms,
      )
      return times[at] as number
    },
  }
}
