import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { EmbeddedPostgresError } from './error.ts'
import { readIfThere } from './files.ts'
import { isAlive, run, until } from './process.ts'

/** Fast shutdown, immediate shutdown, the end: how long each may take, in milliseconds. All of them keep what was acknowledged. */
const steps = [
  { signal: 'SIGINT', limit: 10_000 },
  { signal: 'SIGQUIT', limit: 5_000 },
  { signal: 'SIGKILL', limit: 5_000 },
] as const

/**
 * Stops what a killed server left on a cluster: a postmaster, or backends that outlived theirs. The caller holds the lock of
 * the data folder, so no living server of ours owns them. Answers whether there was anything to stop.
 */
export async function stopLeftover(cluster: string): Promise<boolean> {
  const pidFile = `${cluster}/postmaster.pid`
  const [first, recordedFolder] = (readIfThere(pidFile) ?? '').split('\n')
  const postmaster = Math.abs(Number(first)) // negative: a single-user postgres
  if (!postmaster) return false // PostgreSQL removes the file last of all, so nothing is left

  const left = () => processesOn(cluster, postmaster, recordedFolder)
  const found = (await left()).length > 0
  for (const { signal, limit } of found ? steps : []) {
    const running = await left()
    const targets = running.includes(postmaster) && signal !== 'SIGKILL' ? [postmaster] : running
    for (const pid of targets) send(pid, signal)
    if (await until(limit, async () => (await left()).length === 0)) break
    if (signal !== 'SIGKILL') continue
    throw new EmbeddedPostgresError(
      `An old PostgreSQL (process ${postmaster}) on ${cluster} does not end: stop it, then start again.`,
    )
  }
  // The id may belong to somebody else by now (a container starts counting at 1), whom PostgreSQL would take for its like.
  // A dead id stays: PostgreSQL then looks for its shared memory itself, which is one more guard.
  if (isTaken(postmaster)) rmSync(pidFile, { force: true })
  return found
}

/** Whether the id stands for any process, be it a zombie or another user's. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The postgres processes that work in this cluster. Others are never named, so never signalled. */
async function processesOn(cluster: string, postmaster: number, recordedFolder = ''): Promise<number[]> {
  if (process.platform !== 'linux') return (await isPostgresOn(postmaster, recordedFolder)) ? [postmaster] : []
  const { dev, ino } = statSync(cluster)
  const pids = readdirSync('/proc').map(Number).filter(Boolean)
  return pids.filter((pid) => {
    try {
      // not in a shell that stands in the folder; its name survives in comm though PostgreSQL rewrites its command line
      if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'postgres') return false
      return isAlive(pid) && worksIn(pid, { dev, ino }, pid === postmaster ? recordedFolder : undefined)
    } catch {
      return false // it ended meanwhile
    }
  })
}

/** Compares inodes, not paths: a database in a mount namespace of its own sees its folder under another path. */
function worksIn(pid: number, folder: { dev: number; ino: number }, recordedFolder: string | undefined): boolean {
  try {
    const cwd = statSync(`/proc/${pid}/cwd`)
    return cwd.dev === folder.dev && cwd.ino === folder.ino
  } catch (error) {
    // root without CAP_SYS_PTRACE, as in a container, may not ask; everybody may read a command line
    if ((error as NodeJS.ErrnoException).code !== 'EACCES' || !recordedFolder) return false
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(recordedFolder)
  }
}

async function isPostgresOn(pid: number, recordedFolder: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  const { output } = await run({ file: 'ps', args: ['-ww', '-o', 'args=', '-p', String(pid)] })
  return output.includes('postgres') && output.includes(`-D ${recordedFolder}`)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it ended meanwhile
  }
}
