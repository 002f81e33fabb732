import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from './db.ts'
import { randomSlice } from './random.ts'

declare module './db.ts' {
  interface Tables {
    dataKey: {
      id: import('kysely').Generated<number>
      purpose: string
      wrapped: Buffer
      state: import('kysely').Generated<'active' | 'decrypt-only' | 'destroyed'>
    }
    deployment: {
      one: import('kysely').Generated<boolean>
      id: import('kysely').Generated<string>
      epoch: import('kysely').Generated<number>
      masterKeyId: string
      rpId: string | null
    }
  }
}

/** What data keys seal. A key of one purpose opens nothing of another. */
export const purposes = ['totp', 'password', 'person', 'answers', 'pepper'] as const
export type Purpose = (typeof purposes)[number] | `nobody-${string}`
/** A label a kind of token: a hash of one kind never matches one of another. */
export type TokenKind =
  | 'code'
  | 'activation'
  | 'session'
  | 'next-session'
  | 'sign-in'
  | 'token'
  | 'recovery-code'
  | 'confirm'
  | 'challenge'
  | 'frames'
  | 'frame-ticket'
  | 'moving-code'
  | 'claim-browser'
  | 'download'
  | 'idempotency'
  | 'address'
  | 'unknown-user'
  | 'nonce'

const derive = (key: Buffer, label: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `postern/${label}`, 32)))

/** The stable id of a master key: the database keeps it, so that a wrong file stops the start. */
export const masterKeyId = (master: Buffer): string =>
  Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), 'postern/master-key-id', 16)).toString('hex')

const ivBytes = 12
const tagBytes = 16
/** AES-256-GCM (SP 800-38D) with a random 96-bit IV: `iv ‖ ciphertext ‖ tag`. Keys are KeyObjects: a Buffer costs four times as much. */
export const encrypt = (key: KeyObject, plain: Buffer, aad: string): Buffer => {
  const iv = randomSlice(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(aad))
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}
/** Throws where key, row or bytes are not the ones that were sealed. */
export const decrypt = (key: KeyObject, sealed: Buffer, aad: string): Buffer => {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(aad))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  return Buffer.concat([decipher.update(sealed.subarray(ivBytes, sealed.length - tagBytes)), decipher.final()])
}

export type SealedRow = { table: string; row: string; user: string }

/** The deployment's keys in memory: opened once at start from the rows that the master key wraps. */
export class Keys {
  readonly #wrapping: KeyObject
  readonly #byId = new Map<number, KeyObject>()
  readonly #active = new Map<Purpose, number>()
  readonly #labels = new Map<TokenKind, KeyObject>()
  #pepper: Buffer = Buffer.alloc(0)
  readonly #db: Db

  private constructor(db: Db, master: Buffer) {
    this.#db = db
    this.#wrapping = derive(master, 'wrap')
  }

  /** Reads the data keys, making those that are missing; the master key's id must be the database's. */
  static async open(db: Db, master: Buffer): Promise<Keys> {
    const keys = new Keys(db, master)
    for (const purpose of purposes) await keys.#ensure(purpose)
    return keys
  }

  async #ensure(purpose: Purpose): Promise<number> {
    const fresh = randomBytes(32)
    await this.#db
      .insertInto('dataKey')
      .values({ purpose, wrapped: encrypt(this.#wrapping, fresh, `data_key|${purpose}`) })
      .onConflict((on) => on.column('purpose').where('state', '=', sql.lit('active')).doNothing())
      .execute()
    const rows = await this.#db
      .selectFrom('dataKey')
      .select(['id', 'wrapped', 'state'])
      .where('purpose', '=', purpose)
      .where('state', '<>', 'destroyed')
      .execute()
    for (const row of rows) {
      const plain = decrypt(this.#wrapping, row.wrapped, `data_key|${purpose}`)
      if (purpose === 'pepper') this.#pepper = plain
      this.#byId.set(row.id, createSecretKey(plain))
      if (row.state === 'active') this.#active.set(purpose, row.id)
    }
    return this.#active.get(purpose) as number
  }

  /** `kid ‖ iv ‖ ciphertext ‖ tag`; the additional data name table, row and person, so ciphertexts cannot be swapped between rows. */
  seal(purpose: (typeof purposes)[number], row: SealedRow, plain: Buffer): Buffer {
    const kid = this.#active.get(purpose) as number
    const head = Buffer.alloc(4)
    head.writeUInt32BE(kid)
    return Buffer.concat([head, encrypt(this.#byId.get(kid) as KeyObject, plain, aadOf(row, kid))])
  }
  unseal(row: SealedRow, sealed: Buffer): Buffer {
    const kid = sealed.readUInt32BE(0)
    const key = this.#byId.get(kid)
    if (!key) throw new Error(`data key ${kid} is not there`)
    return decrypt(key, sealed.subarray(4), aadOf(row, kid))
  }

  /** The key that seals a stranger's data in the month of `at`; destroyed by retention. */
  async nobodyKey(at: Date): Promise<{ kid: number; key: KeyObject }> {
    const purpose: Purpose = `nobody-${at.toISOString().slice(0, 7)}`
    const kid = this.#active.get(purpose) ?? (await this.#ensure(purpose))
    return { kid, key: this.#byId.get(kid) as KeyObject }
  }
  /** Loads a key that another process made after our start. */
  async keyById(kid: number): Promise<KeyObject | undefined> {
    if (!this.#byId.has(kid)) {
      const row = await this.#db
        .selectFrom('dataKey')
        .select(['purpose'])
        .where('id', '=', kid)
        .where('state', '<>', 'destroyed')
        .executeTakeFirst()
      if (row) await this.#ensure(row.purpose as Purpose)
    }
    return this.#byId.get(kid)
  }

  /** HMAC-SHA-256 under a key of the kind's own; 32 bytes. Enough for tokens of 112 bits and more (ASVS 6.5.2). */
  hash(kind: TokenKind, token: string | Buffer): Buffer {
    let key = this.#labels.get(kind)
    if (!key) {
      key = derive(this.#pepper, `hash/${kind}`)
      this.#labels.set(kind, key)
    }
    return createHmac('sha256', key).update(token).digest()
  }
}

const aadOf = (row: SealedRow, kid: number): string => `1|${row.table}|${row.row}|${row.user}|${kid}`

/** 32 random bytes in base64url: codes, cookies, confirm tokens. */
export const newToken = (): string => randomSlice(32).toString('base64url')

/** The epoch that single-use rows must carry: a restore or a lossy promotion adds one. For use inside a statement. */
export const currentEpoch = sql<number>`(select epoch from deployment)`
