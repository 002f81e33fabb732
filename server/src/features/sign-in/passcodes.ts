import type pg from 'pg'
import { Group } from '../../platform/group.ts'
import { type Asked, type Found, type Guess, judge, look, type Verdict } from './passcode-statements.ts'

/**
 * Guesses and sign-ins of a group at most. While the database has one, this process works on those of the one before;
 * where all that wait go together, each waits for the other: a tenth of the rate, measured at 10, 16, 22 and without end.
 */
const maxGroup = 22
/** The hot path of the passcode: a group that reads, and one that decides, each one statement. */
export class Passcodes {
  readonly look: Group<Asked, Found>
  readonly judge: Group<Guess, Verdict>
  constructor(hot: pg.Pool) {
    this.look = new Group({ run: (entries) => look(hot, entries), maxGroup })
    // one guess of a person in a group, and their guesses in the order in which they came: so each is counted by itself
    this.judge = new Group({ run: (guesses) => judge(hot, guesses), keyOf: (guess) => guess.userId, maxGroup })
  }
  async drain(): Promise<void> {
    await this.look.drain()
    await this.judge.drain()
  }
}
