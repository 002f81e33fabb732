import { sql } from 'kysely'
import type { Tx } from '../../platform/db.ts'
import { type Asker, requestChannel } from '../codes/index.ts'
import { live, type Request } from './requests-store.ts'

/** Of requests that came to nothing a person’s phones show so many in so many minutes. */
const [most, minutes] = [5, 10]

/** A request that was ended for a newer one. */
export type Replaced = { codeId: string; asker: Asker; forUser: string | null; forName: string | null }
/**
 * Threat 25: of each purpose one request is open before a person, the newest, and of those that were not approved there are five in
 * ten minutes. A person’s phones count together, by the keys that registered their devices. Any other browser counts for itself
 * alone: else who knows a password, and scans what it opens, would end its owner’s requests, or use up their five.
 *
 * Runs in the burn’s transaction, before the claim. Claims of one phone, and of one person, wait here for each other until they are
 * committed, so that each sees those before it, on whichever processes.
 *
 * Answers what was ended for this one, or the seconds until there is room again; then nothing was ended.
 */
export const takeTurn = async (
  tx: Tx,
  codeId: string,
  turn: { key: Buffer; forUser: string | null; purpose: Request['purpose'] },
): Promise<{ wait: number } | { replaced: Replaced[] }> => {
  const me = sql`me as (select x.key, case when exists (select from device d where d.user_id = x.person and d.state = 'active' and d.key_thumbprint = x.key)
      then x.person end as person from (select ${turn.key}::bytea as key, ${turn.forUser}::uuid as person) x)`
  await sql`with ${me} select pg_advisory_xact_lock(hashtextextended('requests of the phone ' || encode(key, 'hex'), 0)),
      case when person is not null then pg_advisory_xact_lock(hashtextextended('requests of the person ' || person, 0)) end from me`.execute(
    tx,
  )
  const { rows } = await sql<{ wait: number; codeId: null } | ({ wait: null } & Replaced)>`with ${me},
    before as (select a.code_id, a.state, a.scanned_at from me, approval a join sign_in s on s.id = a.sign_in_id and s.purpose = ${turn.purpose}
      where a.code_id <> ${codeId} and a.scanned_at > now() - ${minutes} * interval '1 min' and (a.claim_key = me.key
        or a.for_user = me.person and a.claim_key = any (array(select d.key_thumbprint from device d where d.user_id = me.person and d.state = 'active')))),
    full_at as (select scanned_at from before where state not in ('approved', 'collected') order by scanned_at desc offset ${most - 1} limit 1),
    u as (update approval a set state = 'failed', why = 'replaced', decided_at = now() from before b
      where a.code_id = b.code_id and a.state = 'claimed' and ${sql.raw(live('a'))} and not exists (select from full_at)
      returning a.code_id, a.sign_in_id, a.asker, a.for_user)
    select extract(epoch from scanned_at + ${minutes} * interval '1 min' - now())::float8 as wait, null::uuid as code_id, null::jsonb as asker, null::uuid as for_user, null as for_name, null as told from full_at
    union all
    select null, code_id, asker, for_user, (select username from users where id = u.for_user), pg_notify(${requestChannel}, sign_in_id::text)::text from u`.execute(
    tx,
  )
  const replaced: Replaced[] = []
  for (const row of rows) {
    if (row.wait !== null) return { wait: row.wait }
    replaced.push(row)
  }
  return { replaced }
}
