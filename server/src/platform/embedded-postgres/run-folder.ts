import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'
import { names, readIfThere, writeDurably } from './files.ts'
import type { Account } from './place.ts'
import type { Programs } from './programs.ts'

/** sun_path of sockaddr_un, in bytes, without the closing zero (macOS has 103). */
const longestSocketPath = process.platform === 'darwin' ? 103 : 107
/** Characters that mkdtemp puts behind a name. */
const mkdtempAdds = 6

/** The only port there is: part of the socket's name. */
export const port = 5432

/** A short folder for one run: the socket, the mount points and the rules of entry. Nothing in it has to survive. */
export type RunFolder = {
  socketFolder: string
  /** Where the database finds its programs: a mount point or a link. */
  programs: string
  /** Mount point of the cluster. */
  data: string
  /** Links that install scripts should have made; beside `programs`, to which they point. */
  libraries: string
  rules: string
  remove(): void
}

/** Makes the folder anew, under its old name where one is left, and names the socket's in the data folder. */
export function makeRunFolder(dataFolder: string): RunFolder {
  const record = `${dataFolder}/${names.socket}`
  const before = readIfThere(record)?.replace(/\/socket$/, '')
  const path = (before && remake(before)) || makeNew()
  chmodSync(path, 0o711) // whoever the database runs as passes; only its own account and we open the socket
  const folder = describe(path)
  for (const inner of [folder.socketFolder, folder.data, folder.libraries]) mkdirSync(inner)
  for (const inner of [folder.data, folder.libraries]) chmodSync(inner, 0o755) // whatever our umask is
  chmodSync(folder.socketFolder, 0o700)
  writeDurably(record, `${folder.socketFolder}\n`)
  return {
    ...folder,
    remove() {
      rmSync(record, { force: true })
      try {
        removeFlat(path)
      } catch {
        // something that we do not know lies in it: it costs nothing, and the next run has a folder of its own
      }
    },
  }
}

/** Lets the database's account in: the socket's folder is its own. */
export function openTo(folder: RunFolder, account: Account | undefined): void {
  if (account) chownSync(folder.socketFolder, account.uid, account.gid)
}

/** Puts the programs at their place in the run folder: a mount point, or a link to where they lie. */
export function linkPrograms(folder: RunFolder, programs: Programs, mounted: boolean): void {
  removeFlat(folder.programs)
  if (mounted) {
    mkdirSync(folder.programs)
    chmodSync(folder.programs, 0o755)
  } else symlinkSync(programs.root, folder.programs)
  for (const link of readdirSync(folder.libraries)) unlinkSync(`${folder.libraries}/${link}`)
  for (const { name, of } of programs.missingLinks) symlinkSync(`../programs/lib/${of}`, `${folder.libraries}/${name}`)
}

const describe = (path: string) => ({
  socketFolder: `${path}/socket`,
  programs: `${path}/programs`,
  data: `${path}/data`,
  libraries: `${path}/lib`,
  rules: `${path}/pg_hba.conf`,
})

/** Not XDG_RUNTIME_DIR: it vanishes when its user logs out, and a server stays. */
function makeNew(): string {
  const parents = process.getuid?.() === 0 ? ['/run', tmpdir(), '/tmp'] : [tmpdir(), '/tmp']
  for (const parent of parents) {
    const name = `${parent}/postern-`
    if (Buffer.byteLength(`${name}/socket/.s.PGSQL.${port}`) + mkdtempAdds > longestSocketPath) continue
    try {
      return mkdtempSync(name)
    } catch {
      // read-only or not there: the next one
    }
  }
  throw new EmbeddedPostgresError(`No short folder can be made for the database's socket: make ${parents.at(-1)} writable.`)
}

/** What a killed server left, emptied; undefined when it is not such a folder, not ours, or in another's hands. */
function remake(path: string): string | undefined {
  try {
    const { uid } = lstatSync(path)
    if (!/^postern-\w{6}$/.test(basename(path)) || uid !== process.getuid?.()) return undefined
    removeFlat(path)
    mkdirSync(path, 0o700)
    return path
  } catch {
    return undefined
  }
}

/**
 * Removes a run folder, or a part of it, never deeper than it was made, so that nothing that should ever be mounted there
 * can be removed with it.
 */
function removeFlat(path: string, depth = 2): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isDirectory()) {
    unlinkSync(path)
    return
  }
  const mountPoint = ['data', 'programs'].includes(basename(path))
  if (depth > 0 && !mountPoint) for (const name of readdirSync(path)) removeFlat(`${path}/${name}`, depth - 1)
  rmdirSync(path)
}
