import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  CamelCasePlugin,
  Kysely,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  sql,
  type Transaction,
} from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'

/** Each feature adds its own tables by declaration merging, beside the store that writes them. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the features
export interface Tables {}
export type Db = Kysely<Tables>
export type Tx = Transaction<Tables>

// bigint: sequence numbers and TOTP steps stay far below 2^53
pg.types.setTypeParser(20, Number)

export type Database = {
  /** Everything that is not hot: 10 connections. */
  db: Db
  /** The grouped statements (platform/group.ts), apart, so that a slow export cannot starve sign-ins. */
  hot: pg.Pool
  /** Short reads on the hot pool, for what is asked while a transaction of another pool is open: never waits for one. */
  side: Db
  /** For statements whose texts are few and which look rows up by their keys, as sign-ins and claims do: they are prepared. */
  keyed: Db
  /** For LISTEN: a connection of its own. */
  listen: () => Promise<pg.Client>
  close: () => Promise<void>
}

export type Connection =
  | { connectionString: string }
  | { host: string; port: number; user: string; password: string; database: string }

/** Opens the pools. Time-outs in milliseconds stand on every connection, so that nothing hangs for ever. */
export const openDatabase = (connection: Connection, pool: { others?: number; hot?: number; keyed?: number } = {}): Database => {
  const common = {
    ...connection,
    lock_timeout: 2_000,
    idle_in_transaction_session_timeout: 10_000,
    application_name: 'postern',
    connectionTimeoutMillis: 3_000,
  }
  // compiling costs these short statements more than it saves
  const others = new pg.Pool({ ...common, statement_timeout: 10_000, options: '-c jit=off', max: pool.others ?? 10 })
  // These look rows up by keys, always. Their plans are kept, so one that was made while a table was small would go on reading
  // it from end to end when it has grown.
  const byKeys = {
    ...common,
    options: '-c jit=off -c enable_seqscan=off -c plan_cache_mode=force_generic_plan',
    // a connection that was closed takes its plans along, and the next person who signs in would wait for new ones; so it stays
    // open, and says so to what lies between, which else forgets it silently
    idleTimeoutMillis: 0,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  }
  const hot = new pg.Pool({ ...byKeys, statement_timeout: 2_000, max: pool.hot ?? 6 })
  const keyed = new pg.Pool({ ...byKeys, statement_timeout: 10_000, max: pool.keyed ?? 6 })
  for (const each of [others, hot, keyed]) {
    // an idle connection that breaks is replaced by the next use, which then fails loudly if the database is away
    each.on('error', () => {})
    // one that breaks in use fails its query; said by the connection too, and heard by nobody, it would end the process
    each.on('connect', (client) => client.on('error', () => {}))
  }
  const over = (pool: PostgresPool): Db =>
    new Kysely<Tables>({
      dialect: new PostgresDialect({ pool }),
      plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
    })
  const db = over(others)
  const side = over(preparing(hot))
  const prepared = over(preparing(keyed))
  return {
    db,
    hot,
    side,
    keyed: prepared,
    listen: async () => {
      const client = new pg.Client({ ...connection, application_name: 'postern-listen', keepAlive: true })
      client.on('error', () => {})
      await client.connect()
      return client
    },
    close: async () => {
      await Promise.all([db.destroy(), side.destroy(), prepared.destroy()])
    },
  }
}

/** Texts that are prepared, at most; what comes after is sent as it is. Each connection keeps a plan of each. */
const mostPrepared = 300
const names = new Map<string, string>()
const nameOf = (text: string): string | undefined => {
  const known = names.get(text)
  // begin, commit and the like are no plans; a migration holds several statements
  if (known || names.size >= mostPrepared || !/^\s*(select|insert|update|delete|with)\b/i.test(text)) return known
  const name = `s${names.size}`
  names.set(text, name)
  return name
}
/** A pool whose statements are parsed and planned once a connection: each is prepared under a name of its text. */
const preparing = (pool: pg.Pool): PostgresPool => {
  // one a connection: Kysely remembers what it is given weakly, and thousands of those wait for the collector of the old generation
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect()
      const known = clients.get(client)
      if (known) return known
      const query = (text: string, values: unknown[]) => client.query({ name: nameOf(text) as string, text, values })
      const made: PostgresPoolClient = {
        query: query as unknown as PostgresPoolClient['query'],
        release: (destroy) => client.release(destroy),
      }
      clients.set(client, made)
      return made
    },
  }
}

const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url))

/** Migrations are SQL files, forward only, applied under the migrator's lock: two processes at once apply each once. */
export const migrate = async (db: Db): Promise<{ applied: string[] }> => {
  const migrations: Record<string, Migration> = {}
  for (const file of readdirSync(migrationsFolder).filter((name) => name.endsWith('.sql'))) {
    migrations[file.slice(0, -4)] = {
      up: async (tx) => {
        await sql.raw(readFileSync(`${migrationsFolder}/${file}`, 'utf8')).execute(tx)
      },
    }
  }
  const { error, results } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest()
  if (error) throw error
  return { applied: (results ?? []).filter((each) => each.status === 'Success').map((each) => each.migrationName) }
}
