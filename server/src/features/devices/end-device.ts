import type { Device, In } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { byOf } from '../codes/index.ts'
import { type ActDeps, act, type EventDraft } from '../events/index.ts'
import { secondFactorDemanded } from '../policies/index.ts'
import { asUser, endSessions, type Recovery } from '../sessions/index.ts'
import { lockPerson, manageable, requireOwnerLeft } from '../users/index.ts'
import { readDevice } from './devices-read.ts'
import { endDevice, endOpenOf } from './devices-store.ts'

type Found = { id: string; userId: string; username: string; name: string; keyThumbprint: Buffer }
/** Under the person’s lock. A foreign id and an unknown one are told alike (threat 21). */
const lockDevice = async (tx: Tx, id: string, userId?: string): Promise<Found> => {
  const found = await tx
    .selectFrom('device')
    .innerJoin('users', 'users.id', 'device.userId')
    .select(['device.id', 'device.userId', 'username', 'name', 'keyThumbprint'])
    .where('device.id', '=', id)
    .executeTakeFirst()
  if (!found || (userId !== undefined && found.userId !== userId)) throw new Refusal('not-found')
  await lockPerson(tx, found.userId)
  return found
}
/**
 * One transaction: the passkey is dead, and with it all that it holds open, here and in the browser that registered it. Who says
 * so in that very browser has it before them, so it is not gone: it stays theirs, and only what the passkey opened ends.
 */
const end = async (tx: Tx, actor: Actor, event: EventDraft, device: Found, state: 'lost' | 'revoked', why: string) => {
  event.about({
    subject: { kind: 'user', id: device.userId, name: device.username },
    deviceId: device.id,
    factor: 'passkey',
  })
  if (!(await endDevice(tx, device.id, state)))
    throw new Refusal('conflict', 'the device is not active', {
      reason: 'device-ended',
      detail: 'This device is lost or revoked already.',
    })
  const here =
    actor.kind === 'user' && actor.id === device.userId && actor.source.thumbprint?.equals(device.keyThumbprint) === true
  const browser = here ? null : device.keyThumbprint
  event.about({ detail: await endOpenOf(tx, device.userId, device.id, why, { browser, by: byOf(actor) }) })
}

/**
 * After a recovery code, with the factor that takes its place: the person’s only active device counts as lost, for none was at
 * hand. Where one was reported in this very session, it was said which is gone, and the other stays; where there are more, their
 * person says which. Under the person’s lock, before the new one is inserted.
 */
export const endReplaced = async (tx: Tx, event: EventDraft, userId: string, recovery: Recovery): Promise<void> => {
  const { actor } = event
  const { rows } =
    await sql<Found>`select d.id, d.user_id, u.username, d.name, d.key_thumbprint from device d join users u on u.id = d.user_id
    where d.user_id = ${userId} and d.state = 'active'
      and not exists (select from device l where l.user_id = d.user_id and l.state = 'lost' and l.state_at >= ${recovery.provedAt})`.execute(
      tx,
    )
  const [only, another] = rows
  if (!only || another) return
  const lost = event.and('device.lost')
  await end(tx, actor, lost, only, 'lost', 'its device was replaced after a recovery code')
  lost.about({ detail: { by: 'recovery' } })
  lost.notices.push({ kind: 'device-lost', userId })
}

/** Reported from anywhere that the person is signed in; asks for no fresh proof, for a thief gains nothing by it. */
export const reportMineLost = (
  deps: ActDeps,
  actor: Actor,
  input: In<typeof contract.reportMyDeviceLost>,
): Promise<Omit<Device, 'current'>> =>
  act(deps, actor, { type: 'device.lost', endpoint: contract.reportMyDeviceLost }, async (tx, event) => {
    const device = await lockDevice(tx, fromId(input.id), asUser(actor).id)
    await end(tx, actor, event, device, 'lost', 'its device was reported lost')
    event.notices.push({ kind: 'device-lost', userId: device.userId })
    return readDevice(tx, device.id)
  })

/** 409 for the last second factor that policy demands: nobody locks themselves out. Reporting it lost is always open. */
export const removeMine = (deps: ActDeps, actor: Actor, input: In<typeof contract.removeDevice>): Promise<undefined> =>
  act(deps, actor, { type: 'device.revoked', endpoint: contract.removeDevice }, async (tx, event) => {
    const user = asUser(actor)
    const device = await lockDevice(tx, fromId(input.id), user.id)
    await deps.mayDo(tx, actor, contract.removeDevice)
    event.about({ deviceId: device.id, factor: 'passkey' })
    const another = await hasAnother(tx, user.id, device.id)
    if (!another && (await secondFactorDemanded(tx, user.id)))
      throw new Refusal('conflict', 'the last factor that policy demands', {
        reason: 'last-factor',
        detail: 'Policy demands a second factor, and this is your only one. Add another first.',
      })
    await end(tx, actor, event, device, 'revoked', 'its device was removed')
    await requireOwnerLeft(tx, user.session.roles)
    // they stand in for a second factor: with the last one they go
    if (!another) await tx.deleteFrom('recoveryCode').where('userId', '=', user.id).execute()
    event.notices.push({ kind: 'factor-changed', userId: user.id })
    await endSessions(tx, { userId: user.id, except: user.session.id }, 'a factor was removed')
    return undefined
  })
const hasAnother = async (tx: Tx, userId: string, deviceId: string): Promise<boolean> => {
  const { rows } = await sql<{
    another: boolean
  }>`select exists (select from device where user_id = ${userId} and state = 'active' and id <> ${deviceId})
    or exists (select from totp where user_id = ${userId} and state = 'active') as another`.execute(tx)
  return rows[0]?.another === true
}

/** By an operator, of anybody with no more rights than theirs. */
export const endAnyones = (
  deps: ActDeps,
  actor: Actor,
  input: In<typeof contract.reportDeviceLost>,
  state: 'lost' | 'revoked',
): Promise<Omit<Device, 'current'>> =>
  act(
    deps,
    actor,
    state === 'lost'
      ? { type: 'device.lost', endpoint: contract.reportDeviceLost }
      : { type: 'device.revoked', endpoint: contract.revokeDevice },
    async (tx, event) => {
      const device = await lockDevice(tx, fromId(input.id))
      event.about({ subject: { kind: 'user', id: device.userId, name: device.username }, deviceId: device.id })
      if (input.reason) event.about({ reason: input.reason })
      const { roles } = await manageable(tx, actor, device.userId)
      await end(tx, actor, event, device, state, state === 'lost' ? 'its device was reported lost' : 'its device was revoked')
      // what is lost is ended whatever comes of it
      if (state === 'revoked') await requireOwnerLeft(tx, roles)
      event.notices.push({ kind: state === 'lost' ? 'device-lost' : 'factor-changed', userId: device.userId })
      return readDevice(tx, device.id)
    },
  )
