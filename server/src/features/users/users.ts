import type { Endpoint, In, User } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, type PersonActor, roleOf } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId, uuid7 } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { changedMeanwhile } from '../../platform/versions.ts'
import { type ActDeps, act, type EventDraft } from '../events/index.ts'
import { readUser } from './users-read.ts'
import { mayManage } from './users-rules.ts'
import { findUser, insertUser, lockPerson, requireOwnerLeft, setRoles, type UserRow } from './users-store.ts'

/** A person who can be acted on by this actor; 404 for an unknown id, 403 for one with more rights. */
export const manageable = async (tx: Tx, actor: Actor, id: string): Promise<UserRow> => {
  const user = await findUser(tx, id)
  if (!user) throw new Refusal('not-found')
  if (!mayManage(roleOf(actor) ?? 'user', user.roles))
    throw new Refusal('not-allowed', 'the person has more rights than the caller')
  return user
}

/**
 * The lock of an act on oneself, and then the gate once more: what held the lock before may have suspended this very person, or
 * ended this session, after act() had asked.
 */
export const lockSelf = async (deps: Pick<ActDeps, 'mayDo'>, tx: Tx, person: PersonActor, endpoint: Endpoint): Promise<void> => {
  await lockPerson(tx, person.id)
  await deps.mayDo(tx, person, endpoint)
}

export const createUser = (deps: ActDeps, actor: Actor, input: In<typeof contract.createUser>): Promise<User> =>
  act(deps, actor, { type: 'user.created', endpoint: contract.createUser }, async (tx, event) => {
    const id = await addUser(deps, tx, actor, event, input)
    return (await readUser(tx, id)) as User
  })
/** Creates a person in the caller's transaction; answers their id. Nobody makes a person with more rights than their own. */
export const addUser = async (
  deps: ActDeps,
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  input: In<typeof contract.createUser>,
): Promise<string> => {
  const roles = input.roles ?? ['user']
  const id = uuid7()
  event.about({ subject: { kind: 'user', id, name: input.username }, detail: { roles } })
  if (!mayManage(roleOf(actor) ?? 'user', roles)) throw new Refusal('not-allowed', 'more rights than the caller has')
  if (actor.kind === 'token' && !actor.scopes.includes('operator') && roles.some((role) => role !== 'user'))
    throw new Refusal('not-allowed', 'scope enrolment creates plain users only')
  const user = {
    id,
    username: input.username,
    displayName: input.displayName ?? '',
    email: input.email ?? null,
    state: 'active' as const,
  }
  if (!(await insertUser(tx, user))) {
    event.about({ subject: { kind: 'user', id: null, name: input.username } })
    throw new Refusal('conflict', 'user name taken', {
      detail: 'This user name is taken.',
      errors: [{ path: 'username', message: 'taken', code: 'taken' }],
    })
  }
  await deps.events.people.create(tx, id)
  await setRoles(tx, id, roles)
  return id
}

export const updateUser = (deps: ActDeps, actor: Actor, input: In<typeof contract.updateUser>, version: number): Promise<User> =>
  act(deps, actor, { type: 'user.updated', endpoint: contract.updateUser }, async (tx, event) => {
    const id = fromId(input.id)
    const before = await manageable(tx, actor, id)
    const newRoles = input.roles && !sameRoles(input.roles, before.roles) ? input.roles : undefined
    const changed = [
      ...(['displayName', 'email'] as const).filter((name) => input[name] !== undefined && input[name] !== before[name]),
      ...(newRoles ? ['roles'] : []),
    ]
    event.about({
      subject: { kind: 'user', id, name: before.username },
      detail: { changed, ...(newRoles ? { roles: newRoles } : {}) },
    })
    const updated = await tx
      .updateTable('users')
      .set({
        ...(input.displayName === undefined ? {} : { displayName: input.displayName }),
        ...(input.email === undefined ? {} : { email: input.email }),
        version: sql<number>`version + ${changed.length > 0 ? 1 : 0}`,
      })
      .where('id', '=', id)
      .where('version', '=', version)
      .where('state', '<>', 'offboarded')
      .returning('id')
      .executeTakeFirst()
    if (!updated) {
      if (before.state === 'offboarded')
        throw new Refusal('conflict', 'off-boarded', { detail: 'This person was off-boarded; nothing of theirs can be changed.' })
      throw changedMeanwhile('this person')
    }
    event.changesNothing = changed.length === 0
    if (newRoles) {
      if (roleOf(actor) !== 'owner') throw new Refusal('not-allowed', 'only an owner changes roles')
      await setRoles(tx, id, newRoles)
      if (!newRoles.includes('owner')) await requireOwnerLeft(tx, before.roles)
      // a session keeps the rights of its sign-in for no moment longer (threat 30)
      await sql`update session set ended_at = now(), ended_why = 'roles changed' where user_id = ${id} and ended_at is null`.execute(
        tx,
      )
    }
    return (await readUser(tx, id)) as User
  })
const sameRoles = (a: readonly string[], b: readonly string[]): boolean => [...new Set(a)].sort().join() === [...b].sort().join()

/** Clears the failure counts of a person, so that every browser is answered again. */
export const unlockUser = (deps: ActDeps, actor: Actor, input: In<typeof contract.unlockUser>): Promise<User> =>
  act(deps, actor, { type: 'user.unlocked', endpoint: contract.unlockUser }, async (tx, event) => {
    const id = fromId(input.id)
    const user = await manageable(tx, actor, id)
    event.about({
      subject: { kind: 'user', id, name: user.username },
      ...(input.reason ? { reason: input.reason } : {}),
    })
    await sql`update attempt set failures = 0, open_at = '-infinity' where account_key = ${id}`.execute(tx)
    return (await readUser(tx, id)) as User
  })
