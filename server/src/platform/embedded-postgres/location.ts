import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'
import { isCluster, names, readIfThere, syncFolder, writeDurably } from './files.ts'
import { type Account, type Place, refuge } from './place.ts'
import { run, syncEverything } from './process.ts'

/** Where the cluster of a data folder lies when not in it; `made` once it was a finished one. */
type Elsewhere = { folder: string; made: boolean }

function findElsewhere(dataFolder: string): Elsewhere | undefined {
  const text = readIfThere(`${dataFolder}/${names.location}`)
  return text ? (JSON.parse(text) as Elsewhere) : undefined
}

function note(dataFolder: string, elsewhere: Elsewhere): void {
  writeDurably(`${dataFolder}/${names.location}`, `${JSON.stringify(elsewhere)}\n`)
}

const inDataFolder = (dataFolder: string): string => `${dataFolder}/${names.cluster}`

/** Every folder in which a cluster of this data folder may lie, the one in use first. */
export function clusterFolders(dataFolder: string): string[] {
  const elsewhere = findElsewhere(dataFolder)?.folder
  const own = inDataFolder(dataFolder)
  return elsewhere ? (isCluster(elsewhere) ? [elsewhere, own] : [own, elsewhere]) : [own]
}

/**
 * Where the cluster lies, or is to be made: in the data folder; where root may not mount, under /var/lib/postern, for
 * `nobody` can pass the folders above the data folder only by luck. It stays where it once was. It moves only when the
 * database cannot reach it any more; the note is written before the move, so a move that a kill interrupts goes on later.
 */
export async function locateCluster(dataFolder: string, place: Place): Promise<string> {
  const own = inDataFolder(dataFolder)
  let elsewhere = findElsewhere(dataFolder)
  if (!elsewhere) {
    if (place.refusal === undefined) return own
    if (isCluster(own) && (await canReach(place.account, own))) return own
    elsewhere = { folder: `${refuge}/${randomBytes(6).toString('hex')}/postgres`, made: false }
    note(dataFolder, elsewhere)
  }
  const { folder, made } = elsewhere
  if (isCluster(folder)) return folder
  if (made) {
    throw new EmbeddedPostgresError(
      `The database of ${dataFolder} lay in ${folder} and is gone: bring it back, ` +
        `or delete ${dataFolder}/${names.location} to begin with an empty one.`,
    )
  }
  mkdirSync(dirname(folder), { recursive: true })
  for (const path of [refuge, dirname(folder)]) chmodSync(path, 0o755) // whatever our umask is: `nobody` passes through
  if (isCluster(own)) await move(own, folder)
  return folder
}

/** To be called when the cluster stands. */
export function confirmLocation(dataFolder: string, cluster: string): void {
  if (cluster !== inDataFolder(dataFolder)) note(dataFolder, { folder: cluster, made: true })
}

async function canReach(account: Account | undefined, cluster: string): Promise<boolean> {
  const { status } = await run({ file: '/bin/sh', args: ['-c', 'test -r "$0"', `${cluster}/PG_VERSION`], ...account })
  return status === 0
}

async function move(from: string, to: string): Promise<void> {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    const temporary = mkdtempSync(`${dirname(to)}/${names.clusterInTheMaking}`)
    const { status, output } = await run({ file: 'cp', args: ['-a', `${from}/.`, temporary] })
    if (status !== 0) {
      rmSync(temporary, { recursive: true })
      throw new EmbeddedPostgresError(`The database cannot be moved from ${from} to ${to}: ${output}`)
    }
    await syncEverything()
    renameSync(temporary, to)
  }
  syncFolder(dirname(to))
  if (existsSync(from)) rmSync(from, { recursive: true })
  syncFolder(dirname(from))
}
