import { execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/** Folder of the newest installed PostgreSQL's programs, 15 or newer; undefined where there is none. */
export const postgresPrograms = (): string | undefined => {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  const versions = readdirSync(root)
    .filter((name) => Number(name) >= 15 && existsSync(join(root, name, 'bin/initdb')))
    .sort((a, b) => Number(b) - Number(a))
  return versions[0] && join(root, versions[0], 'bin')
}

export type Cluster = { url: string; stop: () => Promise<void>; kill: () => void }

/** A PostgreSQL of its own for one test run, on a free loopback port, durable as in production. */
export const startCluster = async (): Promise<Cluster> => {
  const programs = postgresPrograms()
  if (!programs) throw new Error('PostgreSQL 15 or newer is not installed: apt-get install postgresql')
  const folder = mkdtempSync(join(tmpdir(), 'postern-test-pg-'))
  const root = process.getuid?.() === 0
  // PostgreSQL refuses to run as root
  const nobody = root ? { uid: 65_534, gid: 65_534 } : {}
  if (root) chownSync(folder, 65_534, 65_534)
  const data = join(folder, 'data')
  execFileSync(join(programs, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C'], {
    ...nobody,
    cwd: '/',
    stdio: 'ignore',
  })
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'max_connections=400',
    'fsync=on',
    'synchronous_commit=on',
    'shared_buffers=128MB',
    'log_min_messages=fatal',
  ]
  const child = spawn(join(programs, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
    ...nobody,
    cwd: '/',
    stdio: 'ignore',
  })
  child.unref()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const deadline = Date.now() + 90_000
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      break
    } catch (error) {
      if (Date.now() > deadline || child.exitCode !== null) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return {
    url,
    kill: () => {
      child.kill('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
    stop: async () => {
      child.ref()
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

let databases = 0
/** A fresh database in the run's cluster (test/run.ts sets POSTERN_TEST_CLUSTER); starts one of its own otherwise. */
export const freshDatabase = async (): Promise<string> => {
  const cluster = await runCluster()
  const name = `t${process.pid}_${++databases}_${Math.random().toString(36).slice(2, 8)}`
  const admin = new pg.Client({ connectionString: cluster })
  await admin.connect()
  await admin.query(`create database ${name}`)
  await admin.end()
  return cluster.replace(/\/postgres$/, `/${name}`)
}
let own: Promise<Cluster> | undefined
const runCluster = async (): Promise<string> => {
  const given = process.env.POSTERN_TEST_CLUSTER
  if (given) return given
  // one that ends with this process: hooks of node:test would stop it before the servers on it
  own ??= startCluster().then((cluster) => {
    process.once('exit', cluster.kill)
    return cluster
  })
  return (await own).url
}
/** A folder that goes with the test. */
export const scratchFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-test-'))
  mkdirSync(folder, { recursive: true })
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
