import { parentPort } from 'node:worker_threads'
import { Refusal } from '../../platform/refusal.ts'
import { drawNow } from './draw.ts'
import { proveNow } from './prove.ts'
import type { Answer, Job } from './workshop.ts'

const outcomeOf = async (job: Job): Promise<unknown> =>
  job.kind === 'prove' ? proveNow(job.design, job.logo, job.text) : drawNow(job.text, job.look, job.output)

/** One job after the other, in the order they came. */
let last: Promise<void> = Promise.resolve()
parentPort?.on('message', ({ id, job }: { id: number; job: Job }) => {
  const answer = (rest: object): void => parentPort?.postMessage({ id, ...rest } as Answer)
  last = last.then(async () => {
    try {
      answer({ value: await outcomeOf(job) })
    } catch (error) {
      // an error loses its class on the way between threads
      if (error instanceof Refusal) answer({ refused: { code: error.code, why: error.why, errors: error.extras.errors ?? [] } })
      else answer({ error })
    }
  })
})
