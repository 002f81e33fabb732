import type { Code, Destination } from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { mayManage } from '../users/index.ts'
import { readCodeSettings } from './code-settings.ts'
import { authenticates, takes } from './codes-life.ts'
import { whyNotLink, whyNotStatic } from './destinations.ts'

// What every act on a code asks before its statement decides.

/** In words, for the record: never more than the address. */
export const describe = (destination: Destination): string =>
  destination.type === 'text'
    ? 'text'
    : destination.type === 'url'
      ? destination.url
      : `by platform, else ${destination.otherwise}`
export const about = ({ user }: Code) =>
  user ? { subject: { kind: 'user' as const, id: fromId(user.id), name: user.username } } : {}

export const requireTakes = (code: Code, what: 'edit' | 'reissue'): void => {
  if (takes(code.kind, code.state, what)) return
  if (code.state === 'used') throw new Refusal('code-used')
  if (code.state === 'revoked') throw new Refusal('code-revoked')
  throw new Refusal('conflict', `the code is ${code.state}`, {
    detail: `This code is over (${code.state}). Issue it again instead.`,
  })
}
/** Why the printed symbol of a link that was issued again is not ended by revoking it. */
export const leadsOn = (successor: string): string =>
  `This code was issued again as ${successor}, and its printed symbol leads where that one leads. Revoke ${successor} instead.`
/** Nobody acts on a code of a person with more rights than their own (threat 49). */
export const requireMayManage = async (tx: Tx, actor: Actor, { user, kind }: Code): Promise<void> => {
  if (actor.kind === 'token' && !actor.scopes.includes('operator') && !authenticates(kind))
    throw new Refusal('not-allowed', 'scope enrolment reaches codes of people only')
  if (!user) return
  const roles = await tx.selectFrom('userRole').select('role').where('userId', '=', fromId(user.id)).execute()
  if (
    !mayManage(
      roleOf(actor) ?? 'user',
      roles.map((row) => row.role),
    )
  )
    throw new Refusal('not-allowed', 'the code is for a person with more rights')
}
export const requireDestination = async (
  { origins }: { origins: readonly string[] },
  tx: Tx,
  kind: Code['kind'],
  destination: Destination,
): Promise<void> => {
  const settings = await readCodeSettings(tx)
  const why = kind === 'static' ? whyNotStatic(destination, settings, origins) : whyNotLink(destination, settings)
  if (why) throw invalid(why.path, why.message, why.code, why.values)
}
/** Ends come after beginnings, and both are judged by the database's clock. */
export const requireTimes = async (tx: Tx, notBefore: Date | null, expiresAt: Date | null): Promise<void> => {
  if (!expiresAt) return
  if (notBefore && notBefore >= expiresAt) throw invalid('expiresAt', 'must be later than notBefore', 'ends-first')
  const { rows } = await sql<{ over: boolean }>`select ${expiresAt}::timestamptz <= now() as over`.execute(tx)
  if (rows[0]?.over) throw invalid('expiresAt', 'is in the past', 'past')
}
export const requireOwner = async (tx: Tx, owner: string): Promise<string> => {
  const found = await tx
    .selectFrom('users')
    .select('id')
    .where('id', '=', fromId(owner))
    .where('state', '=', 'active')
    .executeTakeFirst()
  if (!found) throw invalid('owner', 'is nobody active here', 'no-such')
  return found.id
}
/** `archived`: a kit that a code had may come back with it, though nothing new takes it. */
export const requireBrand = async (tx: Tx, brand: string | null, archived = false): Promise<string | null> => {
  if (brand === null) return null
  const { rows } = await sql<{ id: string }>`select id from brand
    where id = ${fromId(brand)} and (archived_at is null or ${archived})`.execute(tx)
  if (!rows[0]) throw invalid('brand', 'is no brand kit here', 'no-such')
  return rows[0].id
}
