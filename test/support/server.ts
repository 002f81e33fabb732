import { type ChildProcess, spawn } from 'node:child_process'
import { get } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after } from 'node:test'
import { buildApp, type Core, issueBootstrap, openCore, readConfig } from '@postern/server'
import pg from 'pg'
import { Browser } from './browser.ts'
import { freshDatabase, scratchFolder } from './cluster.ts'

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })

export type TestServer = {
  origin: string
  databaseUrl: string
  keyFile: string
  core: Core
  browser: () => Browser
  bootstrapUrl: (username?: string) => Promise<string>
  /** Straight to the tables: to age rows, and to look at what was recorded. */
  sql: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>
  close: () => Promise<void>
}
/** `alsoOrigin`: a further origin that the deployment answers for. */
type Options = { databaseUrl?: string; keyFile?: string; alsoOrigin?: string; env?: Record<string, string> }

/** The server in this process, on a fresh database of the run's cluster (or on another's: two processes' worth of state). */
export const startServer = async (options: Options = {}): Promise<TestServer> => {
  const databaseUrl = options.databaseUrl ?? (await freshDatabase())
  const keyFile = options.keyFile ?? join(scratchFolder(), 'master.key')
  const port = await freePort()
  const origin = options.env?.POSTERN_ORIGIN?.split(',')[0] ?? `http://localhost:${port}`
  const config = readConfig({
    DATABASE_URL: databaseUrl,
    POSTERN_KEY_FILE: keyFile,
    POSTERN_ORIGIN: options.alsoOrigin ? `${origin},${options.alsoOrigin}` : origin,
    POSTERN_LISTEN: `127.0.0.1:${port}`,
    POSTERN_LOG: 'error',
    POSTERN_TRUSTED_PROXIES: '127.0.0.1',
    ...options.env,
  })
  const core = await openCore(config, { connectionString: databaseUrl })
  const app = await buildApp(config, core)
  await app.listen()
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 })
  pool.on('error', () => {})
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await pool.end()
    await app.close()
  }
  after(close)
  return {
    origin: `http://localhost:${port}`,
    databaseUrl,
    keyFile,
    core,
    browser: () => new Browser(`http://localhost:${port}`),
    bootstrapUrl: async (username) => (await issueBootstrap(core, hostActor, { username })).url,
    sql: async (text, values) => (await pool.query(text, values as never)).rows as never,
    close,
  }
}
export const hostActor = {
  kind: 'host' as const,
  name: 'host:test',
  source: { address: null, place: null, device: { type: 'command line' as const, platform: 'linux', browser: 'postern' } },
}

export type ServerProcess = {
  origin: string
  child: ChildProcess
  output: () => string
  kill: (signal: NodeJS.Signals) => Promise<void>
}
/** Whether a server that speaks TLS under another name answers; who it says it is does not matter to this question. */
const readyByTls = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    }).once('error', () => resolve(false))
  })
/** The server as a process of its own, by the command that people use. Resolves when it is ready. */
export const startProcess = async (env: Record<string, string>, given?: { port: number }): Promise<ServerProcess> => {
  const port = given?.port ?? (await freePort())
  const local = `http://localhost:${port}`
  const origin = env.POSTERN_ORIGIN?.split(',')[0] ?? local
  let output = ''
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../cli/bin/postern.mjs'), 'serve'], {
    env: {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      POSTERN_ORIGIN: origin,
      POSTERN_LISTEN: `127.0.0.1:${port}`,
      POSTERN_LOG: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
  }
  after(() => kill('SIGKILL'))
  const deadline = Date.now() + 120_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended: ${output}`)
    const ready = env.POSTERN_TLS_CERT
      ? await readyByTls(port)
      : await fetch(`${local}/readyz`).then(
          (answer) => answer.ok,
          () => false,
        )
    if (ready) return { origin, child, output: () => output, kill }
    if (Date.now() > deadline) throw new Error(`the server is not ready: ${output}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
