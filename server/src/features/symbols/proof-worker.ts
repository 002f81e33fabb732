import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { Refusal } from '../../platform/refusal.ts'
import { drawNow } from './draw.ts'
import { judgePhotoNow } from './judge-photo.ts'
import { proveNow } from './prove.ts'
import type { Answer, Job } from './workshop.ts'

// Linux knows priorities of threads: on few processors drawing gives way to the event loop. Where it may not, it does not.
if (process.platform === 'linux')
  try {
    setPriority(5)
  } catch {}

const outcomeOf = async (job: Job): Promise<unknown> => {
  if (job.kind === 'prove') return proveNow(job.design, job.logo, job.text)
  return job.kind === 'draw' ? drawNow(job.text, job.look, job.outputs) : judgePhotoNow(job.bytes, job.text, job.looks)
}

/** One job after the other, in the order they came. */
let last: Promise<void> = Promise.resolve()
parentPort?.on('message', ({ id, job }: { id: number; job: Job }) => {
  const answer = (rest: object): void => parentPort?.postMessage({ id, ...rest } as Answer)
  last = last.then(async () => {
    try {
      answer({ value: await outcomeOf(job) })
    } catch (error) {
      // an error loses its class on the way between threads
      if (error instanceof Refusal) answer({ refused: { code: error.code, why: error.why, extras: error.extras } })
      else answer({ error })
    }
  })
})
