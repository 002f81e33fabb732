import type { In, OpenSession, Session } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, type LiveSession, roleOf } from '../../platform/actor.ts'
import type { Db } from '../../platform/db.ts'
import { cursorId, fromId, toId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { type ActDeps, act, notify } from '../events/index.ts'
import { freshSeconds } from '../policies/index.ts'
import { lockPerson, mayManage } from '../users/index.ts'
import { endSessions, endUnbound } from './sessions-store.ts'

export const toSession = (row: LiveSession): Session => ({
  id: toId('ses', row.id),
  user: { id: toId('usr', row.userId), username: row.username, displayName: row.displayName, roles: row.roles },
  assurance: { acr: row.acr, amr: row.amr, authTime: row.provedAt.toISOString() },
  scope: row.scope,
  ...(row.codeId ? { codeId: toId('cod', row.codeId) } : {}),
  ...(row.deviceId ? { device: { id: toId('dev', row.deviceId), name: row.deviceName ?? '' } } : {}),
  idleExpiresAt: row.idleExpiresAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  freshUntil: new Date(row.provedAt.getTime() + freshSeconds * 1_000).toISOString(),
  recoveryCodesLeft: row.recoveryCodesLeft,
  ...(row.renewal ? { renewal: 'totp' as const } : {}),
})

type UserActor = Extract<Actor, { kind: 'user' }>
/** Calls about oneself are a session's; the gate has let nobody else through. */
export const asUser = (actor: Actor): UserActor => {
  if (actor.kind !== 'user') throw new Refusal('no-session', 'nobody is signed in')
  return actor
}

/** A session's cookie came without its key: it authorises nothing, and where a script or another browser sent it, the session ends. */
export const refuseUnbound = async (
  deps: ActDeps,
  session: LiveSession,
  stranger: Actor,
  ends: boolean,
  why: string,
): Promise<never> => {
  await act(deps, stranger, { type: 'session.binding', endpoint: contract.deploymentInfo }, async (_tx, event) => {
    event.about({
      subject: { kind: 'user', id: session.userId, name: session.username },
      sessionId: session.id,
      detail: { ended: ends ? 'yes' : 'no' },
    })
    throw new Refusal('session-binding', why, {
      keep: async (kept, eventId) => {
        if (!ends) return undefined
        const ended = await endUnbound(kept, session)
        if (ended > 0) await notify(kept, 'session-binding', eventId, session.userId)
        return undefined
      },
      endsSession: ends,
    })
  })
  throw new Error('unreachable')
}

const openSessions = async (db: Db, filter: { userId?: string; before?: string; limit: number; current?: string }) => {
  let query = db
    .selectFrom('session as s')
    .innerJoin('users as u', 'u.id', 's.userId')
    .select([
      's.id',
      's.userId',
      'u.username',
      's.acr',
      's.amr',
      's.provedAt',
      's.scope',
      's.browser',
      's.platform',
      's.deviceType',
      's.country',
      's.codeId',
      's.createdAt',
      's.seenAt',
      's.expiresAt',
    ])
    .where('s.endedAt', 'is', null)
    .where('s.expiresAt', '>', sql<Date>`now()`)
    .where(sql<boolean>`s.seen_at > now() - s.idle and s.epoch = (select epoch from deployment) and u.state = 'active'`)
    .orderBy('s.id', 'desc')
    .limit(filter.limit + 1)
  if (filter.userId) query = query.where('s.userId', '=', filter.userId)
  if (filter.before) query = query.where('s.id', '<', filter.before)
  const rows = await query.execute()
  const items = rows.slice(0, filter.limit).map((row): OpenSession & { user: { id: string; username: string } } => ({
    id: toId('ses', row.id),
    user: { id: toId('usr', row.userId), username: row.username },
    current: row.id === filter.current,
    assurance: { acr: row.acr, amr: row.amr, authTime: row.provedAt.toISOString() },
    scope: row.scope,
    browser: row.browser,
    platform: row.platform,
    deviceType: row.deviceType,
    country: row.country,
    codeId: row.codeId ? toId('cod', row.codeId) : null,
    createdAt: row.createdAt.toISOString(),
    seenAt: row.seenAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  }))
  return { items, nextCursor: rows.length > filter.limit ? (items.at(-1) as { id: string }).id : null }
}

const signOut = (deps: ActDeps, actor: Actor) =>
  act(deps, actor, { type: 'session.ended', endpoint: contract.signOut }, async (tx, event) => {
    const { id, session } = asUser(actor)
    event.about({ sessionId: session.id, detail: { why: 'signed out' } })
    await lockPerson(tx, id)
    await endSessions(tx, { userId: id, only: session.id }, 'signed out')
    // a pending key is not left behind (threat 9); one that was claimed on another phone is that phone's, and ends with its claim
    await sql`delete from totp t where t.user_id = ${id} and t.state = 'pending'
      and not exists (select from claim c where c.totp_id = t.id and c.ended_at is null and c.expires_at > now())`.execute(tx)
    return undefined
  })
const endMine = (deps: ActDeps, actor: Actor, input: In<typeof contract.endMySession>) =>
  act(deps, actor, { type: 'session.ended', endpoint: contract.endMySession }, async (tx, event) => {
    const { id } = asUser(actor)
    const sessionId = fromId(input.id)
    event.about({ sessionId, detail: { why: 'signed out by its owner' } })
    if ((await endSessions(tx, { userId: id, only: sessionId }, 'signed out by its owner')) === 0) throw new Refusal('not-found')
    return undefined
  })
const endMyOthers = (deps: ActDeps, actor: Actor) =>
  act(deps, actor, { type: 'session.ended', endpoint: contract.endMyOtherSessions }, async (tx, event) => {
    const { id, session } = asUser(actor)
    await lockPerson(tx, id)
    const ended = await endSessions(tx, { userId: id, except: session.id }, 'signed out by its owner')
    event.about({ detail: { why: 'all others signed out by their owner', ended } })
    return { ended }
  })
const endAnyones = (deps: ActDeps, actor: Actor, input: In<typeof contract.endSession>) =>
  act(deps, actor, { type: 'session.ended', endpoint: contract.endSession }, async (tx, event) => {
    const sessionId = fromId(input.id)
    const found = await tx
      .selectFrom('session')
      .innerJoin('users', 'users.id', 'session.userId')
      .select(['userId', 'username'])
      .where('session.id', '=', sessionId)
      .executeTakeFirst()
    if (!found) throw new Refusal('not-found')
    event.about({
      subject: { kind: 'user', id: found.userId, name: found.username },
      sessionId,
      detail: { why: 'ended by an operator' },
    })
    const roles = await tx.selectFrom('userRole').select('role').where('userId', '=', found.userId).execute()
    if (
      !mayManage(
        roleOf(actor) ?? 'user',
        roles.map((row) => row.role),
      )
    )
      throw new Refusal('not-allowed', 'the person has more rights than the caller')
    if ((await endSessions(tx, { userId: found.userId, only: sessionId }, 'ended by an operator')) === 0)
      throw new Refusal('not-found', 'already ended')
    return undefined
  })

export const sessionsRoutes = (deps: ActDeps): Route[] => [
  // the gate read it for this very request
  route(contract.currentSession, async ({ actor }) => ({ value: toSession(asUser(actor).session) })),
  route(contract.signOut, async ({ actor }) => ({ value: await signOut(deps, actor), session: null })),
  route(contract.mySessions, async ({ actor }) => {
    const { id, session } = asUser(actor)
    return { value: await openSessions(deps.db, { userId: id, current: session.id, limit: 200 }) }
  }),
  route(contract.endMySession, async ({ actor, input }) => {
    await endMine(deps, actor, input)
    return { value: undefined, ...(asUser(actor).session.id === fromId(input.id) ? { session: null } : {}) }
  }),
  route(contract.endMyOtherSessions, async ({ actor }) => ({ value: await endMyOthers(deps, actor) })),
  route(contract.listSessions, async ({ actor, input }) => ({
    value: await openSessions(deps.db, {
      limit: input.limit,
      ...(input.userId ? { userId: fromId(input.userId) } : {}),
      ...(input.cursor ? { before: cursorId('ses', input.cursor) } : {}),
      ...(actor.kind === 'user' ? { current: actor.session.id } : {}),
    }),
  })),
  route(contract.endSession, async ({ actor, input }) => ({ value: await endAnyones(deps, actor, input) })),
]
