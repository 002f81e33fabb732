import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Measured } from './load.ts'
import { processorMs } from './proc.ts'
import { scratchFolder } from './servers.ts'

/** `texts`: whole HTTP/1.1 requests, sent in turn; each answer must have the status `expected`. */
type WrkJob = { port: number; concurrency: number; seconds: number; texts: string[]; expected: number }

/**
 * Debian's wrk: one thread, a closed loop over keep-alive connections. It takes a fifth of the processor time of a generator in
 * Node, where that counts: on a machine that the load, the server and the database share. What is under way when the time is
 * over has been sent, and is not counted as answered.
 */
export const wrk = async (
  { port, concurrency, seconds, texts, expected }: WrkJob,
  pids: readonly number[],
): Promise<Omit<Measured, 'statuses'> & { answered: number }> => {
  const file = join(scratchFolder(), 'requests')
  writeFileSync(file, texts.join('\0'), 'latin1')
  const script = join(import.meta.dirname, 'wrk.lua')
  const url = `http://127.0.0.1:${port}/`
  const before = processorMs(pids)
  const { stdout } = await promisify(execFile)('wrk', [
    ...['-t1', `-c${concurrency}`, `-d${seconds}s`, '-s', script, url],
    ...['--', String(expected), file],
  ])
  const used = processorMs(pids) - before
  const fields = /^measured (.+)$/m.exec(stdout)?.[1]
  if (fields === undefined) throw new Error(`wrk said: ${stdout}`)
  // times in microseconds
  const [answered, duration, p50, p99, wrong, errors] = fields.split(' ').map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (wrong + errors > 0) throw new Error(`${wrong} of ${answered} were not answered ${expected}, ${errors} connections failed`)
  return {
    rate: answered / (duration / 1e6),
    p50: p50 / 1e3,
    p99: p99 / 1e3,
    processorMs: used / answered,
    answered,
  }
}
