import { type StdioOptions, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { readIfThere } from './files.ts'

/** What to start: a file with its arguments, and as whom. `uid` and `gid` are absent when the process stays who we are. */
export type Command = { file: string; args: string[]; uid?: number; gid?: number }

/** `status` is -1 when the file could not be started or a signal ended it; `output` is stdout and stderr, trimmed. */
export type Outcome = { status: number; output: string }

/**
 * Only what PostgreSQL needs: our own environment holds secrets (DATABASE_URL, SMTP passwords), and everything that runs
 * as `nobody` could read them in /proc.
 */
export function bareEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  return { PATH: `${process.env.PATH ?? ''}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`, LC_ALL: 'C', TZ: 'UTC', ...extra }
}

/** Runs a command to its end. Never throws: what went wrong is in the outcome. `fd` becomes descriptor 3 of the child. */
export function run(
  command: Command,
  options: { input?: string; fd?: number; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const { file, args, ...account } = command
  const stdio: StdioOptions = [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe']
  if (options.fd !== undefined) stdio.push(options.fd)
  return new Promise((resolve) => {
    const child = spawn(file, args, { ...account, cwd: '/', env: bareEnvironment(options.env), stdio })
    let output = ''
    const collect = (text: Buffer) => {
      output += text.toString()
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    child.on('error', (error) => resolve({ status: -1, output: error.message }))
    child.on('close', (code) => resolve({ status: code ?? -1, output: output.trim() }))
    child.stdin?.on('error', () => undefined) // it ended before it read all: its status tells
    child.stdin?.end(options.input)
  })
}

/** Writes all that is cached to the disks, for trees of files that others wrote. */
export async function syncEverything(): Promise<void> {
  await run({ file: 'sync', args: [] })
}

/** Whether a process with this id exists, whoever it belongs to, and is not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return statFields(pid)?.[0] !== 'Z'
}

/** Whether a SIGKILL is on its way to a process, or it is being taken apart: `kill -9` returns long before that is over. */
export function isDying(pid: number): boolean {
  const exiting = 0x4 // PF_EXITING of linux/sched.h
  if ((Number(statFields(pid)?.[6]) & exiting) !== 0) return true
  const pending = [...(readIfThere(`/proc/${pid}/status`) ?? '').matchAll(/^(?:SigPnd|ShdPnd):\s*(\w+)$/gm)]
  return pending.some(([, mask]) => (BigInt(`0x${mask}`) & (1n << 8n)) !== 0n)
}

/** The start of a process in clock ticks since boot: with its id it names one process for good. Linux only. */
export function startTicks(pid: number): string | undefined {
  return statFields(pid)?.[19]
}

/** /proc/PID/stat from the state on (field 3 of proc(5)); the name before it may hold blanks and parentheses. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** Polls until `holds`; false when `limit` passed without it. Both times are in milliseconds. */
export async function until(limit: number, holds: () => boolean | Promise<boolean>, interval = 10): Promise<boolean> {
  for (const end = performance.now() + limit; ; await pause(interval)) {
    if (await holds()) return true
    if (performance.now() > end) return false
  }
}
