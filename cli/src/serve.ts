import {
  type App,
  adviceOn,
  buildApp,
  type Config,
  type Core,
  issueBootstrap,
  openCore,
  operatorExists,
  readConfig,
  startEmbeddedPostgres,
} from '@postern/server'
import type { Status } from './command.ts'
import { hostActor } from './host.ts'
import type { Terminal } from './io.ts'
import { drawnLink, localHint } from './symbol.ts'
import { jsonLine } from './text.ts'

/** Runs the server until it is asked to stop: 0 after a drained stop, 1 where its database ended. Throws what keeps it from starting. */
export const serve = async (terminal: Terminal, options: { acceptNewRpId: boolean; json: boolean }): Promise<Status> => {
  const config = readConfig(terminal.env)
  const say = (line: string): void => terminal.err(`${line}\n`)
  const embedded = config.databaseUrl === undefined ? await startEmbeddedPostgres({ dataFolder: config.dataFolder }) : undefined
  for (const notice of embedded?.notices ?? []) say(notice)
  let core: Core | undefined
  let app: App | undefined
  try {
    core = await openCore(config, embedded?.connection ?? { connectionString: config.databaseUrl as string }, options)
    app = await buildApp(config, core)
    await app.listen()
    say(`Postern serves ${config.origin} (listening on ${config.listen.host}:${config.listen.port})`)
    const advice = adviceOn(config)
    if (advice) say(advice)
    if (config.bootstrap && !(await operatorExists(core.db))) await printBootstrap(terminal, config, core, options.json)
    const why = await Promise.race([stopAsked(terminal.signal), embedded?.died ?? new Promise<never>(() => {})])
    say(`Stopping: ${why}`)
    await app.close()
    return why === 'asked to' ? 0 : 1
  } catch (error) {
    await (app ?? core)?.close().catch(() => undefined)
    throw error
  } finally {
    await embedded?.stop()
  }
}
const stopAsked = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('asked to')
    signal.addEventListener('abort', () => resolve('asked to'), { once: true })
  })

/** On standard output, terminal or not, never through the log. */
const printBootstrap = async (terminal: Terminal, config: Config, core: Core, json: boolean): Promise<void> => {
  const link = await issueBootstrap(core, hostActor('serve'))
  const says = 'Nobody operates this Postern yet. This link enrols the first operator, once, for 30 minutes:'
  await terminal.out(json ? jsonLine(link) : await drawnLink(terminal, { url: link.url, says, after: localHint(config.origin) }))
}
