import * as contract from '@postern/contract'
import { type Route, route } from '../../platform/route.ts'
import type { ActDeps } from '../events/index.ts'
import { countHistorical, readHistorical } from './historical-read.ts'
import { purgeHistorical } from './purge.ts'
import { compareFingerprints, openPurgeScan } from './purge-scans.ts'

export const historicalRoutes = (deps: ActDeps): Route[] => [
  route(contract.listHistorical, async ({ input }) => ({ value: await readHistorical(deps.db, input) })),
  route(contract.countHistorical, async ({ input }) => ({ value: await countHistorical(deps.db, input) })),
  route(contract.purgeHistorical, async ({ actor, input }) => ({ value: await purgeHistorical(deps, actor, input) })),
  route(contract.openPurgeScan, async ({ actor }) => ({ value: await openPurgeScan(deps, actor) })),
  route(contract.compareFingerprints, async ({ actor, input }) => ({ value: await compareFingerprints(deps, actor, input) })),
]
