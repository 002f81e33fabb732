import { deploymentInfo, type Endpoint, roles } from '@postern/contract'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { type Config, fromFile, listening, readTls } from './config.ts'
import { trustedProxies } from './edges/http/address.ts'
import { userActor } from './edges/http/authenticate.ts'
import { cookieNames } from './edges/http/cookies.ts'
import { downloadRoutes } from './edges/http/downloads.ts'
import { Proofs } from './edges/http/proof.ts'
import { buildHttp } from './edges/http/server.ts'
import { analyticsRoutes, RollupLoop, tidyScans } from './features/analytics/index.ts'
import { BulkWorker, bulkRoutes, tidyBulk } from './features/bulk/index.ts'
import {
  type AuthenticatingKind,
  type ClaimHandler,
  claimRoutes,
  codesRoutes,
  deleteUnclaimed,
  Openings,
  requestChannel,
  tidyCodes,
} from './features/codes/index.ts'
import { devicesRoutes } from './features/devices/index.ts'
import { enrolHandler, enrolmentsRoutes } from './features/enrolments/index.ts'
import {
  type ActDeps,
  eventStream,
  eventsRoutes,
  LogWatch,
  logChannel,
  type MayDo,
  OrderLoop,
  Recorder,
  scanStream,
  type Tally,
} from './features/events/index.ts'
import { historicalRoutes } from './features/historical/index.ts'
import { offboardingRoutes } from './features/offboarding/index.ts'
import { deviceSettingsRoutes, mayCall, readAuthenticationSettings, settingsRoutes } from './features/policies/index.ts'
import { findLiveSession, SessionReader, sessionsRoutes } from './features/sessions/index.ts'
import { findSignIn, Passcodes, RequestWatch, requestHandler, signInRoutes, toSignIn } from './features/sign-in/index.ts'
import { brandsRoutes, deleteUnusedLogos, ProofQueue } from './features/symbols/index.ts'
import { deleteUnconfirmed, findLiveToken, TokenReader, usersRoutes } from './features/users/index.ts'
import type { Actor } from './platform/actor.ts'
import { type Connection, type Database, type Db, migrate, openDatabase, type Tx } from './platform/db.ts'
import { Keys } from './platform/keys.ts'
import { Listening } from './platform/listening.ts'
import { ensureDeployment, openMasterKey, StartError } from './platform/master-key.ts'
import { openPlaces } from './platform/places.ts'
import { Refusal } from './platform/refusal.ts'
import { type Route, route } from './platform/route.ts'

/** What every command that touches the database needs: opened, migrated, with its keys. */
export type Core = ActDeps & {
  database: Database
  origin: string
  origins: readonly string[]
  /** The WebAuthn relying party: the host name that was fixed at the first start. */
  rpId: string
  tally: Tally
  close: () => Promise<void>
}

/** Asks again, in the transaction of a change, what the door asked before it: session, token or sign-in as they are now. */
const mayDo: MayDo = async (tx, actor: Actor, endpoint: Endpoint) => {
  const refusal = mayCall(await asItIsNow(tx, actor), endpoint)
  if (refusal) throw refusal
}
const asItIsNow = async (tx: Tx | Db, actor: Actor): Promise<Actor> => {
  switch (actor.kind) {
    case 'user': {
      const session = await findLiveSession(tx, actor.session.id)
      if (!session) throw new Refusal('no-session', 'the session ended meanwhile')
      return userActor(session, actor.source)
    }
    case 'token': {
      const row = await findLiveToken(tx, actor.id)
      if (!row) throw new Refusal('no-session', 'the token ended meanwhile')
      return { ...actor, scopes: row.scopes, role: row.role }
    }
    case 'enrolling': {
      const row = await findSignIn(tx, actor.browserHash)
      if (!row || toSignIn(row).state !== 'enrolment-required') throw new Refusal('no-session', 'the sign-in went on meanwhile')
      return actor
    }
    default:
      return actor
  }
}

