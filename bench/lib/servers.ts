import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Core, openCore, readConfig } from '@postern/server'
import { sql } from 'kysely'
import type { Cluster } from './cluster.ts'
import { freePort, type Running, start } from './processes.ts'

const postern = join(import.meta.dirname, '../../cli/bin/postern.mjs')
const peers = join(import.meta.dirname, '../peers')

export const scratchFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    async (answer) => {
      await answer.arrayBuffer()
      return answer.ok
    },
    () => false,
  )

/** BENCH_PROFILE=FOLDER: a .cpuprofile of each Postern server goes there. */
const folder = process.env.BENCH_PROFILE
const profiled = folder ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` } : {}
/** `postern serve` as it is installed. */
export const serve = (env: Record<string, string>, ready: Parameters<typeof start>[3]): Promise<Running> =>
  start(postern, ['serve'], { ...profiled, ...env }, ready)

export type Postern = {
  /** The same deployment opened in this process: to write people in bulk with its own keys. */
  core: Core
  ports: number[]
  pids: number[]
  /** After a bulk of rows: what autovacuum does a minute later. */
  settle: () => Promise<void>
  stop: () => Promise<void>
}
/** Processes of `postern serve` on one fresh database. Limits stay on; those an address has are set out of the way. */
export const startPostern = async (
  cluster: Cluster,
  name: string,
  processes: number,
  more: Record<string, string> = {},
): Promise<Postern> => {
  const databaseUrl = await cluster.newDatabase(name)
  const ports: number[] = []
  for (let k = 0; k < processes; k++) ports.push(await freePort())
  const settings = {
    DATABASE_URL: databaseUrl,
    POSTERN_KEY_FILE: join(scratchFolder(), 'master.key'),
    POSTERN_ORIGIN: ports.map((port) => `http://localhost:${port}`).join(','),
    POSTERN_BOOTSTRAP: 'off',
    POSTERN_LOG: 'warn',
    ...more,
  }
  const core = await openCore(readConfig(settings), { connectionString: databaseUrl })
  await sql`update authentication_settings set starts_per_minute = 1000000000, failures_per_minute = 1000000000`.execute(core.db)
  const running: Running[] = []
  for (const port of ports) {
    const env = { ...settings, POSTERN_LISTEN: `127.0.0.1:${port}` }
    running.push(await serve(env, () => isReady(port)))
  }
  return {
    core,
    ports,
    pids: running.map(({ pid }) => pid),
    settle: async () => {
      await sql`analyze`.execute(core.db)
    },
    stop: async () => {
      for (const each of running) await each.stop()
      await core.close()
    },
  }
}
export const startPeer = async (name: 'better-auth' | 'empty-route', databaseUrl = ''): Promise<Running & { port: number }> => {
  const port = await freePort()
  const env = { PORT: String(port), NODE_ENV: 'production', ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}) }
  return { ...(await start(process.execPath, [join(peers, `${name}.mjs`)], env, (output) => output.includes('ready'))), port }
}
