import type { CodeKind, Role } from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { ActDeps, EventDraft } from '../events/index.ts'
import { mayManage } from '../users/index.ts'
import type { CodesDeps } from './codes.ts'
import { authenticates } from './codes-life.ts'
import { byOf, revokeCodes, successorsOf } from './codes-store.ts'
import { leadsOn } from './manage-code.ts'

type Member = { id: string; kind: CodeKind; userId: string | null; username: string | null; roles: Role[]; claimed: boolean }
/** Codes of a set that were not revoked, or whose printed symbol leads on all the same. */
export type RefusedOfSet = { id: string; code: 'not-found' | 'not-allowed' | 'conflict'; detail: string }[]
export const noSuchCode = { code: 'not-found', detail: 'There is no such code.' } as const

/**
 * Revokes many codes in the caller's transaction: after its commit no process accepts any of them (R20). What the actor may
 * not revoke is named and left, and answered; what was revoked before counts as revoked, and leaves no second event. Each code
 * gets an event of its own beside `event`. Rows are locked in the order of a single revoke: people, what came of claims, codes.
 */
export const revokeSet = async (
  deps: CodesDeps,
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  { ids, reason, results, job }: { ids: readonly string[]; reason: string; results: boolean; job: string },
): Promise<RefusedOfSet> => {
  const { rows } = await sql<Member>`select c.id, c.kind, c.user_id as "userId", u.username, c.claimed_at is not null as claimed,
      array(select role from user_role where user_id = c.user_id) as roles
    from code c left join users u on u.id = c.user_id where c.id = any (${ids}::uuid[]) order by c.id`.execute(tx)
  const found = new Map(rows.map((row) => [row.id, row]))
  const own = roleOf(actor) ?? 'user'
  const mine = rows.filter(({ userId, roles }) => userId === null || mayManage(own, roles))
  const people = [...new Set(mine.flatMap(({ userId }) => userId ?? []))].sort()
  await sql`select id from users where id = any (${people}::uuid[]) order by id for no key update`.execute(tx)
  const ended = new Map<string, string[] | undefined>()
  if (results) for (const code of mine) if (code.claimed) ended.set(code.id, await endResultsOf(deps, tx, actor, code))
  const allowed = mine.map(({ id }) => id).filter((id) => !ended.has(id) || ended.get(id))
  const revoked = await revokeCodes(tx, { ids: allowed }, byOf(actor))
  // what was revoked before, and whose results end only now, is on record too
  const changed = new Set([...revoked.map(({ id }) => id), ...[...ended].flatMap(([id, factors]) => (factors?.length ? id : []))])
  await offerKeys(deps, tx, people)
  for (const id of changed) {
    const { userId, username } = found.get(id) as Member
    event.and('code.revoked', {
      codeId: id,
      ...(userId ? { subject: { kind: 'user', id: userId, name: username ?? '' } } : {}),
      reason,
      detail: { also: results ? ['results'] : [], ...(ended.has(id) ? { factors: ended.get(id) as string[] } : {}), job },
    })
  }
  const may = new Set(allowed)
  // asked when all of the set is revoked: the code that took the place of one may be in it too
  const successors = await successorsOf(tx, allowed)
  return ids.flatMap((id): RefusedOfSet => {
    const successor = successors.get(id)
    if (successor) return [{ id, code: 'conflict', detail: leadsOn(successor) }]
    if (may.has(id)) return []
    if (!found.has(id)) return [{ id, ...noSuchCode }]
    return ended.has(id)
      ? [{ id, code: 'conflict', detail: 'What came of it is all that the last owner can sign in with.' }]
      : [{ id, code: 'not-allowed', detail: 'The code is for a person with more rights.' }]
  })
}
/** What ended; undefined: nothing, for it would have left no owner. */
const endResultsOf = async (
  deps: CodesDeps,
  tx: Tx,
  actor: Actor,
  { id, kind, roles }: Member,
): Promise<string[] | undefined> => {
  if (!authenticates(kind)) return []
  const { endResults } = deps.claimHandlers[kind]
  if (!roles.includes('owner')) return endResults(tx, id, byOf(actor))
  await sql`savepoint results`.execute(tx)
  try {
    return await endResults(tx, id, byOf(actor))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    await sql`rollback to savepoint results`.execute(tx)
    return undefined
  }
}

/** The events of thousands of people are sealed under thousands of keys: one read brings them. */
const offerKeys = async (deps: ActDeps, tx: Tx, people: readonly string[]): Promise<void> => {
  const keys = await tx
    .selectFrom('personKey')
    .select(['userId', 'wrapped'])
    .where('userId', '=', sql<string>`any(${people}::uuid[])`)
    .execute()
  for (const { userId, wrapped } of keys) deps.events.people.offer(userId, wrapped)
}
