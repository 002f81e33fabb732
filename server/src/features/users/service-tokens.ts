import { hash, randomBytes } from 'node:crypto'
import type { In, Role, Scope, ServiceToken } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type pg from 'pg'
import { type Actor, type LiveToken, roleOf } from '../../platform/actor.ts'
import { byteas, int4s } from '../../platform/columns.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { Group } from '../../platform/group.ts'
import { cursorId, fromId, toId, uuid7 } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import { Refusal } from '../../platform/refusal.ts'
import { Remembered } from '../../platform/remember.ts'
import { type ActDeps, act } from '../events/index.ts'
import { atLeast } from './users-rules.ts'

/** `pst_`, 43 characters of base64url, and 6 of a checksum, so that secret scanners can tell a real one. */
const newServiceToken = (): string => {
  const body = randomBytes(32).toString('base64url')
  return `pst_${body}${checksum(body)}`
}
const checksum = (body: string): string => hash('sha256', `pst_${body}`, 'base64url').slice(0, 6)
export const looksLikeServiceToken = (token: string): boolean =>
  /^pst_[\w-]{49}$/.test(token) && checksum(token.slice(4, 47)) === token.slice(47)

const needsRole: Record<Scope, Role> = { operator: 'operator', auditor: 'auditor', enrolment: 'operator', metrics: 'operator' }

/** Never more than the role of its maker: asked here, and again at each use, for makers change. */
export const createToken = (deps: ActDeps, actor: Actor, input: In<typeof contract.createToken>) =>
  act(deps, actor, { type: 'token.created', endpoint: contract.createToken }, async (tx, event) => {
    const id = uuid7()
    event.about({ subject: { kind: 'token', id, name: input.name }, detail: { scopes: input.scopes } })
    const own = roleOf(actor) ?? 'user'
    if (actor.kind === 'token') throw new Refusal('not-allowed', 'a token makes no tokens')
    if (!input.scopes.every((scope) => atLeast(own, needsRole[scope])))
      throw new Refusal('not-allowed', 'more than the role of its maker')
    const token = newServiceToken()
    const row = await tx
      .insertInto('serviceToken')
      .values({
        id,
        hash: deps.keys.hash('token', token),
        name: input.name,
        scopes: input.scopes,
        role:
          input.scopes.includes('operator') || input.scopes.includes('enrolment') || input.scopes.includes('metrics')
            ? 'operator'
            : 'auditor',
        createdBy: actor.kind === 'user' ? actor.id : null,
        createdByName: actor.kind === 'user' ? actor.username : actor.kind === 'host' ? actor.name : '',
        expiresAt: sql<Date>`now() + ${input.expiresInDays} * interval '1 day'`,
        lastUsedAt: null,
        revokedAt: null,
      })
      .returning('expiresAt')
      .executeTakeFirstOrThrow()
    return { id: toId('tok', id), token, expiresAt: row.expiresAt.toISOString() }
  })

export const revokeToken = (deps: ActDeps, actor: Actor, input: In<typeof contract.revokeToken>) =>
  act(deps, actor, { type: 'token.revoked', endpoint: contract.revokeToken }, async (tx, event) => {
    const id = fromId(input.id)
    const found = await tx.selectFrom('serviceToken').select('name').where('id', '=', id).executeTakeFirst()
    if (!found) throw new Refusal('not-found')
    event.about({ subject: { kind: 'token', id, name: found.name } })
    await tx
      .updateTable('serviceToken')
      .set({ revokedAt: sql<Date>`now()` })
      .where('id', '=', id)
      .where('revokedAt', 'is', null)
      .execute()
    return undefined
  })

type Dated = { createdAt: Date; expiresAt: Date; lastUsedAt: Date | null }
/** What is read of a token, as it is shown. */
const shown = <T extends Dated>(row: T): Omit<T, keyof Dated> & Pick<LiveToken, keyof Dated> => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
})
const toServiceToken = (token: Omit<LiveToken, 'role'>, revokedAt: Date | null): ServiceToken => ({
  id: toId('tok', token.id),
  name: token.name,
  scopes: token.scopes,
  createdBy: token.createdByName,
  createdAt: token.createdAt,
  expiresAt: token.expiresAt,
  lastUsedAt: token.lastUsedAt,
  revokedAt: revokedAt?.toISOString() ?? null,
})
export const listTokens = async (
  db: Db,
  input: In<typeof contract.listTokens>,
): Promise<{ items: ServiceToken[]; nextCursor: string | null }> => {
  let query = db
    .selectFrom('serviceToken')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(input.limit + 1)
  if (input.cursor) query = query.where('id', '<', cursorId('tok', input.cursor))
  const rows = await query.execute()
  const page = rows.slice(0, input.limit)
  return {
    items: page.map((row) => toServiceToken(shown(row), row.revokedAt)),
    nextCursor: rows.length > input.limit ? toId('tok', (page.at(-1) as { id: string }).id) : null,
  }
}

