import type pg from 'pg'
import { Group } from '../../platform/group.ts'
import { type Acceptance, accept, type Reservation, type Reserved, reserve, type Verdict } from './passcode-statements.ts'

/**
 * Guesses and sign-ins of a group at most. While the database has one, this process works on those of the one before;
 * where all that wait go together, each waits for the other: a tenth of the rate, measured at 10, 16, 22 and without end.
 */
const maxGroup = 22
/** The hot path of the passcode: two groups, each one statement and one commit. */
export class Passcodes {
  readonly reserve: Group<Reservation, Reserved>
  readonly accept: Group<Acceptance, Verdict>
  constructor(hot: pg.Pool) {
    this.reserve = new Group({
      run: (entries) => reserve(hot, entries),
      keyOf: (entry) => entry.browserHash.toString('latin1'),
      maxGroup,
    })
    this.accept = new Group({ run: (entries) => accept(hot, entries), keyOf: (entry) => entry.userId, maxGroup })
  }
  async drain(): Promise<void> {
    await this.reserve.drain()
    await this.accept.drain()
  }
}
