import { type Role, type Scope, type StopReason, stopReasons } from '@postern/contract'
import { type Actor, roleOf, type Source } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { Abandoned } from '../events/index.ts'
import { findLiveToken, findUser, highest, mayManage } from '../users/index.ts'

/** The job cannot go on: its maker has not the rights any more. Nothing of the row in hand happens. */
export class Stopped extends Abandoned {}

/** What a job keeps, sealed, of who made it: who, by which rights, from where. */
export type Maker = { source: Pick<Source, 'address' | 'place' | 'device'>; role: Role } & (
  | { kind: 'user'; id: string; username: string; displayName: string; sessionId: string; codeId: string | null }
  | { kind: 'token'; id: string; name: string; scopes: Scope[] }
  | { kind: 'host'; name: string }
)

export const makerOf = (actor: Actor): Maker => {
  const { address, place, device } = actor.source
  const common = { source: { address, place, device }, role: roleOf(actor) ?? 'user' }
  switch (actor.kind) {
    case 'user': {
      const { id, username, displayName, session } = actor
      return { ...common, kind: 'user', id, username, displayName, sessionId: session.id, codeId: session.codeId }
    }
    case 'token':
      return { ...common, kind: 'token', id: actor.id, name: actor.name, scopes: actor.scopes }
    case 'host':
      return { ...common, kind: 'host', name: actor.name }
    default:
      throw new Error(`${actor.kind} makes no jobs`)
  }
}

/**
 * Who acts in a row. The session that made the job may be over: a job goes on when its page is left, so its gate
 * (`requireMaker`) asks of the person, and nothing here says that anybody has just authenticated.
 */
export const actorOf = (maker: Maker): Actor => {
  const { source } = maker
  const never = new Date(0)
  const nothing = Buffer.alloc(0)
  switch (maker.kind) {
    case 'user':
      return {
        kind: 'user',
        id: maker.id,
        username: maker.username,
        displayName: maker.displayName,
        source,
        session: {
          id: maker.sessionId,
          userId: maker.id,
          username: maker.username,
          displayName: maker.displayName,
          keyThumbprint: nothing,
          scope: 'full',
          acr: 'aal1',
          amr: [],
          provedAt: never,
          idleExpiresAt: never,
          expiresAt: never,
          deviceId: null,
          deviceName: null,
          codeId: maker.codeId,
          roles: [maker.role],
          fresh: false,
          mustStepUp: false,
          touch: false,
          renewal: false,
          recoveryCodesLeft: 0,
          cookie: 'kept',
        },
      }
    case 'token':
      return {
        kind: 'token',
        id: maker.id,
        name: maker.name,
        scopes: maker.scopes,
        role: maker.role,
        createdByName: '',
        createdAt: never.toISOString(),
        expiresAt: never.toISOString(),
        lastUsedAt: null,
        source,
      }
    case 'host':
      return { kind: 'host', name: maker.name, source }
  }
}

const makerEnds: Record<string, StopReason> = { suspended: 'maker-suspended', offboarded: 'maker-offboarded' }
/** In the row's transaction: whether who made the job still has the rights by which it was made. Throws Stopped. */
export const requireMaker = async (tx: Tx, maker: Maker): Promise<void> => {
  if (maker.kind === 'user') {
    const user = await findUser(tx, maker.id)
    if (user?.state !== 'active') throw new Stopped(stopReasons[makerEnds[user?.state ?? ''] ?? 'maker-gone'])
    if (!mayManage(highest(user.roles), [maker.role])) throw new Stopped(stopReasons['fewer-rights'])
  }
  if (maker.kind === 'token' && !(await findLiveToken(tx, maker.id))) throw new Stopped(stopReasons['token-ended'])
}
