import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Db, Tx } from '../../platform/db.ts'
import type { Keys } from '../../platform/keys.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    personKey: { userId: string; dataKeyId: number; wrapped: Buffer }
  }
}

/**
 * One key a person seals what events hold of them; deleting its row erases the person.
 * Opened keys are kept in memory to save work: what a stale one seals is noise once its row is gone.
 */
export class PersonKeys {
  readonly #db: Db
  readonly #keys: Keys
  readonly #opened = new Map<string, KeyObject>()
  constructor(db: Db, keys: Keys) {
    this.#db = db
    this.#keys = keys
  }
  async create(tx: Tx, userId: string): Promise<void> {
    const plain = randomBytes(32)
    const wrapped = this.#keys.seal('person', rowOf(userId), plain)
    await tx
      .insertInto('personKey')
      .values({ userId, dataKeyId: wrapped.readUInt32BE(0), wrapped })
      .execute()
    this.#remember(userId, createSecretKey(plain))
  }
  async find(userId: string): Promise<KeyObject | undefined> {
    const opened = this.#opened.get(userId)
    if (opened) return opened
    const row = await this.#db.selectFrom('personKey').select('wrapped').where('userId', '=', userId).executeTakeFirst()
    return row && this.#open(userId, row.wrapped)
  }
  /** For statements that bring a person's row along: saves the read of `find`. */
  offer(userId: string, wrapped: Buffer): void {
    if (!this.#opened.has(userId)) this.#open(userId, wrapped)
  }
  #open(userId: string, wrapped: Buffer): KeyObject {
    const key = createSecretKey(this.#keys.unseal(rowOf(userId), wrapped))
    this.#remember(userId, key)
    return key
  }
  #remember(userId: string, key: KeyObject): void {
    if (this.#opened.size >= 20_000) this.#opened.clear()
    this.#opened.set(userId, key)
  }
}
const rowOf = (userId: string) => ({ table: 'person_key', row: userId, user: userId })
