import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'
import { names, readIfThere, syncFolder, writeDurably } from './files.ts'
import { clusterSeen, command, environment, type Place } from './place.ts'
import { run } from './process.ts'

/** The role that Postern connects as, and its database. */
export const role = 'postern'

/** The password of the role, in a file that only we can read; made when it is missing, which `isNew` tells. */
export function keepPassword(dataFolder: string): { password: string; isNew: boolean } {
  const path = `${dataFolder}/${names.password}`
  const kept = readIfThere(path)
  if (kept) return { password: kept, isNew: false }
  const password = randomBytes(24).toString('base64url')
  writeDurably(path, `${password}\n`)
  return { password, isNew: true }
}

/**
 * Makes a cluster with its role and database. It grows under another name and gets its own by a rename when it is whole and
 * on the disk, so a kill at any moment leaves either nothing or a database.
 */
export async function makeCluster(place: Place, cluster: string, password: string): Promise<void> {
  if (existsSync(cluster) && readdirSync(cluster).length > 0) {
    throw new EmbeddedPostgresError(`${cluster} is not empty, yet no database: move it away, then start again.`)
  }
  const temporary = mkdtempSync(`${dirname(cluster)}/${names.clusterInTheMaking}`)
  try {
    if (place.account) chownSync(temporary, place.account.uid, place.account.gid)
    const initdb = async (...args: string[]) => {
      const all = ['-D', clusterSeen(place, temporary), ...args]
      const { status, output } = await run(command(place, 'initdb', temporary, all), { env: environment(place) })
      if (status !== 0) throw new EmbeddedPostgresError(`The database cannot be made: ${lastLine(output)}`)
    }
    // nobody can log in as this superuser: it has no password, and the rules of entry know only our role
    const texts = ['--encoding=UTF8', '--locale=C', '--text-search-config=simple']
    await initdb('--username=postgres', '--auth=reject', '--data-checksums', ...texts, '--no-sync', '--no-instructions')
    await speakAlone(place, temporary, [
      `CREATE ROLE ${role} LOGIN CREATEDB PASSWORD '${password}'`,
      `GRANT pg_monitor TO ${role}`,
      `CREATE DATABASE ${role} OWNER ${role}`,
    ])
    await initdb('--sync-only')
    renameSync(temporary, cluster)
    syncFolder(dirname(cluster))
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true })
    throw error
  }
}

/** Gives the role another password, for a data folder whose password file was lost. */
export const changePassword = (place: Place, cluster: string, password: string): Promise<void> =>
  speakAlone(place, cluster, [`ALTER ROLE ${role} PASSWORD '${password}'`])

/** Runs statements in single-user mode, as superuser and without a socket, on a cluster that nobody else has open. */
async function speakAlone(place: Place, cluster: string, statements: string[]): Promise<void> {
  const args = ['--single', '-D', clusterSeen(place, cluster), '-c', 'log_min_error_statement=panic', 'postgres']
  const input = statements.map((it) => `${it}\n`).join('')
  const { status, output } = await run(command(place, 'postgres', cluster, args), { input, env: environment(place) })
  const complaint = output.split('\n').find((line) => /(ERROR|FATAL|PANIC): /.test(line))
  if (status !== 0 || complaint)
    throw new EmbeddedPostgresError(`The database cannot be prepared: ${complaint ?? lastLine(output)}`)
}

/** Removes clusters that a killed start left half-made. */
export function removeUnfinished(cluster: string, listed: string[]): void {
  for (const name of listed.filter((it) => it.startsWith(names.clusterInTheMaking))) {
    // an orphaned initdb may still write there for a moment: then the next start finds it again
    try {
      rmSync(`${dirname(cluster)}/${name}`, { recursive: true, force: true, maxRetries: 3 })
    } catch {}
  }
}

const lastLine = (output: string): string => output.split('\n').at(-1) ?? ''
