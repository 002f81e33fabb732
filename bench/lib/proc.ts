import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

// proc(5): the fields of /proc/PID/stat behind the name, which may hold blanks and brackets
const stat = (pid: number): string[] | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(') ') + 2).split(' ')
  } catch {
    return undefined
  }
}
const ticksASecond = Number(execFileSync('getconf', ['CLK_TCK']).toString())

const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => Number(stat(pid)?.[1]) === parent)

/** Processor milliseconds of a process and of its children, those that have ended among them (a pool closes connections). */
export const processorMs = (pids: readonly number[]): number => {
  let ticks = 0
  for (const pid of pids) {
    const own = stat(pid)
    if (!own) continue
    // utime, stime, cutime, cstime
    for (const at of [11, 12, 13, 14]) ticks += Number(own[at])
    for (const child of childrenOf(pid)) {
      const fields = stat(child)
      if (fields) ticks += Number(fields[11]) + Number(fields[12])
    }
  }
  return (ticks * 1_000) / ticksASecond
}

/** A process and all that descend from it. */
export const family = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(family)]

/** Proportional set size in MiB: shared pages count once over all processes that share them. */
export const pssMiB = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    try {
      return sum + Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
    } catch {
      return sum
    }
  }, 0) / 1_024
