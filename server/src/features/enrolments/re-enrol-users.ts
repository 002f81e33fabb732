import type { In, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { fromId, toId } from '../../platform/ids.ts'
import { invalid } from '../../platform/refusal.ts'
import { byOf, endOpenEnrolments, issue } from '../codes/index.ts'
import { type ActDeps, act, type EventDraft } from '../events/index.ts'
import { requireEnrolment, requireFresh } from '../policies/index.ts'
import { demandRenewal } from '../totp/index.ts'
import { lockPeople, rolesAbove } from '../users/index.ts'
import { kindOf } from './enrol-user.ts'

type Input = In<typeof contract.reEnrolUsers>
type Answer = Out<typeof contract.reEnrolUsers>
type Candidate = { id: string; username: string | null; active: boolean; above: boolean; hasKey: boolean }
/** Codes that one transaction issues. */
const mostCodes = 200
const furthestDays = 366

/** The people named, known here or not; or those whose active key fits and who are not due by then already. */
const candidates = async (db: Db | Tx, actor: Actor, { userIds, filter, from }: Input): Promise<Candidate[]> => {
  const facts = sql`u.username, coalesce(u.state = 'active', false) as active, t.id is not null as "hasKey",
    exists (select from user_role r where r.user_id = u.id and r.role = any (${rolesAbove(roleOf(actor) ?? 'user')}::text[])) as above`
  if (userIds) {
    const ids = [...new Set(userIds.map(fromId))]
    const { rows } = await sql<Candidate>`select k.id, ${facts} from unnest(${ids}::uuid[]) k(id)
      left join users u on u.id = k.id and u.state <> 'pending' left join totp t on t.user_id = u.id and t.state = 'active' order by k.id`.execute(
      db,
    )
    return rows
  }
  const { origin, olderThanMinutes, neverUsed } = filter ?? {}
  const { rows } = await sql<Candidate>`select u.id, ${facts} from totp t join users u on u.id = t.user_id and u.state = 'active'
    where t.state = 'active' and (${origin ?? null}::text is null or t.origin = ${origin ?? null})
      and t.created_at <= now() - ${olderThanMinutes ?? 0} * interval '1 min'
      and (${neverUsed ?? null}::boolean is null or coalesce(t.last_used_at <= t.confirmed_at, true) = ${neverUsed ?? null}::boolean)
      and case when ${from}::timestamptz is null then t.renew_from is not null else coalesce(t.renew_from > ${from}::timestamptz, true) end
    order by u.id`.execute(db)
  return rows
}
const whyNot = (person: Candidate, codes: boolean): Answer['skipped'][number]['why'] | undefined => {
  if (person.username === null) return 'unknown'
  if (person.above) return 'more-rights'
  if (!person.active) return 'not-active'
  return person.hasKey || codes ? undefined : 'no-key'
}
const requireForm = (input: Input): void => {
  if ((input.userIds === undefined) === (input.filter === undefined))
    throw invalid('userIds', 'name people by userIds or by filter: one of the two')
  if (input.from && Date.parse(input.from) > Date.now() + furthestDays * 86_400_000) throw invalid('from', 'within a year')
  if (input.codes && input.from === null) throw invalid('codes', 'come with a date, not with taking it back')
  if (!input.dryRun && !input.reason) throw invalid('reason', 'say why, for the record', 'required')
}
/** Who is reached by this call, who is left for the next, and who is passed over, and why. */
const sort = (found: Candidate[], input: Input) => {
  const why = found.map((person) => ({ person, why: whyNot(person, input.codes !== undefined) }))
  const fit = why.filter((each) => each.why === undefined).map(({ person }) => person)
  const most = input.codes ? mostCodes : contract.mostAtOnce
  if (input.userIds && fit.length > most) throw invalid('userIds', `at most ${most} people with codes`)
  const reached = fit.slice(0, most)
  return {
    reached,
    left: fit.length - reached.length,
    skipped: why.flatMap(({ person, why }) =>
      why === undefined ? [] : [{ id: toId('usr', person.id), username: person.username, why }],
    ),
  }
}

/**
 * R9, "re-enrol these users": their key is due for renewal from a date on. The wizard then shows a fresh key, and the old
 * one works until the new one is confirmed. With codes each also gets a fresh single-use code at once.
 */
export const reEnrolUsers = async (deps: ActDeps & { origin: string }, actor: Actor, input: Input): Promise<Answer> => {
  requireForm(input)
  if (input.dryRun) {
    const { reached, left, skipped } = sort(await candidates(deps.db, actor, input), input)
    return { dryRun: true, people: reached.length, left, skipped, codes: [] }
  }
  return act(deps, actor, { type: 'historical.re-enrolled', endpoint: contract.reEnrolUsers }, async (tx, event) => {
    const { from, reason } = input
    const terms = { ...(reason ? { reason } : {}), detail: { from: from ?? 'not any more' } }
    event.about(terms)
    if (input.codes) requireFresh(actor, 'codes for many')
    if (from !== null) await requireEnrolment(tx)
    const named = await candidates(tx, actor, input)
    await lockPeople(
      tx,
      named.map(({ id }) => id),
    )
    // as they are now that nobody else is at them
    const { reached, left, skipped } = sort(await candidates(tx, actor, input), input)
    await demandRenewal(
      tx,
      reached.map(({ id }) => id),
      from,
    )
    const codes: Answer['codes'] = []
    for (const person of reached) {
      const subject = { kind: 'user' as const, id: person.id, name: person.username ?? '' }
      if (person.hasKey) event.and('enrolment.demanded', { subject, factor: 'totp', ...terms })
      if (input.codes) codes.push(await freshCode(deps, tx, actor, event, person, input.codes))
    }
    event.about({ detail: { people: reached.length, skipped: skipped.length, left, codes: codes.length } })
    return { dryRun: false, people: reached.length, left, skipped, codes }
  })
}
/** A code for one of them. */
const freshCode = async (
  deps: ActDeps & { origin: string },
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  { id, username }: Candidate,
  { expiresInMinutes, factor }: NonNullable<Input['codes']>,
): Promise<NonNullable<Answer['codes']>[number]> => {
  await endOpenEnrolments(tx, id, byOf(actor))
  const issued = event.and('code.issued', { subject: { kind: 'user', id, name: username ?? '' } })
  const code = await issue(deps, tx, issued, {
    kind: kindOf(factor),
    userId: id,
    ownerId: actor.kind === 'user' ? actor.id : null,
    issuedBy: byOf(actor).byName,
    label: username ?? '',
    expiresInMinutes,
  })
  return {
    user: { id: toId('usr', id), username: username ?? '' },
    code: { id: code.id, url: code.url, expiresAt: code.expiresAt },
  }
}
