import { parseArgs } from 'node:util'
import {
  buildApp,
  type Config,
  ConfigError,
  type Core,
  EmbeddedPostgresError,
  issueBootstrap,
  openCore,
  operatorExists,
  readConfig,
  StartError,
  settingsTable,
  startEmbeddedPostgres,
  symbolText,
} from '@postern/server'

const help = (): string => {
  const table = settingsTable()
  const width = Math.max(...table.map(({ name }) => name.length))
  return `postern serve [--accept-new-rp-id]

Runs the server: web apps, API and, without DATABASE_URL, an embedded PostgreSQL as its child.
SIGTERM or Ctrl-C drains: no request in flight is dropped.

  --accept-new-rp-id   start although the host name of POSTERN_ORIGIN changed; passkeys of the old name are given up

Settings (environment; all optional)
${table.map(({ name, default: standard, takes }) => `  ${name.padEnd(width)}  ${takes}${standard ? ` [${standard}]` : ''}`).join('\n')}
`
}

/** Exit status 0 after a drained stop, 1 where the start was refused, 2 wrong use. */
export const serve = async (argv: string[], env: Record<string, string | undefined>): Promise<number> => {
  let options: { help?: boolean; 'accept-new-rp-id'?: boolean }
  try {
    options = parseArgs({
      args: argv,
      options: { help: { type: 'boolean', short: 'h' }, 'accept-new-rp-id': { type: 'boolean' } },
    }).values
  } catch (error) {
    process.stderr.write(`postern serve: ${(error as Error).message}\n`)
    return 2
  }
  if (options.help) {
    process.stdout.write(help())
    return 0
  }
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  let config: Config
  try {
    config = readConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    say(error.message)
    return 1
  }
  try {
    return await run(config, options['accept-new-rp-id'] === true, say)
  } catch (error) {
    if (error instanceof StartError || error instanceof EmbeddedPostgresError || isConnection(error)) {
      say(error.message || 'The database of DATABASE_URL cannot be reached.')
      return 1
    }
    throw error
  }
}
const isConnection = (error: unknown): error is Error => {
  const code = (error as { code?: unknown }).code
  return error instanceof Error && typeof code === 'string' && /^(ECONN|ENOTFOUND|EADDRINUSE|EACCES|ENOENT|28|3D|57P)/.test(code)
}

const run = async (config: Config, acceptNewRpId: boolean, say: (line: string) => void): Promise<number> => {
  const embedded = config.databaseUrl === undefined ? await startEmbeddedPostgres({ dataFolder: config.dataFolder }) : undefined
  for (const notice of embedded?.notices ?? []) say(notice)
  let core: Core | undefined
  try {
    core = await openCore(config, embedded?.connection ?? { connectionString: config.databaseUrl as string }, { acceptNewRpId })
    const app = await buildApp(config, core)
    await app.listen()
    say(`Postern serves ${config.origin} (listening on ${config.listen.host}:${config.listen.port})`)
    if (config.bootstrap && !(await operatorExists(core.db))) await printBootstrap(config, core)
    const why = await Promise.race([stopAsked(), embedded?.died ?? new Promise<never>(() => {})])
    say(`Stopping: ${why}`)
    await app.close()
    return why === 'asked to' ? 0 : 1
  } catch (error) {
    await core?.close().catch(() => undefined)
    throw error
  } finally {
    await embedded?.stop()
  }
}
const stopAsked = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve('asked to'))
  })

/** On standard output, terminal or not, never through the log. */
const printBootstrap = async (config: Config, core: Core): Promise<void> => {
  const link = await issueBootstrap(core, {
    kind: 'host',
    name: 'host:serve',
    source: { address: null, place: null, device: { type: 'command line', platform: process.platform, browser: 'postern' } },
  })
  const utf8 = /utf-?8/i.test(process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '')
  const local = /^(localhost|127\.|\[::1\])/.test(new URL(config.origin).hostname)
  process.stdout.write(`${symbolText(link.url, utf8 ? 'blocks' : 'ascii')}
Nobody operates this Postern yet. This link enrols the first operator, once, for 30 minutes:

  ${link.url}
${local ? '\nA phone cannot open this address: it is of this machine only. Open it in a browser here,\nor set POSTERN_ORIGIN (and POSTERN_LISTEN) to a name that the phone reaches. A TOTP app needs\nnothing of this: it reads the symbol off this screen.\n' : ''}
`)
}
