import type { Db } from '../../platform/db.ts'
import { Ticker } from '../../platform/ticker.ts'
import { fold, rollUp } from './rollup-store.ts'

/** From so many scans on, a code's counts by dimension are kept; below, adding up its raw rows is quick, and costs no rows of its own. */
const byCodeFrom = 2_000

/** Counts scans in the background: no opening waits for it, and no reader, who adds what it has not reached. */
export class RollupLoop extends Ticker {
  constructor(db: Db) {
    super(
      async () => {
        const rolled = await rollUp(db, byCodeFrom)
        // one that could not be folded now comes again with its next scan
        if (rolled && rolled.grown.length > 0) await fold(db, rolled.grown)
        return rolled !== undefined
      },
      { busyMs: 500, idleMs: 1_000 },
    )
  }
}
