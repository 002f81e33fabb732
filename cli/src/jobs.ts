import { type BulkJob, getBulkJob } from '@postern/contract'
import type { Status } from './command.ts'
import type { Io } from './io.ts'
import { minute } from './text.ts'

const pollMs = 500

export const lineOf = (job: BulkJob): string => {
  const left = job.secondsLeft === null ? '' : `, ${job.secondsLeft} s left`
  const why = job.why === null ? '' : ` (${job.why})`
  return `${job.id}  ${job.action}  ${job.state}${why}  ${job.done} of ${job.total}, ${job.failed} failed${left}`
}
export const isOver = ({ state }: BulkJob): boolean => state !== 'queued' && state !== 'running'
/** Waits until a job is over; on a host without a server it does the work itself. A failed row is told, and no failure of the command. */
export const settled = async (io: Io, id: string): Promise<BulkJob> => {
  const { host } = await io.way()
  for (let said = ''; ; ) {
    await host?.finishJob(id)
    const job = await io.call(getBulkJob, { id })
    if (isOver(job) || io.terminal.signal.aborted) return job
    const line = lineOf(job)
    if (line !== said) io.say(line)
    said = line
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
/** What an ended job says, and how to get at what it made. */
export const report = async (io: Io, job: BulkJob): Promise<Status> => {
  const more = [
    ...(job.results
      ? [`fetch what it made, once, before ${minute(job.results.until)}: postern bulk results ${job.id} --out codes.zip`]
      : []),
    ...(job.failed > 0 ? [`what failed, and why: postern bulk errors ${job.id}`] : []),
  ]
  await io.done(job, `${lineOf(job)}\n${more.map((line) => `${line}\n`).join('')}`)
  return job.state === 'done' ? 0 : 1
}
