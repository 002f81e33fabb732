import * as contract from '@postern/contract'
import type { Db } from '../../platform/db.ts'
import { fromId } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { isCode, versionsBetween } from '../codes/index.ts'
import { readCounts } from './analytics-read.ts'
import { periodOf } from './analytics-rules.ts'

export const analyticsRoutes = ({ db }: { db: Db }): Route[] => [
  route(contract.scanAnalytics, async ({ input: { code, from, to, zone, ...filters } }) => {
    const period = periodOf(from, to, zone, Date.now())
    if (!period)
      throw invalid('from', 'a period of the years 1000 to 9998 that begins before it ends, and is no longer than two years')
    const codeId = code && fromId(code)
    if (codeId && !(await isCode(db, codeId))) throw new Refusal('not-found')
    const [start, end] = [new Date(period.from), new Date(period.to)]
    const [counts, versions] = await Promise.all([
      readCounts(db, codeId, period, filters),
      codeId ? versionsBetween(db, codeId, start, end) : [],
    ])
    return {
      value: {
        from: start.toISOString(),
        to: end.toISOString(),
        grain: period.grain,
        zone,
        ...counts,
        versions: versions.map(({ version, at, changed }) => ({ version, at: at.toISOString(), changed })),
      },
    }
  }),
]