/** Opens the database, its keys and the recorder; migrates. Throws StartError with one clear line. */
export const openCore = async (
  config: Config,
  connection: Connection,
  options: { acceptNewRpId?: boolean } = {},
): Promise<Core> => {
  const database = openDatabase(connection)
  try {
    const { rows } = await sql<{ version: number }>`select current_setting('server_version_num')::int as version`.execute(
      database.db,
    )
    if ((rows[0]?.version ?? 0) < 150_000) throw new StartError('DATABASE_URL is an older PostgreSQL: 15 or newer is needed')
    const master = await openMasterKey(database.db, config.keyFile)
    await migrate(database.db)
    await ensureDeployment(database.db, master)
    await fixRpId(database, new URL(config.origin).hostname, options.acceptNewRpId === true)
    const keys = await Keys.open(database.side, master)
    const events = new Recorder(database, keys)
    return {
      db: database.db,
      keys,
      events,
      mayDo,
      database,
      origin: config.origin,
      origins: config.origins,
      rpId: new URL(config.origin).hostname,
      tally: events.tally,
      close: async () => {
        await events.drain()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}
/** The WebAuthn rpId is fixed at first start: under another name every passkey would be dead. */
const fixRpId = async ({ db }: Database, rpId: string, accept: boolean): Promise<void> => {
  await db.updateTable('deployment').set({ rpId }).where('rpId', 'is', null).execute()
  const { rpId: stored } = await db.selectFrom('deployment').select('rpId').executeTakeFirstOrThrow()
  if (stored === rpId) return
  if (!accept)
    throw new StartError(
      `POSTERN_ORIGIN is ${rpId}, but this deployment was set up as ${stored}: passkeys hold for that name only. Start with --accept-new-rp-id to give them up.`,
    )
  await db.updateTable('deployment').set({ rpId }).execute()
}

export type App = { http: FastifyInstance; core: Core; listen: () => Promise<string>; close: () => Promise<void> }
const tidyMs = 10_000

/** What acts on an open core, knowing no edge: for the HTTP edge, and for commands on the host. Its loops are not started. */
export const routesOf = (core: Core) => {
  const { database } = core
  const sessions = new SessionReader(database.hot, core.keys)
  const tokens = new TokenReader(database.hot, core.keys)
  const passcodes = new Passcodes(database.hot)
  const order = new OrderLoop(database.hot, eventStream)
  const scanOrder = new OrderLoop(database.hot, scanStream)
  const rollup = new RollupLoop(database.db)
  const watch = new LogWatch()
  core.events.onAppended = order.poke
  const openings = new Openings(database.hot, core.keys, scanOrder.poke)
  const requests = new RequestWatch(database.hot)
  const enrols = enrolHandler(core)
  const asks = requestHandler(core)
  const claimHandlers: Record<AuthenticatingKind, ClaimHandler> = {
    'enrol-totp': enrols,
    'enrol-device': enrols,
    'sign-in': asks,
    approve: asks,
  }
  const bulk = new BulkWorker({ ...core, claimHandlers })
  const proofs = new ProofQueue()
  const deps = {
    ...core,
    proofs,
    hot: database.hot,
    sessions,
    tokens,
    passcodes,
    openings,
    watch,
    requests,
    claimHandlers,
    poke: bulk.poke,
  }
  const keyed = { ...deps, db: database.keyed }
  const routes: Route[] = [
    ...eventsRoutes(deps),
    ...usersRoutes(deps),
    ...settingsRoutes(deps),
    ...deviceSettingsRoutes(deps),
    ...sessionsRoutes(deps),
    ...brandsRoutes(deps),
    ...claimRoutes(keyed),
    ...codesRoutes(deps),
    ...devicesRoutes(deps),
    ...signInRoutes(keyed),
    ...enrolmentsRoutes(deps),
    ...historicalRoutes(deps),
    ...bulkRoutes(deps),
    ...analyticsRoutes(deps),
    ...offboardingRoutes(deps),
    route(deploymentInfo, async () => {
      const { issuer, enrolment, secondFactor, totp } = await readAuthenticationSettings(core.db)
      const now = new Date()
      return {
        value: {
          issuer,
          origin: core.origin,
          enrolment,
          secondFactor: roles.every((role) => secondFactor.roles.includes(role)) && new Date(secondFactor.from ?? 0) <= now,
          totp,
          version: '0.1.0',
          serverTime: now.toISOString(),
        },
      }
    }),
  ]
  const notifications = new Listening(
    database.listen,
    { [logChannel]: () => watch.wake(), [requestChannel]: (signInId) => requests.wake(signInId) },
    () => requests.wakeAll(),
  )
  return { deps, routes, order, loops: [order, scanOrder, rollup], watch, notifications, bulk }
}

/** Builds the server on an open core: deps, routes, claim handlers, edges, background loops. No decisions here. */
export const buildApp = async (config: Config, core: Core): Promise<App> => {
  const { deps, routes, loops, watch, notifications, bulk } = routesOf(core)
  const { sessions, tokens, passcodes, openings, requests } = deps
  routes.push(...downloadRoutes(deps, routes))
  const http = await buildHttp(
    {
      ...deps,
      config,
      proofs: new Proofs(core.keys, config.origins),
      tls: readTls(config),
      places: config.geoDb === undefined ? openPlaces(undefined) : fromFile('POSTERN_GEO_DB', config.geoDb, openPlaces),
      cookies: cookieNames(config.origin),
      trusted: trustedProxies(config.trustedProxies),
      ready: async () => {
        try {
          await sql`select 1 from deployment`.execute(core.db)
          return true
        } catch {
          return false
        }
      },
    },
    routes,
  )
  let tidying = Promise.resolve()
  const timer = setInterval(() => {
    tidying = tidy(core).catch(() => undefined)
  }, tidyMs)
  timer.unref()
  return {
    http,
    core,
    listen: async () => {
      const address = await listening(config, () => http.listen({ host: config.listen.host, port: config.listen.port }))
      for (const loop of loops) loop.start()
      watch.start()
      notifications.start()
      bulk.start()
      return address
    },
    close: async () => {
      clearInterval(timer)
      await tidying
      await http.close()
      await bulk.stop()
      await sessions.drain()
      await tokens.drain()
      await passcodes.drain()
      await openings.drain()
      watch.stop()
      await requests.stop()
      await notifications.stop()
      for (const loop of loops) await loop.stop()
      await core.close()
    },
  }
}

/** Housekeeping: nothing depends on it, for expiry is a condition in every deciding statement. */
const tidy = async (core: Core): Promise<void> => {
  await core.tally.flush()
  await tidyScans(core.db)
  await sql`delete from address_count where minute < now() - interval '5 min'`.execute(core.db)
  // `attempt` is left alone: the count of a name that nobody has stays as long as anybody’s, or its end would tell them apart.
  // Each of its rows was made by a guess inside the limit of its address, so there are fewer of them than events of guesses.
  await sql`delete from idempotency where expires_at < now()`.execute(core.db)
  await sql`delete from download where expires_at < now() - interval '1 h'`.execute(core.db)
  await sql`delete from sign_in where expires_at < now() - interval '1 day'`.execute(core.db)
  await sql`delete from challenge where expires_at < now()`.execute(core.db)
  await sql`delete from request_wait where last_at < now() - interval '1 day'`.execute(core.db)
  await sql`delete from nameless_notice where at < now() - interval '1 h'`.execute(core.db)
  await sql`delete from totp where state = 'pending' and expires_at < now() - interval '1 h'`.execute(core.db)
  await deleteUnconfirmed(core.db)
  await tidyCodes(core.db)
  await deleteUnclaimed(core.db)
  await tidyBulk(core.db)
  await deleteUnusedLogos(core.db)
}
