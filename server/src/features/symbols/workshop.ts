import { Worker } from 'node:worker_threads'
import type { Design, Problem, Proof, RefusalCode } from '@postern/contract'
import { Refusal } from '../../platform/refusal.ts'
import { drawNow, type Look, type Output } from './draw.ts'
import { isPlain } from './plain.ts'
import { sampleText } from './prove.ts'

export type Job =
  | { kind: 'prove'; design: Design; logo: Uint8Array | null; text: string }
  | { kind: 'draw'; text: string; look: Look; output: Output }
export type Answer = { id: number } & (
  | { value: unknown }
  | { refused: { code: RefusalCode; why: string; errors: NonNullable<Problem['errors']> } }
  | { error: unknown }
)

/** So many may wait; the next is told to come again, for each takes up to a second and all wait in one line. */
const mostWaiting = 16

/** One thread for what is too heavy for the event loop. It begins with the first job and does not keep the process alive. */
let worker: Worker | undefined
let lastId = 0
const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>()

const start = (): Worker => {
  const started = new Worker(new URL('./proof-worker.ts', import.meta.url), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  started.on('message', (answer: Answer) => {
    const { resolve, reject } = waiting.get(answer.id) ?? {}
    waiting.delete(answer.id)
    if (waiting.size === 0) started.unref()
    if ('value' in answer) resolve?.(answer.value)
    else if ('refused' in answer)
      reject?.(new Refusal(answer.refused.code, answer.refused.why, { errors: answer.refused.errors }))
    else reject?.(answer.error)
  })
  const broken = (error: unknown): void => {
    worker = undefined
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  started.once('error', broken)
  started.once('exit', (code) => broken(new Error(`the thread that draws symbols ended with ${code}`)))
  return started
}
const doneApart = (job: Job): Promise<unknown> =>
  new Promise((resolve, reject) => {
    if (waiting.size >= mostWaiting)
      return reject(new Refusal('unavailable', `${mostWaiting} symbols wait to be drawn or proved`, { retryAfter: 5 }))
    worker ??= start()
    worker.ref()
    waiting.set(++lastId, { resolve, reject })
    return worker.postMessage({ id: lastId, job })
  })

/** Tries a design with every reader. `logo` is a PNG by cleanLogo; `text` something as long as what will be printed. */
export const prove = async (design: Design, logo: Uint8Array | null = null, text: string = sampleText): Promise<Proof> =>
  (await doneApart({ kind: 'prove', design, logo, text })) as Proof

/** A symbol as a file, read back before it leaves. Refuses what has too little contrast. */
export const drawSymbol = async (text: string, look: Look, output: Output): Promise<Buffer> =>
  isPlain(look.design) && (output.format === 'svg' || output.format === 'png')
    ? drawNow(text, look, output)
    : Buffer.from((await doneApart({ kind: 'draw', text, look, output })) as Uint8Array)
