import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { processorMs } from './proc.ts'

/** A whole HTTP/1.1 request as it goes over the wire, and to which of the job's ports. */
export type Shot = { to: number; text: string }
export type Job = { ports: number[]; concurrency: number; shots: Shot[]; keep: boolean }
export type Outcome = {
  seconds: number
  /** Of each request, in the order of the shots. */
  statuses: Uint16Array
  latencies: Float64Array
  /** Whole answers, where the job asked to keep them. */
  answers: string[]
}
export type Measured = { rate: number; p50: number; p99: number; processorMs: number; statuses: Uint16Array }

/** Quantile of sorted numbers. */
const at = (sorted: Float64Array, q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
export const quantile = (numbers: readonly number[], q: number): number => at(Float64Array.from(numbers).sort(), q)
export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5)

/** The load generator: a process of its own, so that it shares no event loop with what it measures or with what prepares. */
export class Generator {
  readonly #child: ChildProcess
  constructor() {
    this.#child = fork(join(import.meta.dirname, 'generator.ts'), { serialization: 'advanced' })
    process.on('exit', () => this.#child.kill('SIGKILL'))
  }
  run(job: Job): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('the load generator ended'))
      this.#child.once('exit', gone)
      this.#child.once('message', (outcome) => {
        this.#child.off('exit', gone)
        if ('error' in (outcome as object)) reject(new Error((outcome as { error: string }).error))
        else resolve(outcome as Outcome)
      })
      this.#child.send(job)
    })
  }
  /** Runs a job and counts what `pids` (servers, the postmaster) and their children used of the processor meanwhile. */
  async measure(job: Omit<Job, 'keep'>, pids: readonly number[]): Promise<Measured> {
    const before = processorMs(pids)
    const { seconds, statuses, latencies } = await this.run({ ...job, keep: false })
    const used = processorMs(pids) - before
    const sorted = latencies.sort()
    return {
      rate: statuses.length / seconds,
      p50: at(sorted, 0.5),
      p99: at(sorted, 0.99),
      processorMs: used / statuses.length,
      statuses,
    }
  }
  stop(): void {
    this.#child.removeAllListeners()
    this.#child.kill()
  }
}

/** Writes a request. `host` is the name the server serves; the connection itself goes to 127.0.0.1. */
export const request = (method: string, path: string, headers: Record<string, string>, body?: string): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  if (body !== undefined) lines.push(`content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}
/** Cookies that an answer set, as a Cookie header; the body, chunked or not. */
export const cookiesOf = (answer: string): string =>
  [...answer.slice(0, answer.indexOf('\r\n\r\n')).matchAll(/^set-cookie: ([^=\r\n]+=[^;\r\n]+)/gim)]
    .map((found) => found[1])
    .join('; ')
export const jsonOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1))

/** Fails where a measured request was not answered as it should be: a fast refusal would look like speed. */
export const requireAll = (statuses: Uint16Array, right: number, what: string): void => {
  const wrong = statuses.filter((status) => status !== right)
  if (wrong.length > 0)
    throw new Error(`${what}: ${wrong.length} of ${statuses.length} answered ${[...new Set(wrong)].join(', ')}, not ${right}`)
}
