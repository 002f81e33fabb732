import type { EnrolmentStanding, EnrolmentState, In } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { fromId, toId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { activationTries, byOf, confirmTries, findClaim, recordUnknown, revokeCodes } from '../codes/index.ts'
import { type ActDeps, act, findEvents } from '../events/index.ts'
import { asUser } from '../sessions/index.ts'
import { lockSelf } from '../users/index.ts'

type Row = {
  confirmed: boolean
  failed: boolean
  revoked: boolean
  /** The next code for its person was issued in the very transaction that revoked it. */
  replaced: boolean
  claimed: boolean
  ended: boolean
  lapsed: boolean
  expired: boolean
  notYet: boolean
  confirmBy: Date | null
  deviceId: string | null
  deviceName: string | null
  opened: boolean
  browser: string | null
  platform: string | null
  country: string | null
  city: string | null
}
/** Of which person: oneself, whose own session showed it; undefined: of anybody, for who may read all codes. */
const find = async (db: Db | Tx, codeId: string, ofUser?: string): Promise<Row | undefined> => {
  const { rows } = await sql<Row>`select
      exists (select from event e where e.code_id = c.id and e.type = 'enrolment.confirmed' and e.outcome = 'success') as confirmed,
      coalesce(l.failures, 0) >= ${confirmTries} or c.activation_tries >= ${activationTries} as failed, c.revoked_at is not null as revoked,
      exists (select from code n where n.user_id = c.user_id and n.created_at = c.revoked_at and n.kind in ('enrol-totp', 'enrol-device')) as replaced,
      c.claimed_at is not null as claimed, l.ended_at is not null as ended,
      coalesce(l.expires_at <= now() or l.epoch <> (select epoch from deployment), false) as lapsed,
      c.expires_at <= now() or c.epoch <> (select epoch from deployment) as expired, c.not_before > now() as not_yet, l.expires_at as confirm_by,
      d.id as device_id, d.name as device_name, s.id is not null as opened, s.browser, s.platform, s.country, s.city
    from code c left join claim l on l.code_id = c.id left join device d on d.code_id = c.id
      left join lateral (select * from scan where scan.code_id = c.id and not scan.bot order by scan.id desc limit 1) s on true
    where c.id = ${codeId} and c.kind in ('enrol-totp', 'enrol-device')
      and (${ofUser ?? null}::uuid is null or (c.user_id = ${ofUser ?? null}::uuid and c.for_session is not null))`.execute(db)
  return rows[0]
}
/** The first that fits. What was confirmed and revoked since is revoked; a fifth wrong number revokes by itself, and was a failure. */
const stateOf = (row: Row): EnrolmentState => {
  if (row.confirmed && !row.revoked) return 'confirmed'
  if (row.failed) return 'failed'
  if (row.revoked) return row.replaced ? 'replaced' : 'revoked'
  if (row.claimed) return row.ended ? 'revoked' : row.lapsed ? 'lapsed' : 'claimed'
  if (row.expired) return 'expired'
  if (row.notYet) return 'not-yet-valid'
  return row.opened ? 'opened' : 'waiting'
}
type Phone = NonNullable<EnrolmentStanding['phone']>
/** Who claimed stands on record with the claim; who only opened, among the scans. */
const phoneOf = async (deps: ActDeps, codeId: string, row: Row): Promise<Phone | null> => {
  if (row.claimed) {
    const { items } = await findEvents(
      { db: deps.db, keys: deps.keys, people: deps.events.people },
      { codeId: toId('cod', codeId), type: 'code.claimed', outcome: 'success', limit: 1 },
    )
    const [claim] = items
    if (!claim) return null
    const { device, place } = claim
    return { browser: device.browser, platform: device.platform, country: place?.country ?? null, city: place?.city ?? null }
  }
  const { browser, platform, country, city } = row
  return row.opened ? { browser: browser ?? '', platform: platform ?? '', country: country || null, city: city || null } : null
}
const standing = async (deps: ActDeps, codeId: string, ofUser?: string): Promise<EnrolmentStanding> => {
  const row = await find(deps.db, codeId, ofUser)
  if (!row) throw new Refusal('not-found')
  const state = stateOf(row)
  return {
    state,
    phone: await phoneOf(deps, codeId, row),
    confirmBy: state === 'claimed' ? (row.confirmBy?.toISOString() ?? null) : null,
    device: state === 'confirmed' && row.deviceId ? { id: toId('dev', row.deviceId), name: row.deviceName ?? '' } : null,
  }
}
export const readEnrolment = (deps: ActDeps, input: In<typeof contract.getEnrolment>) => standing(deps, fromId(input.id))
export const readMyEnrolment = (deps: ActDeps, actor: Actor, input: In<typeof contract.getMyEnrolment>) =>
  standing(deps, fromId(input.id), asUser(actor).id)

/** For the page that claimed: what became of its code, and nothing of what anybody else did. A wrong token is a wrong proof. */
export const readClaimed = async (deps: ActDeps, actor: Actor, { confirm }: In<typeof contract.claimedEnrolment>) => {
  const claim = await findClaim(deps.db, deps.keys.hash('confirm', confirm))
  const row = claim?.claimKey.equals(actor.source.thumbprint as Buffer) ? await find(deps.db, claim.codeId) : undefined
  if (row) return { state: stateOf(row) }
  await recordUnknown(deps, actor, 'code.inspected')
  throw new Refusal('code-unknown', 'no such claim, or another key’s')
}

/** By whoever shows it; asks for no fresh proof, for it opens nothing. Under the person’s lock, as its confirmation. */
export const endMine = (deps: ActDeps, actor: Actor, input: In<typeof contract.endMyEnrolment>): Promise<undefined> =>
  act(deps, actor, { type: 'code.revoked', endpoint: contract.endMyEnrolment }, async (tx, event) => {
    const user = asUser(actor)
    const codeId = fromId(input.id)
    await lockSelf(deps, tx, user, contract.endMyEnrolment)
    const row = await find(tx, codeId, user.id)
    if (!row) throw new Refusal('not-found')
    event.about({ codeId })
    if (stateOf(row) === 'confirmed')
      throw new Refusal('conflict', 'it was confirmed', {
        detail: 'This code was confirmed. Remove the device or the authenticator app that came of it.',
      })
    // as at any second revoke
    event.changesNothing = (await revokeCodes(tx, { ids: [codeId] }, byOf(actor))).length === 0
    return undefined
  })
