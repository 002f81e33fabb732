import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort, type Running, start } from './processes.ts'

const programs = (): string => {
  const root = '/usr/lib/postgresql'
  const versions = (existsSync(root) ? readdirSync(root) : [])
    .map(Number)
    .filter((version) => version >= 15 && existsSync(`${root}/${version}/bin/initdb`))
  if (versions.length === 0) throw new Error('no PostgreSQL 15 or newer is installed here: apt-get install postgresql')
  return `${root}/${Math.max(...versions)}/bin`
}

export type Cluster = Running & { version: string; newDatabase: (name: string) => Promise<string> }

/** The one PostgreSQL that all servers of a run stand on; as durable as in production, and otherwise as Debian ships it. */
export const startCluster = async (): Promise<Cluster> => {
  const bin = programs()
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-pg-'))
  // PostgreSQL does not run as root
  const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  if (account.uid) chownSync(folder, account.uid, account.gid)
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const data = join(folder, 'data')
  const initdb = ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync']
  execFileSync(join(bin, 'initdb'), initdb, { ...account, cwd: '/', stdio: 'ignore' })
  const port = await freePort()
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'fsync=on',
    'synchronous_commit=on',
  ]
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`
  const ask = async (text: string): Promise<Record<string, string>[]> => {
    const client = new pg.Client({ connectionString: url('postgres') })
    try {
      await client.connect()
      return (await client.query(text)).rows
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  const answers = () =>
    ask('select 1').then(
      () => true,
      () => false,
    )
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
  const running = await start(join(bin, 'postgres'), args, {}, answers, { ...account, cwd: '/' })
  const [shown] = await ask(
    `select current_setting('server_version') as version, current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`,
  )
  if (shown?.fsync !== 'on' || shown.commit !== 'on') throw new Error('the database is not durable')
  return {
    pid: running.pid,
    version: shown.version as string,
    newDatabase: async (name) => {
      await ask(`create database ${name}`)
      return url(name)
    },
    // fast shutdown: connections are ended
    stop: () => running.stop('SIGINT'),
  }
}
