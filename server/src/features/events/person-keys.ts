import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Db, Tx } from '../../platform/db.ts'
import type { Keys } from '../../platform/keys.ts'
import { Remembered } from '../../platform/remember.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    personKey: { userId: string; dataKeyId: number; wrapped: Buffer }
  }
}

/**
 * One key a person seals what events hold of them; deleting its row erases the person.
 * Wrapped keys are kept in memory to save a read: what a stale one seals is noise once its row is gone. They are opened anew
 * at each use: an open one is two native objects, and thousands that die together hold up the process for 50 ms and more.
 */
export class PersonKeys {
  readonly #db: Db
  readonly #keys: Keys
  readonly #wrapped = new Remembered<string>(10_000)
  constructor(db: Db, keys: Keys) {
    this.#db = db
    this.#keys = keys
  }
  async create(tx: Tx, userId: string): Promise<void> {
    const wrapped = this.#keys.seal('person', rowOf(userId), randomBytes(32))
    await tx
      .insertInto('personKey')
      .values({ userId, dataKeyId: wrapped.readUInt32BE(0), wrapped })
      .execute()
    this.offer(userId, wrapped)
  }
  async find(userId: string): Promise<KeyObject | undefined> {
    const known = this.#wrapped.get(userId)
    if (known) return this.#open(userId, Buffer.from(known, 'latin1'))
    const row = await this.#db.selectFrom('personKey').select('wrapped').where('userId', '=', userId).executeTakeFirst()
    if (!row) return undefined
    this.offer(userId, row.wrapped)
    return this.#open(userId, row.wrapped)
  }
  /** For statements that bring a person's row along: saves the read of `find`. */
  offer(userId: string, wrapped: Buffer): void {
    this.#wrapped.set(userId, wrapped.toString('latin1'))
  }
  #open(userId: string, wrapped: Buffer): KeyObject {
    return createSecretKey(this.#keys.unseal(rowOf(userId), wrapped))
  }
}
const rowOf = (userId: string) => ({ table: 'person_key', row: userId, user: userId })
