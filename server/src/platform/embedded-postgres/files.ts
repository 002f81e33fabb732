import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Names in the data folder. Everything here is ours alone (0600), except the cluster, which belongs to the database's account. */
export const names = {
  cluster: 'postgres',
  clusterInTheMaking: 'postgres.new-',
  location: 'postgres-location',
  lock: 'postgres.lock',
  log: 'postgres.log',
  password: 'postgres-password',
  programs: 'postgres-programs-',
  socket: 'postgres-socket',
}

/** Replaces a file in one step that survives a power cut: never half a file, and after the return never the old one. */
export function writeDurably(path: string, content: string): void {
  const temporary = `${path}.new`
  const fd = openSync(temporary, 'w', 0o600)
  try {
    writeFileSync(fd, content)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, path)
  syncFolder(dirname(path))
}

/** Makes renames in a folder survive a power cut. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** The trimmed content, or undefined when the file is not there or not ours to read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/** Whether a folder holds a finished cluster: a cluster gets its place by a rename, so a name there is a whole one. */
export const isCluster = (folder: string): boolean => existsSync(`${folder}/PG_VERSION`)
