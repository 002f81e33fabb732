import { userInfo } from 'node:os'
import { type CallIn, CallRefused, type Endpoint, type EventType, type Out, type Problem } from '@postern/contract'
import {
  type Actor,
  asUnavailable,
  type Config,
  type Core,
  EmbeddedPostgresError,
  EventDraft,
  findRunningEmbeddedPostgres,
  logSettled,
  openCore,
  problemOf,
  Refusal,
  readConfig,
  routesOf,
  StartError,
  startEmbeddedPostgres,
} from '@postern/server'
import type { Terminal, Way } from './io.ts'

/** What a command on the host has beside the calls. */
export type Host = {
  core: Core
  config: Config
  actor: Actor
  /** The action that follows leaves its own event. */
  acts: () => void
  /** Works a bulk job off, as far as no server does. */
  finishJob: (id: string) => Promise<void>
}
type Options = {
  /** Words of the command, for the event. */
  command: string
  ownEvent: boolean
  besideServer: boolean
}

const userName = (): string => {
  try {
    return userInfo().username
  } catch {
    // an id without a line in the table of users, as in some containers
    return String(process.getuid?.() ?? 'unknown')
  }
}
export const hostActor = (name: string = userName()): Actor => ({
  kind: 'host',
  name: `host:${name}`,
  source: { address: null, place: null, device: { type: 'command line', platform: process.platform, browser: 'postern' } },
})

/** On the database of the settings, by the same actions as the server's. Throws ConfigError, StartError, EmbeddedPostgresError. */
export const openHost = async (terminal: Terminal, { command, ownEvent, besideServer }: Options): Promise<Way> => {
  const config = readConfig(terminal.env)
  const { connection, stop } = await connect(config, terminal, besideServer)
  let core: Core
  try {
    core = await openCore(config, connection)
  } catch (error) {
    await stop()
    throw error
  }
  const { deps, routes, order, watch, notifications, bulk } = routesOf(core)
  const actor = hostActor()
  let onRecord = !ownEvent
  const record = async (type: EventType, outcome: 'success' | 'failure'): Promise<void> => {
    const event = new EventDraft(actor, type, { detail: { command } })
    event.outcome = outcome
    await core.events.record(event)
  }
  const close = async (): Promise<void> => {
    try {
      if (!onRecord) await record('host.command', 'failure')
      await logSettled(core.db)
    } catch {
      // the database is away: what there was to say was said
    }
    await deps.sessions.drain()
    await deps.passcodes.drain()
    watch.stop()
    await notifications.stop()
    await order.stop()
    await core.close()
    await stop()
  }
  try {
    order.start()
    watch.start()
    notifications.start()
    if (!ownEvent) await record('host.command', 'success')
  } catch (error) {
    await close()
    throw error
  }
  const routeOf = (endpoint: Endpoint) => {
    const found = routes.find((route) => route.endpoint === endpoint)
    if (!found) throw new Error(`no route for ${endpoint.path}`)
    // a look before the deed is not the deed
    if (endpoint.method !== 'GET' || found.stream) onRecord = true
    return found
  }
  return {
    call: async <E extends Endpoint>(endpoint: E, input: CallIn<E>): Promise<Out<E>> => {
      try {
        const parsed = endpoint.input.parse(input)
        const answer = await routeOf(endpoint).run({ actor, input: parsed, signal: terminal.signal })
        return endpoint.output.parse(answer.value) as Out<E>
      } catch (error) {
        throw asProblem(error)
      }
    },
    stream: async function* (endpoint, input) {
      try {
        const { stream } = routeOf(endpoint)
        if (stream) yield* await stream({ actor, input: endpoint.input.parse(input), signal: terminal.signal })
      } catch (error) {
        throw asProblem(error)
      }
    },
    host: {
      core,
      config,
      actor,
      acts: () => {
        onRecord = true
      },
      finishJob: (id) => bulk.finish(id),
    },
    close,
  }
}

/** The database of the settings: DATABASE_URL, a running server's embedded one, or one that this command starts and stops. */
const connect = async (
  config: Config,
  terminal: Terminal,
  besideServer: boolean,
): Promise<{ connection: Parameters<typeof openCore>[1]; stop: () => Promise<void> }> => {
  const nothing = async (): Promise<void> => {}
  if (config.databaseUrl !== undefined) return { connection: { connectionString: config.databaseUrl }, stop: nothing }
  const { dataFolder } = config
  const running = await findRunningEmbeddedPostgres({ dataFolder })
  if (running) return { connection: running, stop: nothing }
  if (besideServer)
    throw new StartError(`No server runs on ${dataFolder}, and this command needs one: start "postern serve", then run it again.`)
  try {
    const embedded = await startEmbeddedPostgres({ dataFolder })
    for (const notice of embedded.notices) terminal.err(`${notice}\n`)
    return { connection: embedded.connection, stop: embedded.stop }
  } catch (error) {
    // a server took the folder between the two looks
    const started = error instanceof EmbeddedPostgresError ? await findRunningEmbeddedPostgres({ dataFolder }) : undefined
    if (!started) throw error
    return { connection: started, stop: nothing }
  }
}

/** A refusal as it would come over HTTP; anything else goes on as it is. */
const asProblem = (error: unknown): unknown => {
  const refusal = error instanceof Refusal ? error : asUnavailable(error)
  if (!refusal) return error
  const problem: Problem = problemOf(refusal, '')
  delete problem.requestId
  return new CallRefused(problem)
}
