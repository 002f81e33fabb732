import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs'
import { EmbeddedPostgresError } from './error.ts'
import { names, readIfThere } from './files.ts'
import { isAlive, isDying, run, startTicks, until } from './process.ts'

/** BSD's and macOS's open(2) can lock; Node names the flag nowhere. */
const exclusiveLockOnMac = 0x20

/** How long a start waits for a process that was killed a moment ago to let go of its lock, in milliseconds. */
const longestDeath = 3_000

/** `markReady` tells other processes that the database takes connections; `release` frees the data folder. */
export type Lock = { markReady(): void; release(): void }

/**
 * Takes the data folder for this process. The lock is a flock(2) on a descriptor that only we hold, so the kernel frees it
 * with our last breath, kill -9 included, and no id or clock decides who may have it. Node has no flock: util-linux's takes
 * it on the descriptor it inherits, and since a flock belongs to the open file and not to a process, it stays with us.
 */
export async function lockDataFolder(dataFolder: string): Promise<Lock> {
  const path = `${dataFolder}/${names.lock}`
  const onMac = process.platform === 'darwin'
  const flags = constants.O_RDWR | constants.O_CREAT | (onMac ? exclusiveLockOnMac | constants.O_NONBLOCK : 0)
  let fd: number
  try {
    fd = openSync(path, flags, 0o600)
  } catch (error) {
    if (onMac && (error as NodeJS.ErrnoException).code === 'EAGAIN') throw taken(dataFolder)
    throw error
  }
  if (!onMac) {
    let { status, output } = await flock(fd)
    let seenWell = 0
    const settled = async () => {
      if (status !== 1) return true
      const holder = lockHolder(dataFolder)
      seenWell = holder && !isDying(holder.pid) ? seenWell + 1 : 0
      if (seenWell > 1)
        return true // twice, for between a signal and its effect nothing shows for a moment
      ;({ status, output } = await flock(fd))
      return false
    }
    await until(longestDeath, settled, 50)
    if (status !== 0) closeSync(fd)
    if (status === 1) throw taken(dataFolder)
    if (output.includes('ENOENT')) throw new EmbeddedPostgresError('The command `flock` is missing: install util-linux.')
    if (status !== 0) throw new EmbeddedPostgresError(`${path} cannot be locked: ${output}`)
  }
  const note = (state: string) => writeSync(fd, `${process.pid} ${startTicks(process.pid) ?? '-'} ${state}\n`, 0)
  ftruncateSync(fd)
  note('starting')
  return {
    markReady: () => note('ready   '), // as long as the word before: one write, so a reader sees either line
    release() {
      ftruncateSync(fd)
      closeSync(fd)
    },
  }
}

const flock = (fd: number) => run({ file: 'flock', args: ['-n', '3'] }, { fd })

/** The process that wrote itself into the lock, if it is still there. Takes no lock itself, so it disturbs no start. */
export function lockHolder(dataFolder: string): { pid: number; isReady: boolean } | undefined {
  const [id, ticks, state] = (readIfThere(`${dataFolder}/${names.lock}`) ?? '').split(' ')
  const pid = Number(id)
  if (!(pid > 0) || !isAlive(pid) || (startTicks(pid) ?? '-') !== ticks) return undefined
  return { pid, isReady: state === 'ready' }
}

function taken(dataFolder: string): EmbeddedPostgresError {
  const holder = lockHolder(dataFolder)
  const who = holder ? `Another Postern process (${holder.pid})` : 'Another Postern process'
  return new EmbeddedPostgresError(`${who} is using ${dataFolder}: stop it first, or set POSTERN_DATA to another folder.`)
}
