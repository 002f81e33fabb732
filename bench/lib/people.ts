import { createHash, createHmac, generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto'
import type { Core } from '@postern/server'
import { sql } from 'kysely'

/** A browser's key and the proofs it makes (RFC 9449): ours to write, so that the server's own code does not check itself. */
export class BrowserKey {
  readonly #private: KeyObject
  readonly #head: string
  /** RFC 7638. */
  readonly thumbprint: Buffer
  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x, y } = publicKey.export({ format: 'jwk' })
    this.#private = privateKey
    this.#head = base64url({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty: 'EC', crv: 'P-256', x, y } })
    this.thumbprint = createHash('sha256').update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest()
  }
  proof(htm: string, htu: string): string {
    const signed = `${this.#head}.${base64url({ htm, htu, iat: Math.floor(Date.now() / 1_000), jti: randomUUID() })}`
    return `${signed}.${sign('sha256', Buffer.from(signed), { key: this.#private, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
}
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** RFC 6238 with what authenticator apps take for granted: SHA-1, six digits, 30 s. */
export const passcodeNow = (secret: Buffer): string => {
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const mac = createHmac('sha1', secret).update(step).digest()
  return String((mac.readUInt32BE((mac[19] as number) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** A UUID of version 7, as the product makes them: the order of ids is the order of time, which indexes feel. */
const uuid = (): string => {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

export type Person = { id: string; secret: Buffer; browser: BrowserKey }

/** People with an active TOTP secret, written in bulk and sealed by the server's own keys, as enrolment leaves them. */
export const addPeople = async ({ db, keys }: Core, n: number): Promise<Person[]> => {
  const people = Array.from({ length: n }, () => ({ id: uuid(), secret: randomBytes(20), browser: new BrowserKey() }))
  const rows = people.map(({ id, secret }) => {
    const totp = uuid()
    return {
      id,
      name: `u${id.slice(0, 8)}${id.slice(24)}`,
      totp,
      sealed: keys.seal('totp', { table: 'totp', row: totp, user: id }, secret),
      wrapped: keys.seal('person', { table: 'person_key', row: id, user: id }, randomBytes(32)),
    }
  })
  await sql`
    with b as (select * from unnest(${rows.map((r) => r.id)}::uuid[], ${rows.map((r) => r.name)}::text[], ${rows.map((r) => r.totp)}::uuid[],
        ${rows.map((r) => r.sealed)}::bytea[], ${rows.map((r) => r.wrapped)}::bytea[], ${rows.map((r) => r.wrapped.readUInt32BE(0))}::int[]) b(id, name, totp, sealed, wrapped, kid)),
      u as (insert into users (id, username, username_key) select id, name, name from b),
      r as (insert into user_role (user_id, role) select id, 'user' from b),
      p as (insert into person_key (user_id, data_key_id, wrapped) select id, kid, wrapped from b)
    insert into totp (user_id, id, state, sealed, confirmed_at) select id, totp, 'active', sealed, now() from b`.execute(db)
  return people
}

/** A sign-in of each person whose password is proved and whose passcode is awaited. Answers the cookies. */
export const addSignIns = async ({ db, keys }: Core, people: readonly Person[]): Promise<string[]> => {
  const tokens = people.map(() => randomBytes(32).toString('base64url'))
  await sql`
    insert into sign_in (id, browser_hash, key_thumbprint, user_id, proved, proved_at, expires_at, epoch)
    select id, hash, thumb, person, '{password}', now(), now() + interval '15 min', (select epoch from deployment)
    from unnest(${people.map(uuid)}::uuid[], ${tokens.map((token) => keys.hash('sign-in', token))}::bytea[],
      ${people.map((each) => each.browser.thumbprint)}::bytea[], ${people.map((each) => each.id)}::uuid[]) b(id, hash, thumb, person)`.execute(
    db,
  )
  return tokens
}

/** An open session of each person. Answers the cookies. */
export const addSessions = async ({ db, keys }: Core, people: readonly Person[]): Promise<string[]> => {
  const tokens = people.map(() => randomBytes(32).toString('base64url'))
  await sql`
    insert into session (hash, id, user_id, key_thumbprint, acr, amr, expires_at, epoch)
    select hash, id, person, thumb, 'aal2', '{pwd,otp,mfa}', now() + interval '12 h', (select epoch from deployment)
    from unnest(${people.map(uuid)}::uuid[], ${tokens.map((token) => keys.hash('session', token))}::bytea[],
      ${people.map((each) => each.browser.thumbprint)}::bytea[], ${people.map((each) => each.id)}::uuid[]) b(id, hash, thumb, person)`.execute(
    db,
  )
  return tokens
}

/** Service tokens made on the host. */
export const addTokens = async ({ db, keys }: Core, n: number, role: 'auditor' | 'operator' = 'auditor'): Promise<string[]> => {
  const tokens = Array.from({ length: n }, () => {
    const body = randomBytes(32).toString('base64url')
    return `pst_${body}${createHash('sha256').update(`pst_${body}`).digest('base64url').slice(0, 6)}`
  })
  await sql`
    insert into service_token (id, hash, name, scopes, role, created_by_name, expires_at)
    select id, hash, 'bench', array[${role}::text], ${role}, 'host:bench', now() + interval '1 day'
    from unnest(${tokens.map(uuid)}::uuid[], ${tokens.map((token) => keys.hash('token', token))}::bytea[]) b(id, hash)`.execute(
    db,
  )
  return tokens
}
