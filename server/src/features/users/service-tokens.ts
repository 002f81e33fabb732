import { createHash, randomBytes } from 'node:crypto'
import type { In, Role, Scope, ServiceToken } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Db } from '../../platform/db.ts'
import { fromId, toId, uuid7 } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type ActDeps, act } from '../events/index.ts'
import { atLeast } from './users-rules.ts'

/** `pst_`, 43 characters of base64url, and 6 of a checksum, so that secret scanners can tell a real one. */
const newServiceToken = (): string => {
  const body = randomBytes(32).toString('base64url')
  return `pst_${body}${checksum(body)}`
}
const checksum = (body: string): string => createHash('sha256').update(`pst_${body}`).digest('base64url').slice(0, 6)
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

export const listTokens = async (
  db: Db,
  input: In<typeof contract.listTokens>,
): Promise<{ items: ServiceToken[]; nextCursor: string | null }> => {
  let query = db
    .selectFrom('serviceToken')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(input.limit + 1)
  if (input.cursor) query = query.where('id', '<', fromId(input.cursor))
  const rows = await query.execute()
  const shown = rows.slice(0, input.limit)
  return {
    items: shown.map((row) => ({
      id: toId('tok', row.id),
      name: row.name,
      scopes: row.scopes,
      createdBy: row.createdByName,
      createdAt: row.createdAt.toISOString(),
      expiresAt: row.expiresAt.toISOString(),
      lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
      revokedAt: row.revokedAt?.toISOString() ?? null,
    })),
    nextCursor: rows.length > input.limit ? toId('tok', (shown.at(-1) as { id: string }).id) : null,
  }
}

export type LiveToken = { id: string; name: string; scopes: Scope[]; role: Role; makerId: string | null }
/** The token's row, read at the point of use: live, and its maker active and still of the role. Marks the use, by the minute. */
export const findLiveToken = async (db: Db, keys: Keys, token: string): Promise<LiveToken | undefined> => {
  const row = await liveTokens(db).where('t.hash', '=', keys.hash('token', token)).executeTakeFirst()
  if (!row) return undefined
  if (row.stale) await db.updateTable('serviceToken').set({ lastUsedAt: sql<Date>`now()` }).where('id', '=', row.id).execute()
  return { id: row.id, name: row.name, scopes: row.scopes, role: row.role, makerId: row.createdBy }
}
export const liveTokens = (db: Db) =>
  db
    .selectFrom('serviceToken as t')
    .leftJoin('users as u', 'u.id', 't.createdBy')
    .select([
      't.id',
      't.name',
      't.scopes',
      't.role',
      't.createdBy',
      sql<boolean>`coalesce(t.last_used_at < now() - interval '1 min', true)`.as('stale'),
    ])
    .where('t.revokedAt', 'is', null)
    .where('t.expiresAt', '>', sql<Date>`now()`)
    .where((e) =>
      e.or([
        e('t.createdBy', 'is', null),
        e.and([
          e('u.state', '=', 'active'),
          e.exists(
            e
              .selectFrom('userRole as r')
              .select('r.role')
              .whereRef('r.userId', '=', 'u.id')
              .where((r) =>
                r.or([
                  r('r.role', 'in', ['operator', 'owner']),
                  r.and([r('r.role', '=', 'auditor'), r('t.role', '=', 'auditor')]),
                ]),
              ),
          ),
        ]),
      ]),
    )
