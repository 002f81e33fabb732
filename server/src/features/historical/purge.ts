import type { In, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { invalid } from '../../platform/refusal.ts'
import { byOf, revokeCodes } from '../codes/index.ts'
import { type ActDeps, act } from '../events/index.ts'
import { lockPeople, rolesAbove } from '../users/index.ts'
import { codeIsOpen, keyIsPending } from './historical-read.ts'

type Input = In<typeof contract.purgeHistorical>
type Found = { id: string; userId: string; username: string; codeId: string | null; above: boolean }

/**
 * What waits and is older than asked for: open codes of people, pending keys. A link for a first or further operator is
 * the host's and dies within 30 minutes, so it is left out. `above`: its person has more rights than the caller.
 */
const waiting = async (db: Db | Tx, actor: Actor, input: Input): Promise<{ codes: Found[]; keys: Found[] }> => {
  const above = sql`exists (select from user_role r where r.user_id = u.id and r.role = any (${rolesAbove(roleOf(actor) ?? 'user')}::text[]))`
  const age = (column: string) => sql`${sql.ref(column)} < now() - ${input.olderThanMinutes} * interval '1 min'`
  const codes = input.kinds.includes('codes')
    ? (
        await sql<Found>`select c.id, c.user_id, u.username, c.id as code_id, ${above} as above from code c join users u on u.id = c.user_id
          where ${codeIsOpen} and ${age('c.created_at')} order by c.id`.execute(db)
      ).rows
    : []
  const keys = input.kinds.includes('keys')
    ? (
        await sql<Found>`select t.id, t.user_id, u.username, l.code_id, ${above} as above from totp t join users u on u.id = t.user_id
          left join claim l on l.user_id = t.user_id and l.totp_id = t.id where ${keyIsPending} and ${age('t.created_at')} order by t.id`.execute(
          db,
        )
      ).rows
    : []
  return { codes, keys }
}
const split = ({ codes, keys }: { codes: Found[]; keys: Found[] }) => {
  const mine = (found: Found[]) => found.filter(({ above }) => !above)
  const reached = { codes: mine(codes).slice(0, contract.mostAtOnce), keys: mine(keys) }
  const room = contract.mostAtOnce - reached.codes.length
  const total = mine(codes).length + reached.keys.length
  reached.keys = reached.keys.slice(0, room)
  return {
    reached,
    left: total - reached.codes.length - reached.keys.length,
    kept: codes.length + keys.length - total,
  }
}

/** R9: what lies about and waits is ended, counted and on record, in one transaction. An active key is never touched. */
export const purgeHistorical = async (
  deps: ActDeps,
  actor: Actor,
  input: Input,
): Promise<Out<typeof contract.purgeHistorical>> => {
  if (input.dryRun) {
    const { reached, left, kept } = split(await waiting(deps.db, actor, input))
    return { dryRun: true, codes: reached.codes.length, keys: reached.keys.length, left, kept }
  }
  const { reason } = input
  if (!reason) throw invalid('reason', 'say why, for the record', 'required')
  return act(deps, actor, { type: 'historical.purged', endpoint: contract.purgeHistorical }, async (tx, event) => {
    event.about({ reason, detail: { kinds: input.kinds, olderThanMinutes: input.olderThanMinutes } })
    const { reached, left, kept } = split(await waiting(tx, actor, input))
    await lockPeople(
      tx,
      [...reached.codes, ...reached.keys].map(({ userId }) => userId),
    )
    const gone = await deletePending(tx, reached.keys)
    const revoked = new Set(
      (await revokeCodes(tx, { ids: reached.codes.map(({ id }) => id), unclaimed: true }, byOf(actor))).map(({ id }) => id),
    )
    const about = ({ userId, username }: Found) => ({ subject: { kind: 'user' as const, id: userId, name: username }, reason })
    for (const code of reached.codes) if (revoked.has(code.id)) event.and('code.revoked', { ...about(code), codeId: code.id })
    for (const key of reached.keys)
      if (gone.has(key.id))
        event.and('enrolment.purged', { ...about(key), factor: 'totp', ...(key.codeId ? { codeId: key.codeId } : {}) })
    event.about({ detail: { codes: revoked.size, keys: gone.size, left, kept } })
    return { dryRun: false, codes: revoked.size, keys: gone.size, left, kept }
  })
}
/** Deletes pending keys and ends the claims that wait for them. A key that was confirmed meanwhile is active, and stays. */
const deletePending = async (tx: Tx, keys: readonly Found[]): Promise<Set<string>> => {
  const { rows } = await sql<{ id: string }>`
    with l as materialized (select t.user_id, t.id from totp t join unnest(${keys.map(({ userId }) => userId)}::uuid[], ${keys.map(({ id }) => id)}::uuid[]) k(user_id, id)
        on k.user_id = t.user_id and k.id = t.id where t.state = 'pending' order by t.user_id for update of t),
      d as (delete from totp t using l where t.user_id = l.user_id and t.id = l.id and t.state = 'pending' returning t.user_id, t.id),
      e as (update claim c set ended_at = now() from d where c.user_id = d.user_id and c.totp_id = d.id and c.ended_at is null)
    select id from d`.execute(tx)
  return new Set(rows.map(({ id }) => id))
}
