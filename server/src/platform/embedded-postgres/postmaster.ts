import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { role } from './cluster.ts'
import { EmbeddedPostgresError } from './error.ts'
import { names, readIfThere } from './files.ts'
import { stopLeftover } from './leftover.ts'
import { clusterSeen, command, environment, type Place } from './place.ts'
import { until } from './process.ts'
import { port } from './run-folder.ts'

/** A running database server. `ended` resolves when it has ended, however, with the way it did. */
export type Postmaster = { stop(): Promise<void>; ended: Promise<string> }

/** In bytes: a log that grows beyond is moved to `postgres.log.1`, over the one before. */
const longestLog = 8 * 1024 * 1024

/** How long a start may take before we give up, in milliseconds: replaying the log after a crash takes seconds at most. */
const longestStart = 300_000

/** How long a start waits for what an old database still holds, in milliseconds. */
const longestWaitForOld = 20_000

const settings = (place: Place): Record<string, string> => ({
  // who gets in: nobody over the network, our role by password through a socket in a folder of its own
  listen_addresses: '',
  port: String(port),
  unix_socket_directories: `"${place.runFolder.socketFolder}"`,
  unix_socket_permissions: '0700',
  hba_file: place.runFolder.rules,
  // what is acknowledged is on the disk
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // small: one server process is the only client
  max_connections: '60',
  shared_buffers: '64MB',
  huge_pages: 'off',
  max_wal_size: '512MB',
  min_wal_size: '64MB',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  max_parallel_workers_per_gather: '0',
  autovacuum_max_workers: '2',
  jit: 'off',
  ...(place.programs.major >= 18 ? { io_method: 'sync' } : {}), // its three I/O workers gain nothing on so little data
  timezone: 'UTC',
  log_timezone: 'UTC',
  // a small log without what people typed: no statements, and no details, which quote the values of rows
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '%m [%p] ',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_autovacuum_min_duration: '-1',
})

/** Starts the database server on a cluster and waits until it takes connections. */
export async function startPostmaster(place: Place, dataFolder: string, cluster: string): Promise<Postmaster> {
  const { rules } = place.runFolder
  writeFileSync(rules, `local all ${role} scram-sha-256\n`, { mode: 0o644 })
  const log = `${dataFolder}/${names.log}`
  if (existsSync(log)) renameSync(log, `${log}.1`)
  const logFd = openSync(log, 'a', 0o600)
  const tending = setInterval(() => keepShort(logFd, log), 60_000).unref()

  const args = ['-D', clusterSeen(place, cluster)]
  for (const [name, value] of Object.entries(settings(place))) args.push('-c', `${name}=${value}`)
  const { file, args: all, ...account } = command(place, 'postgres', cluster, args, 'SIGINT')
  // detached: Ctrl-C reaches the whole foreground group, and the server drains before it stops its database
  const options = {
    ...account,
    cwd: '/',
    env: environment(place),
    detached: true,
    stdio: ['ignore', logFd, logFd] as ('ignore' | number)[],
  }
  const giveUp = performance.now() + longestWaitForOld
  try {
    for (;;) {
      const child = spawn(file, all, options)
      const ended = watch(child)
      if (await becameReady(cluster, child))
        return { stop: () => stop(child, ended), ended: ended.finally(() => close(logFd, tending)) }
      child.kill('SIGQUIT')
      const outcome = await ended
      // an orphan of a killed start was faster, or backends of a killed server still hold its memory: both end
      const old = /lock file "postmaster.pid" already exists|pre-existing shared memory block/.test(readFileSync(log, 'utf8'))
      if (!old || performance.now() > giveUp)
        throw new EmbeddedPostgresError(`PostgreSQL did not start (${outcome}): ${lastComplaint(log)}`)
      ftruncateSync(logFd)
      await stopLeftover(cluster)
    }
  } catch (error) {
    close(logFd, tending)
    throw error
  }
}

function close(logFd: number, tending: NodeJS.Timeout): void {
  clearInterval(tending)
  closeSync(logFd)
}

function watch(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit status ${code}`))
  })
}

/** Whether the database takes connections, as the last line of postmaster.pid says; false when it ended, or takes too long. */
async function becameReady(cluster: string, child: ChildProcess): Promise<boolean> {
  const over = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined
  const ready = () => {
    const lines = (readIfThere(`${cluster}/postmaster.pid`) ?? '').split('\n')
    return lines[0] === String(child.pid) && lines[7]?.trim() === 'ready'
  }
  return (await until(longestStart, () => over() || ready())) && !over()
}

/** Fast shutdown; what does not obey is ended harder, which loses nothing either, only the next start takes longer. */
async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  const timers = [setTimeout(() => child.kill('SIGQUIT'), 15_000), setTimeout(() => child.kill('SIGKILL'), 20_000)]
  child.kill('SIGINT')
  await ended
  for (const timer of timers) clearTimeout(timer)
}

function keepShort(logFd: number, log: string): void {
  if (fstatSync(logFd).size < longestLog) return
  copyFileSync(log, `${log}.1`)
  ftruncateSync(logFd) // it is written by appending, so it goes on at the beginning
}

/** The last line in the log that tells why. */
function lastComplaint(log: string): string {
  const lines = (readIfThere(log) ?? '').split('\n')
  const why = lines.findLast((line) => /(FATAL|PANIC): /.test(line)) ?? lines.at(-1) // the loader writes no such word
  return why ? `${why.replace(/^.*?(?=(FATAL|PANIC): )/, '')} (more in ${log})` : `see ${log}`
}
