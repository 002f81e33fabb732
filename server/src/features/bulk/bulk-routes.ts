import * as contract from '@postern/contract'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route, streamRoute } from '../../platform/route.ts'
import type { CodesDeps } from '../codes/index.ts'
import { bulkCodes, cancelJob, continueJob, tryBulk } from './bulk.ts'
import { errorsOf, findJob, readJob, readJobs } from './bulk-read.ts'
import { takeResults } from './bulk-results.ts'
import { codeImport, userImport } from './imports.ts'

export const bulkRoutes = (deps: CodesDeps & { poke: () => void }): Route[] => {
  const found = async (id: string): Promise<contract.BulkJob> => {
    const job = await readJob(deps.db, fromId(id))
    if (!job) throw new Refusal('not-found')
    return job
  }
  return [
    route(contract.bulkCodes, async ({ actor, input }) => {
      if (input.dryRun) return { value: await tryBulk(deps, input) }
      const job = await bulkCodes(deps, actor, input)
      deps.poke()
      return { value: job }
    }),
    ...(
      [
        [contract.importUsers, userImport],
        [contract.importCodes, codeImport],
      ] as const
    ).map(([endpoint, { check, run }]) =>
      route(endpoint, async ({ actor, input }) => {
        if (input.dryRun) return { value: await check(deps, actor, input.csv) }
        const job = await run(deps, actor, input)
        deps.poke()
        return { value: job }
      }),
    ),
    route(contract.listBulkJobs, async ({ input }) => ({ value: await readJobs(deps.db, input) })),
    route(contract.getBulkJob, async ({ input }) => ({ value: await found(input.id) })),
    route(contract.cancelBulkJob, async ({ actor, input }) => ({ value: await cancelJob(deps, actor, input) })),
    route(contract.resumeBulkJob, async ({ actor, input }) => {
      const job = await continueJob(deps, actor, input)
      deps.poke()
      return { value: job }
    }),
    streamRoute(contract.bulkResults, ({ actor, input }) => takeResults(deps, actor, input)),
    streamRoute(contract.bulkErrors, async ({ input }) => {
      const id = fromId(input.id)
      const job = await findJob(deps.db, deps.keys, id)
      if (!job) throw new Refusal('not-found')
      return errorsOf(deps.db, deps.keys, { jobId: id, action: job.action, language: input.language ?? 'en' })
    }),
  ]
}