/** The facts of a token that calls, as its check read them. */
export const currentToken = (actor: Actor): ServiceToken => {
  if (actor.kind !== 'token')
    throw new Refusal('not-found', 'no token', { detail: 'This call was not made with a service token.' })
  return toServiceToken(actor, null)
}

/** A token is live by this condition alone: its own row, and its maker active and still of the role. */
const live = `t.revoked_at is null and t.expires_at > now() and (t.created_by is null or (u.state = 'active' and exists (select from user_role r
  where r.user_id = u.id and (r.role in ('operator', 'owner') or (r.role = 'auditor' and t.role = 'auditor')))))`

/** `version` of a row is the transaction that wrote it (xmin): another one with every change, also with one made by hand. */
type Checked = { n: number; id: string; version: string; used: number | null; stale: boolean }
type Facts = Omit<LiveToken, 'lastUsedAt'>
/**
 * Checks tokens at the point of use, those that come together in one statement. Whether one is good, and when it was used,
 * is read each time; what it may do and is called is remembered, of the version of its row that the check names.
 */
export class TokenReader {
  readonly #keys: Keys
  readonly #hot: pg.Pool
  readonly #group: Group<Buffer, Checked | undefined>
  readonly #facts = new Remembered<Facts>(1_000)
  constructor(hot: pg.Pool, keys: Keys) {
    this.#keys = keys
    this.#hot = hot
    this.#group = new Group({ run: (hashes) => checkTokens(hot, hashes), lanes: 2 })
  }
  /** `first`: this use is the first of its minute, decided by the row, so that it is on record once a minute. */
  async find(token: string): Promise<{ token: LiveToken; first: boolean } | undefined> {
    const checked = await this.#group.submit(this.#keys.hash('token', token))
    if (!checked) return undefined
    const facts = this.#facts.get(`${checked.id} ${checked.version}`) ?? (await this.#read(checked.id))
    if (!facts) return undefined
    const lastUsedAt = checked.used === null ? null : new Date(checked.used).toISOString()
    return { token: { ...facts, lastUsedAt }, first: checked.stale && (await this.#markUse(checked.id)) }
  }
  /** A row that changed after the check is newer than it and no less true; one that ended meanwhile is found no more. */
  async #read(id: string): Promise<Facts | undefined> {
    const { rows } = await this.#hot.query<Omit<LiveToken, keyof Dated> & Dated & { version: string }>({
      name: 'token-facts',
      text: `select t.xmin::text as version, t.id, t.name, t.scopes, t.role, t.created_by_name as "createdByName", t.created_at as "createdAt",
          t.expires_at as "expiresAt", null as "lastUsedAt" from service_token t left join users u on u.id = t.created_by where t.id = $1 and ${live}`,
      values: [id],
    })
    const [row] = rows
    if (!row) return undefined
    const { version, lastUsedAt: _, ...facts } = shown(row)
    this.#facts.set(`${id} ${version}`, facts)
    return facts
  }
  async #markUse(id: string): Promise<boolean> {
    const { rowCount } = await this.#hot.query({
      name: 'token-use',
      text: `update service_token set last_used_at = now() where id = $1 and coalesce(last_used_at < now() - interval '1 min', true)`,
      values: [id],
    })
    return rowCount === 1
  }
  drain(): Promise<void> {
    return this.#group.drain()
  }
}
const checkTokens = async (hot: pg.Pool, hashes: readonly Buffer[]): Promise<(Checked | undefined)[]> => {
  const { rows } = await hot.query<Checked>({
    name: 'token-check',
    text: `select b.n, t.id, t.xmin::text as version, ((date_part('epoch', t.last_used_at) * 1000000)::int8 / 1000)::float8 as used,
        coalesce(t.last_used_at < now() - interval '1 min', true) as stale
      from unnest($1::int[], $2::bytea[]) b(n, hash) join service_token t on t.hash = b.hash left join users u on u.id = t.created_by where ${live}`,
    values: [int4s(hashes.map((_, at) => at)), byteas(hashes)],
  })
  const found = new Map(rows.map((row) => [row.n, row]))
  return hashes.map((_, at) => found.get(at))
}

/** The same in a transaction, for the gate of a change. */
export const findLiveToken = async (tx: Tx | Db, id: string): Promise<{ scopes: Scope[]; role: Role } | undefined> => {
  const { rows } = await sql<{
    scopes: Scope[]
    role: Role
  }>`select t.scopes, t.role from service_token t left join users u on u.id = t.created_by
    where t.id = ${id} and ${sql.raw(live)}`.execute(tx)
  return rows[0]
}
