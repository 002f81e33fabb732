import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { EmbeddedPostgresError } from './error.ts'
import { names } from './files.ts'
import { bareEnvironment, type Command, run } from './process.ts'
import { areClosed, copyPrograms, findPrograms, oldestMajor, type Programs, removeOtherCopies } from './programs.ts'
import { linkPrograms, type RunFolder } from './run-folder.ts'

/** Where programs and data lie when root may not mount. */
export const refuge = '/var/lib/postern'

/** Whom the database runs as: PostgreSQL refuses to be root. */
export type Account = { uid: number; gid: number }

/** How the database is run here: by which programs, as whom, and where it sees its files. */
export type Place = {
  programs: Programs
  runFolder: RunFolder
  /** Undefined: as ourselves. */
  account: Account | undefined
  /** In a mount namespace of its own, with programs and data bound to the run folder. */
  mounted: boolean
  /** Why root could not have that. */
  refusal: string | undefined
  /** setpriv(1) can have a child told when we die. */
  canFollow: boolean
}

/** The account for a cluster: ourselves, or for root the owner of what is there already, or else `nobody`. */
function chooseAccount(cluster: string): Account | undefined {
  const owner = statSync(cluster, { throwIfNoEntry: false })
  const ours = process.getuid?.()
  if (ours === 0) return owner?.uid ? { uid: owner.uid, gid: owner.gid } : nobody()
  if (owner && owner.uid !== ours) {
    throw new EmbeddedPostgresError(
      `The database in ${cluster} belongs to user id ${owner.uid}, and this process has ${ours}: ` +
        `start as root or as that user, or hand it over with \`chown -R ${ours} ${cluster}\`.`,
    )
  }
  try {
    userInfo()
  } catch {
    throw new EmbeddedPostgresError(
      `User id ${ours} has no name in /etc/passwd, which PostgreSQL asks for: run as a user who has one, or set DATABASE_URL.`,
    )
  }
  return undefined
}

function nobody(): Account {
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? []
  if (!Number(uid))
    throw new EmbeddedPostgresError('There is no user `nobody` for the database to run as: add one, or set DATABASE_URL.')
  return { uid: Number(uid), gid: Number(gid) }
}

/** Finds programs that run here, and the way to run them. `major` binds them to an existing cluster. */
export async function choosePlace(dataFolder: string, runFolder: RunFolder, cluster: string, major?: number): Promise<Place> {
  const follow = await run({ file: 'setpriv', args: ['--pdeathsig', 'SIGINT', 'true'] })
  const base = { runFolder, account: chooseAccount(cluster), canFollow: follow.status === 0 }
  const reasons: string[] = []
  for await (const programs of findPrograms()) {
    if (major !== undefined && programs.major !== major) continue
    const found = await fit(dataFolder, { ...base, programs, mounted: base.account !== undefined, refusal: undefined })
    if (typeof found !== 'string') return found
    reasons.push(`${programs.bin}/postgres does not run: ${found}`)
  }
  const why = reasons.length > 0 ? ` (${reasons.join('; ')})` : ''
  const debian = `Debian: \`apt-get install postgresql${major === undefined ? '' : `-${major}`}\``
  throw new EmbeddedPostgresError(
    major === undefined
      ? `No PostgreSQL is shipped for ${process.platform}-${process.arch}, or it does not run here${why}: ` +
          `install PostgreSQL ${oldestMajor} or newer (${debian}), or set DATABASE_URL.`
      : `The database in ${cluster} was made by PostgreSQL ${major}, which is not here${why}: install it (${debian}).`,
  )
}

/** The place made ready for these programs, or why they do not run. */
async function fit(dataFolder: string, wanted: Place): Promise<Place | string> {
  const copies = `${dataFolder}/${names.programs}`
  const copy = areClosed(wanted.programs) && wanted.account ? `${copies}${wanted.programs.version}` : undefined
  removeOtherCopies(copies, copy)
  const place = copy ? { ...wanted, programs: await copyPrograms(wanted.programs, copy) } : wanted
  const answer = await tryVersion(place)
  if (answer === undefined) return place
  if (!place.mounted) return answer

  const mounting = await run(command(place, 'true', place.runFolder.data))
  if (mounting.status === 0) return answer
  mkdirSync(refuge, { recursive: true })
  chmodSync(refuge, 0o755)
  const { programs } = wanted
  const copied = programs.shipped ? await copyPrograms(programs, `${refuge}/programs-${programs.version}`) : programs
  const refused = { ...wanted, programs: copied, mounted: false, refusal: mounting.output.split('\n', 1)[0] ?? '' }
  return (await tryVersion(refused)) ?? refused
}

/** Undefined when the programs run at this place, otherwise what they say. */
async function tryVersion(place: Place): Promise<string | undefined> {
  linkPrograms(place.runFolder, place.programs, place.mounted && place.programs.shipped)
  const { status, output } = await run(command(place, 'postgres', place.runFolder.data, ['--version']), {
    env: environment(place),
  })
  return status === 0 ? undefined : (output.split('\n', 1)[0] ?? '')
}

/** Where the database sees the cluster that we see at `cluster`. */
export const clusterSeen = (place: Place, cluster: string): string => (place.mounted ? place.runFolder.data : cluster)

/** Mounts pairs of folders up to `--`, then becomes the rest: the process id stays the one we started. */
const mountThenRun = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit; shift 2; done; shift; exec "$@"'

/**
 * The command that runs a program on a cluster at this place. `whenWeDie` is what the kernel sends it if we are killed; a
 * comfort that shortens the next start, which stops what is left anyway.
 */
export function command(
  place: Place,
  program: 'postgres' | 'initdb' | 'true',
  cluster: string,
  args: string[] = [],
  whenWeDie: NodeJS.Signals = 'SIGKILL',
): Command {
  const { programs, runFolder, account, mounted } = place
  const bin = mounted && programs.shipped ? `${runFolder.programs}/bin` : programs.bin
  const rest = [program === 'true' ? '/bin/true' : `${bin}/${program}`, ...args]
  const follow = ['--pdeathsig', whenWeDie]
  if (mounted && account) {
    const mounts = [cluster, runFolder.data, ...(programs.shipped ? [programs.root, runFolder.programs] : [])]
    const become = ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--no-new-privs', ...follow]
    const namespace = ['--mount', '--propagation', 'private', '/bin/sh', '-c', mountThenRun, 'sh']
    return { file: 'unshare', args: [...namespace, ...mounts, '--', ...become, '--', ...rest] }
  }
  if (place.canFollow) return { file: 'setpriv', args: [...follow, '--', ...rest], ...account }
  return { file: rest[0] ?? '', args: rest.slice(1), ...account }
}

/** The database's environment; with the links between its libraries where the programs lack them. */
export const environment = (place: Place): Record<string, string> =>
  bareEnvironment(place.programs.missingLinks.length > 0 ? { LD_LIBRARY_PATH: place.runFolder.libraries } : {})
