import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Design, Proof, RefusalCode } from '@postern/contract'
import { Refusal, type RefusalExtras } from '../../platform/refusal.ts'
import { drawNow, isQuick, type Look, type Output } from './draw.ts'
import type { Judged } from './judge-photo.ts'
import type { KitLook } from './look-rules.ts'
import { sampleText } from './prove.ts'

export type Job =
  | { kind: 'prove'; design: Design; logo: Uint8Array | null; text: string }
  | { kind: 'draw'; text: string; look: Look; outputs: readonly Output[] }
  | { kind: 'photo'; bytes: Uint8Array; text: string | undefined; looks: readonly KitLook[] }
export type Answer = { id: number } & (
  | { value: unknown }
  | { refused: { code: RefusalCode; why: string; extras: Pick<RefusalExtras, 'detail' | 'errors'> } }
  | { error: unknown }
)
type Waiting = { resolve: (value: unknown) => void; reject: (error: unknown) => void }
type Rules = { most: number; full: string; seconds?: number; idleSeconds?: number }

/**
 * One thread for what is too heavy for the event loop, one job after the other. It begins with the first and does not keep the
 * process alive. `most` may wait; the next is told to come again. Where a job may take only so many `seconds`, the thread that
 * overruns is ended, with whoever waits in its line: nothing else stops a reader. After `idleSeconds` with nothing to do it
 * ends too, for each takes tens of megabytes.
 */
export class Workshop {
  readonly #rules: Rules
  #worker: Worker | undefined
  #lastId = 0
  #waiting = new Map<number, Waiting>()
  #watch: NodeJS.Timeout | undefined
  #idle: NodeJS.Timeout | undefined
  constructor(rules: Rules) {
    this.#rules = rules
  }
  done(job: Job): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { most, full } = this.#rules
      if (this.#waiting.size >= most) return reject(new Refusal('unavailable', `${most} ${full}`, { retryAfter: 5 }))
      clearTimeout(this.#idle)
      this.#worker ??= this.#start()
      this.#worker.ref()
      this.#waiting.set(++this.#lastId, { resolve, reject })
      if (this.#waiting.size === 1) this.#begin()
      return this.#worker.postMessage({ id: this.#lastId, job })
    })
  }
  #start(): Worker {
    const started = new Worker(new URL('./proof-worker.ts', import.meta.url), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    started.on('message', (answer: Answer) => {
      const { resolve, reject } = this.#waiting.get(answer.id) ?? {}
      this.#waiting.delete(answer.id)
      this.#begin()
      if (this.#waiting.size === 0) this.#rest(started)
      if ('value' in answer) resolve?.(answer.value)
      else if ('refused' in answer) reject?.(new Refusal(answer.refused.code, answer.refused.why, answer.refused.extras))
      else reject?.(answer.error)
    })
    started.once('error', (error) => this.#end(started, error))
    started.once('exit', (code) => this.#end(started, new Error(`the thread that draws symbols ended with ${code}`)))
    return started
  }
  #rest(thread: Worker): void {
    thread.unref()
    const { idleSeconds } = this.#rules
    if (idleSeconds === undefined) return
    this.#idle = setTimeout(() => {
      if (this.#worker !== thread) return
      this.#worker = undefined
      void thread.terminate()
    }, idleSeconds * 1_000).unref()
  }
  /** A thread that was ended before says so again when it is gone. */
  #end(thread: Worker, error: unknown): void {
    if (this.#worker !== thread) return
    this.#worker = undefined
    clearTimeout(this.#watch)
    const all = [...this.#waiting.values()]
    this.#waiting = new Map()
    for (const { reject } of all) reject(error)
  }
  /** The clock of the job that is next in the thread. */
  #begin(): void {
    clearTimeout(this.#watch)
    const [thread, { seconds }] = [this.#worker, this.#rules]
    if (seconds === undefined || this.#waiting.size === 0 || !thread) return
    this.#watch = setTimeout(() => {
      this.#end(thread, new Refusal('unavailable', `took longer than ${seconds} s`, { retryAfter: 5 }))
      void thread.terminate()
    }, seconds * 1_000)
    this.#watch.unref()
  }
}

/** Each proof or drawing takes up to a second, and all wait in one line. */
const drawings = new Workshop({ most: 16, full: 'symbols wait to be drawn or proved' })
/**
 * A line of their own: photos come from anybody, and must not keep operators from their symbols. One takes about a third of a
 * second; a thread that gives way to all others takes many times that where the machine is busy.
 */
const photos = new Workshop({ most: 4, full: 'photos wait to be judged', seconds: 30 })
const doneApart = (job: Job): Promise<unknown> => drawings.done(job)

/** Reads a photo and lays its symbol beside looks, apart: see judgePhotoNow. */
export const judgePhoto = async (
  bytes: Uint8Array,
  text: string | undefined,
  looks: readonly KitLook[],
): Promise<Judged | null> => (await photos.done({ kind: 'photo', bytes, text, looks })) as Judged | null

/** Tries a design with every reader. `logo` is a PNG by cleanLogo; `text` something as long as what will be printed. */
export const prove = async (design: Design, logo: Uint8Array | null = null, text: string = sampleText): Promise<Proof> =>
  (await doneApart({ kind: 'prove', design, logo, text })) as Proof

/** A symbol as files, read back before they leave. Refuses what has too little contrast. */
export const drawFiles = async (text: string, look: Look, outputs: readonly Output[]): Promise<Buffer[]> =>
  outputs.every((output) => isQuick(look.design, output))
    ? drawNow(text, look, outputs)
    : buffers(await doneApart({ kind: 'draw', text, look, outputs }))
export const drawSymbol = async (text: string, look: Look, output: Output): Promise<Buffer> =>
  (await drawFiles(text, look, [output]))[0] as Buffer
/** Bytes lose their class on the way between threads. */
const buffers = (files: unknown): Buffer[] =>
  (files as Uint8Array[]).map((file) => Buffer.from(file.buffer, file.byteOffset, file.length))

/**
 * Lines of their own for the symbols of jobs, which come by the thousand: who wants one symbol does not wait behind them.
 * None is refused, for what a job made can be fetched once; each zip has two in a line at most.
 */
const lines = Array.from(
  { length: Math.min(4, availableParallelism()) },
  () => new Workshop({ most: Number.POSITIVE_INFINITY, full: '', idleSeconds: 10 }),
)
/** Files of many symbols, in their order, drawn while what was drawn before them is taken away. All apart, also plain ones. */
export async function* drawMany(
  symbols: Iterable<{ text: string; look: Look }>,
  outputs: readonly Output[],
): AsyncGenerator<Buffer[]> {
  const under: Promise<unknown>[] = []
  const left = symbols[Symbol.iterator]()
  let begun = 0
  const more = (): void => {
    const { value, done } = left.next()
    if (done) return
    const drawn = (lines[begun++ % lines.length] as Workshop).done({ kind: 'draw', outputs, ...value })
    // whoever stops taking them is told of nothing more
    drawn.catch(() => undefined)
    under.push(drawn)
  }
  // each line has one in hand and one to go on with
  for (let n = 0; n < 2 * lines.length; n++) more()
  for (let next = under.shift(); next; next = under.shift()) {
    const files = await next
    more()
    yield buffers(files)
  }
}
