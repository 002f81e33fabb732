import type { Role, Scope } from '@postern/contract'
import { type Generated, sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import { anOwner } from './second-factor.ts'

export type UserState = 'pending' | 'active' | 'suspended' | 'offboarded'
declare module '../../platform/db.ts' {
  interface Tables {
    users: {
      id: string
      username: string
      usernameKey: string
      displayName: string
      email: string | null
      state: Generated<UserState>
      stateAt: Generated<Date>
      version: Generated<number>
      createdAt: Generated<Date>
    }
    userRole: { userId: string; role: Role }
    serviceToken: {
      id: string
      hash: Buffer
      name: string
      scopes: Scope[]
      role: 'operator' | 'auditor' | 'owner'
      createdBy: string | null
      createdByName: string
      createdAt: Generated<Date>
      expiresAt: Date
      lastUsedAt: Date | null
      revokedAt: Date | null
    }
  }
}

/** Two spellings are one person: NFKC, then case folding. */
export const usernameKey = (username: string): string => username.trim().normalize('NFKC').toLowerCase().normalize('NFKC')

export type UserRow = {
  id: string
  username: string
  displayName: string
  email: string | null
  state: UserState
  version: number
  createdAt: Date
  roles: Role[]
}
const rolesOf = sql<
  Role[]
>`array(select role from user_role where user_id = users.id order by array_position(array['user','auditor','operator','owner'], role))`
const columns = ['id', 'username', 'displayName', 'email', 'state', 'version', 'createdAt'] as const

export const findUser = (db: Db | Tx, id: string): Promise<UserRow | undefined> =>
  db
    .selectFrom('users')
    .select(columns)
    .select(rolesOf.as('roles'))
    .where('id', '=', id)
    .where('state', '<>', 'pending')
    .executeTakeFirst()
export const findUserByName = (db: Db | Tx, username: string): Promise<UserRow | undefined> =>
  db
    .selectFrom('users')
    .select(columns)
    .select(rolesOf.as('roles'))
    .where('usernameKey', '=', usernameKey(username))
    .executeTakeFirst()

/** People whom a bootstrap claim made and nobody confirmed, of one name or all: gone with it. */
export const deleteUnconfirmed = async (db: Db | Tx, username?: string): Promise<void> => {
  const key = username === undefined ? null : usernameKey(username)
  await sql`delete from users u where u.state = 'pending' and (${key}::text is null or u.username_key = ${key})
    and not exists (select from claim c where c.user_id = u.id and c.ended_at is null and c.expires_at > now())`.execute(db)
}
/** False where the name is taken: the unique index decides. */
export const insertUser = async (
  tx: Tx,
  user: { id: string; username: string; displayName: string; email: string | null; state: UserState },
): Promise<boolean> => {
  await deleteUnconfirmed(tx, user.username)
  const inserted = await tx
    .insertInto('users')
    .values({ ...user, usernameKey: usernameKey(user.username) })
    .onConflict((on) => on.column('usernameKey').doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted !== undefined
}
export const setRoles = async (tx: Tx, userId: string, roles: readonly Role[]): Promise<void> => {
  await tx.deleteFrom('userRole').where('userId', '=', userId).execute()
  await tx
    .insertInto('userRole')
    .values([...new Set(roles)].map((role) => ({ userId, role })))
    .execute()
}
/**
 * Acts on one person take this lock first, so that of two at once one waits, and a suspension is never what a deadlock
 * ends. After it rows are locked in one order: keys, recovery codes, devices, sign-ins, claims, codes, requests for a phone,
 * sessions, browsers. What proves a factor at sign-in goes without this lock, in the same order; so do asking for a phone, its
 * claim, and the collection of what it approved.
 */
export const lockPerson = async (tx: Tx, userId: string): Promise<void> => {
  await tx.selectFrom('users').select('id').where('id', '=', userId).forNoKeyUpdate().execute()
}
/** The same for many, in the order of their ids, so that of two such acts one waits and none deadlocks. */
export const lockPeople = async (tx: Tx, userIds: readonly string[]): Promise<void> => {
  await sql`select id from users where id = any (${userIds}::uuid[]) order by id for no key update`.execute(tx)
}
/** Moves a person to a state from one of `from`; undefined where they were in none of these. */
export const moveUser = (tx: Tx, id: string, from: UserState[], to: UserState) =>
  tx
    .updateTable('users')
    .set({ state: to, stateAt: sql<Date>`now()`, version: sql<number>`version + 1` })
    .where('id', '=', id)
    .where('state', 'in', from)
    .returning(['id', 'username'])
    .executeTakeFirst()

/** The deployment’s row: acts that make the first owner, or could take the last one, wait for each other here. */
export const lockDeployment = async (tx: Tx): Promise<void> => {
  await sql`select 1 from deployment for update`.execute(tx)
}
/**
 * True while an owner who can sign in with a second factor is left. Takes the deployment's row lock first, so that
 * two acts at once cannot each take the other's owner away.
 */
export const ownerIsLeft = async (tx: Tx): Promise<boolean> => {
  await lockDeployment(tx)
  return operatorExists(tx)
}
/** "Exists": an active owner with a confirmed second factor. */
export const operatorExists = async (db: Db | Tx): Promise<boolean> => {
  const { rows } = await sql<{ found: boolean }>`select ${sql.raw(anOwner)} as found`.execute(db)
  return rows[0]?.found === true
}
/** 409 where an act has taken from an owner what left none who can sign in; after the change, in its transaction. */
export const requireOwnerLeft = async (tx: Tx, roles: readonly Role[]): Promise<void> => {
  if (roles.includes('owner') && !(await ownerIsLeft(tx)))
    throw new Refusal('conflict', 'last owner', {
      reason: 'last-owner',
      detail: 'This is the last owner who can sign in. Make another owner first.',
    })
}
