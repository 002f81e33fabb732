import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from '../folders.ts'
import { changePassword, keepPassword, makeCluster, removeUnfinished, role } from './cluster.ts'
import { EmbeddedPostgresError } from './error.ts'
import { isCluster, names, readIfThere } from './files.ts'
import { stopLeftover } from './leftover.ts'
import { clusterFolders, confirmLocation, locateCluster } from './location.ts'
import { type Lock, lockDataFolder, lockHolder } from './lock.ts'
import { choosePlace, type Place } from './place.ts'
import { startPostmaster } from './postmaster.ts'
import { until } from './process.ts'
import { makeRunFolder, openTo, port, type RunFolder } from './run-folder.ts'

/** For `pg`: `host` is the folder of the unix socket. */
export type Connection = { host: string; port: number; user: string; password: string; database: string }

export type EmbeddedPostgres = {
  connection: Connection
  /** Sentences for the operator, e.g. that the data lies in /var/lib/postern and why. */
  notices: string[]
  /** Ends it in order and frees the data folder. May be called again, also after it died. */
  stop(): Promise<void>
  /** Resolves with a sentence if PostgreSQL ends by itself; never after `stop`. */
  died: Promise<string>
}

/**
 * Starts the embedded PostgreSQL of a data folder, which it makes if it is missing, as a child of this process, and waits
 * until it takes connections. Throws `EmbeddedPostgresError`, whose message is one line for the terminal.
 */
export async function startEmbeddedPostgres(options: { dataFolder: string }): Promise<EmbeddedPostgres> {
  let lock: Lock | undefined
  let runFolder: RunFolder | undefined
  try {
    makeFolder(options.dataFolder, 0o700)
    const dataFolder = realpathSync(options.dataFolder)
    lock = await lockDataFolder(dataFolder)
    const notices: string[] = []
    for (const folder of clusterFolders(dataFolder)) {
      if (existsSync(folder) && (await stopLeftover(folder)))
        notices.push('Stopped the database that a killed server had left behind.')
      if (existsSync(dirname(folder))) removeUnfinished(folder, readdirSync(dirname(folder)))
    }
    runFolder = makeRunFolder(dataFolder)
    return await startInside(dataFolder, runFolder, lock, notices)
  } catch (error) {
    runFolder?.remove()
    lock?.release()
    throw inOneLine(error, options.dataFolder)
  }
}

async function startInside(dataFolder: string, runFolder: RunFolder, lock: Lock, notices: string[]): Promise<EmbeddedPostgres> {
  const [known = ''] = clusterFolders(dataFolder)
  const major = isCluster(known) ? Number(readFileSync(`${known}/PG_VERSION`, 'utf8')) : undefined
  const place = await choosePlace(dataFolder, runFolder, known, major)
  openTo(runFolder, place.account)
  const cluster = await locateCluster(dataFolder, place)
  notices.push(...describe(place, dataFolder, cluster))

  const { password, isNew } = keepPassword(dataFolder)
  if (!isCluster(cluster)) await makeCluster(place, cluster, password)
  else if (isNew) {
    await changePassword(place, cluster, password)
    notices.push(`${dataFolder}/${names.password} was missing: the database has a new password.`)
  }
  confirmLocation(dataFolder, cluster)

  const postmaster = await startPostmaster(place, dataFolder, cluster)
  lock.markReady()
  let stopped: Promise<void> | undefined
  return {
    connection: connectionTo(runFolder.socketFolder, password),
    notices,
    stop: () => {
      stopped ??= postmaster.stop().then(() => {
        runFolder.remove()
        lock.release()
      })
      return stopped
    },
    died: new Promise((resolve) => {
      void postmaster.ended.then((how) => {
        if (!stopped) resolve(`The embedded PostgreSQL ended by itself (${how}): see ${dataFolder}/${names.log}.`)
      })
    }),
  }
}

/**
 * The connection of a server process that is running on this data folder right now, or undefined. For local commands beside
 * a running server; waits up to 10 seconds for one that is just starting.
 */
export async function findRunningEmbeddedPostgres(options: { dataFolder: string }): Promise<Connection | undefined> {
  if (!existsSync(options.dataFolder)) return undefined
  const dataFolder = realpathSync(options.dataFolder)
  let found: Connection | undefined
  await until(10_000, () => {
    const holder = lockHolder(dataFolder)
    if (!holder) return true
    if (!holder.isReady) return false
    const socketFolder = readIfThere(`${dataFolder}/${names.socket}`)
    const password = readIfThere(`${dataFolder}/${names.password}`)
    if (socketFolder && password) found = connectionTo(socketFolder, password)
    return found !== undefined
  })
  return found
}

const connectionTo = (host: string, password: string): Connection => ({ host, port, user: role, password, database: role })

function describe(place: Place, dataFolder: string, cluster: string): string[] {
  const isElsewhere = !cluster.startsWith(`${dataFolder}/`)
  const back = `back up ${dirname(cluster)} together with ${dataFolder}`
  if (place.refusal === undefined)
    return isElsewhere ? [`The database lies in ${cluster} since a start that could not mount: ${back}.`] : []
  const programs = place.programs.shipped
    ? `its programs were copied to ${place.programs.root}`
    : `its programs are those in ${place.programs.bin}`
  return [
    `Mounting is refused here (${place.refusal}), so the database lies in ${cluster}${isElsewhere ? `, not in the data folder: ${back}` : ''}; ${programs}.`,
  ]
}

function inOneLine(error: unknown, dataFolder: string): unknown {
  if (error instanceof EmbeddedPostgresError || !(error instanceof Error) || !('syscall' in error)) return error
  return new EmbeddedPostgresError(`The data folder ${dataFolder} cannot be used: ${error.message}`, { cause: error })
}
