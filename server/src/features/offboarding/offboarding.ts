import type { In, User } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { type By, byOf, requestChannel, revokeCodes } from '../codes/index.ts'
import { endDevicesOf } from '../devices/index.ts'
import { type ActDeps, act } from '../events/index.ts'
import { endSessions } from '../sessions/index.ts'
import { retire } from '../totp/index.ts'
import { manageable, moveUser, readUser, requireOwnerLeft, type UserRow } from '../users/index.ts'

/**
 * Ends, in the caller's transaction, what a person has open: sign-ins, requests, claims, codes, sessions. Answers the counts. The
 * keys are locked first, as by a passcode that is being accepted: its session is either ended here or never made.
 */
const endOpen = async (tx: Tx, userId: string, why: string, by: By): Promise<{ sessions: number; codes: number }> => {
  await sql`select from totp where user_id = ${userId} and state = 'active' for no key update`.execute(tx)
  await sql`delete from totp where user_id = ${userId} and state = 'pending'`.execute(tx)
  await sql`update sign_in set state = 'failed' where user_id = ${userId} and state = 'open'`.execute(tx)
  const codes = (await revokeCodes(tx, { ofUser: userId }, by)).length
  await sql`with u as (update approval set state = 'failed', why = 'device', decided_at = now()
      where (user_id = ${userId} and state = 'approved') or (for_user = ${userId} and state = 'claimed') returning sign_in_id)
    select pg_notify(${requestChannel}, sign_in_id::text) from u`.execute(tx)
  const sessions = await endSessions(tx, { userId }, why)
  return { sessions, codes }
}
const notIn = (user: UserRow): Refusal =>
  new Refusal('conflict', `the person is ${user.state}`, { detail: `This person is ${user.state}.` })

/** One act, one transaction; "suspended" is a condition in every deciding statement, so nothing is pushed. */
const suspendUser = (deps: ActDeps, actor: Actor, input: In<typeof contract.suspendUser>): Promise<User> =>
  act(deps, actor, { type: 'user.suspended', endpoint: contract.suspendUser }, async (tx, event) => {
    const id = fromId(input.id)
    const user = await manageable(tx, actor, id)
    event.about({
      subject: { kind: 'user', id, name: user.username },
      ...(input.reason ? { reason: input.reason } : {}),
    })
    if (!(await moveUser(tx, id, ['active'], 'suspended'))) throw notIn(user)
    await requireOwnerLeft(tx, user.roles)
    event.about({ detail: await endOpen(tx, id, 'the person was suspended', byOf(actor)) })
    return (await readUser(tx, id)) as User
  })
const resumeUser = (deps: ActDeps, actor: Actor, input: In<typeof contract.resumeUser>): Promise<User> =>
  act(deps, actor, { type: 'user.resumed', endpoint: contract.resumeUser }, async (tx, event) => {
    const id = fromId(input.id)
    const user = await manageable(tx, actor, id)
    event.about({
      subject: { kind: 'user', id, name: user.username },
      ...(input.reason ? { reason: input.reason } : {}),
    })
    if (!(await moveUser(tx, id, ['suspended'], 'active'))) throw notIn(user)
    return (await readUser(tx, id)) as User
  })
/** R25, first form: codes, sessions, factors and tokens of a person end in one transaction, for good. */
const offboardUser = (deps: ActDeps, actor: Actor, input: In<typeof contract.offboardUser>): Promise<User> =>
  act(deps, actor, { type: 'user.offboarded', endpoint: contract.offboardUser }, async (tx, event) => {
    const id = fromId(input.id)
    const user = await manageable(tx, actor, id)
    event.about({
      subject: { kind: 'user', id, name: user.username },
      ...(input.reason ? { reason: input.reason } : {}),
    })
    if (!(await moveUser(tx, id, ['active', 'suspended'], 'offboarded'))) throw notIn(user)
    await requireOwnerLeft(tx, user.roles)
    const totp = await retire(tx, id)
    const recovery = await tx.deleteFrom('recoveryCode').where('userId', '=', id).executeTakeFirst()
    const devices = await endDevicesOf(tx, id)
    const ended = await endOpen(tx, id, 'the person was off-boarded', byOf(actor))
    const password = await tx.deleteFrom('password').where('userId', '=', id).executeTakeFirst()
    await tx.deleteFrom('knownBrowser').where('userId', '=', id).execute()
    const tokens = await tx
      .updateTable('serviceToken')
      .set({ revokedAt: sql<Date>`now()` })
      .where('createdBy', '=', id)
      .where('revokedAt', 'is', null)
      .executeTakeFirst()
    event.about({
      detail: {
        ...ended,
        devices,
        factors: [
          ...(totp ? ['totp'] : []),
          ...(password.numDeletedRows > 0n ? ['password'] : []),
          ...(recovery.numDeletedRows > 0n ? ['recovery-codes'] : []),
        ],
        tokens: Number(tokens.numUpdatedRows),
      },
    })
    return (await readUser(tx, id)) as User
  })

export const offboardingRoutes = (deps: ActDeps): Route[] => [
  route(contract.suspendUser, async ({ actor, input }) => ({ value: await suspendUser(deps, actor, input) })),
  route(contract.resumeUser, async ({ actor, input }) => ({ value: await resumeUser(deps, actor, input) })),
  route(contract.offboardUser, async ({ actor, input }) => ({ value: await offboardUser(deps, actor, input) })),
]
