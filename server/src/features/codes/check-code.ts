import type { CheckReason, CheckVerdict, In, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { addressTag, EventDraft, notify } from '../events/index.ts'
import { readAuthenticationSettings } from '../policies/index.ts'
import { type CodesDeps, recordLate, recordUnknown } from './codes.ts'
import { authenticates, stateOf } from './codes-life.ts'
import { readCode } from './codes-read.ts'
import { findBySecret, secretHashOf } from './codes-store.ts'
import { leadsTo } from './destinations.ts'
import { judge } from './look-alike.ts'

export type CheckDeps = CodesDeps & { origins: readonly string[] }
type Said = { verdict: CheckVerdict; reasons: CheckReason[]; leadsTo?: string }

/** Checks and reports of one address in a minute; beyond it the answer is 429. */
const perMinute = { check: 30, report: 5 }
const requireWithin = async (deps: CheckDeps, actor: Actor, kind: keyof typeof perMinute): Promise<void> => {
  const tag = addressTag(deps.keys, actor.source.address ?? '')
  const { rows } =
    await sql`insert into address_count as a (minute, kind, source) values (date_trunc('minute', now()), ${kind}, ${tag})
    on conflict (minute, kind, source) do update set n = a.n + 1 where a.n < ${perMinute[kind]} returning n`.execute(deps.db)
  if (rows.length > 0) return
  await deps.events.tally.add(actor, 'request.limited', `${kind}s of codes from this address`)
  throw new Refusal('rate-limited', `${kind}s of this address`, { retryAfter: 60 - new Date().getSeconds() })
}

/**
 * R29. Who holds a code's full secret may learn its state, exactly as by `inspect`, and leaves the same traces; to anyone
 * else a code that authenticates is unknown.
 */
export const checkCode = async (
  deps: CheckDeps,
  actor: Actor,
  { content }: In<typeof contract.checkCode>,
  claimToken: string | undefined,
): Promise<Out<typeof contract.checkCode>> => {
  await requireWithin(deps, actor, 'check')
  const { issuer } = await readAuthenticationSettings(deps.db)
  const judged = judge(content, deps.origins)
  const { reasons, ...said }: Said & { difference?: Out<typeof contract.checkCode>['difference'] } =
    judged.is === 'ours'
      ? await ofOurs(deps, actor, judged.id, judged.secret, claimToken)
      : ((await isStatic(deps, content)) ?? {
          verdict: judged.is,
          reasons: judged.reasons,
          ...(judged.is === 'look-alike' && judged.difference ? { difference: judged.difference } : {}),
        })
  return { ...said, issuer, reasons: reasons.map((code) => ({ code, text: contract.checkReasons[code] })) }
}

const ofOurs = async (
  deps: CheckDeps,
  actor: Actor,
  codeId: string,
  secret: string | undefined,
  claimToken: string | undefined,
): Promise<Said> => {
  const id = fromId(codeId)
  const unknown: Said = { verdict: 'not-ours', reasons: ['unknown'] }
  if (secret !== undefined) {
    const found = await findBySecret(deps.db, id, secretHashOf(deps.keys, id, secret))
    if (!found) {
      await recordUnknown(deps, actor, 'code.inspected')
      return unknown
    }
    const state = stateOf(found)
    if (state === 'used') await recordLate(deps, actor, found, 'code.inspected', claimToken)
    return byState(state)
  }
  const code = await readCode(deps.db, deps.origin, id)
  if (!code || authenticates(code.kind) || code.kind === 'static') return unknown
  const now = code.replacedBy ? await readCode(deps.db, deps.origin, fromId(code.replacedBy)) : code
  if (!now) return unknown
  const said = byState(now.state)
  const leads =
    now.state === 'live' && now.destination && now.destination.type !== 'text'
      ? { leadsTo: new URL(leadsTo(now.destination, actor.source.device.platform)).host }
      : {}
  return { ...said, ...leads, reasons: code.replacedBy ? [...said.reasons, 'replaced'] : said.reasons }
}
const byState = (state: contract.CodeState): Said => {
  if (state === 'live') return { verdict: 'genuine', reasons: ['issued'] }
  if (state === 'expired' || state === 'revoked') return { verdict: state, reasons: [state] }
  return { verdict: 'genuine', reasons: [state] }
}
/** A static code is what it holds: one of ours where we printed exactly this, and have not taken it back. */
const isStatic = async (deps: CheckDeps, content: string): Promise<Said | undefined> => {
  const { rows } = await sql<{ revoked: boolean }>`select bool_and(revoked_at is not null) as revoked from code
    where kind = 'static' and coalesce(destination->>'url', destination->>'text') = ${content.trim()} having count(*) > 0`.execute(
    deps.db,
  )
  if (!rows[0]) return undefined
  return rows[0].revoked ? byState('revoked') : { verdict: 'genuine', reasons: ['issued-static'] }
}

/** One tap: an event with what was seen, without the secret part, and a notice to the operators. */
export const reportCode = async (deps: CheckDeps, actor: Actor, input: In<typeof contract.reportCode>): Promise<void> => {
  await requireWithin(deps, actor, 'report')
  const judged = judge(input.content, deps.origins)
  // what lies behind # may be a secret, and a key for an authenticator app is one
  const seen =
    judged.is !== 'ours' && judged.reasons.includes('holds-key')
      ? 'a key for an authenticator app'
      : (input.content.split('#')[0] as string)
  await deps.db.transaction().execute(async (tx) => {
    const event = new EventDraft(actor, 'code.reported', {
      ...(judged.is === 'ours' ? { codeId: fromId(judged.id) } : {}),
      reason: [seen.slice(0, 512), input.where].filter(Boolean).join(' · '),
      detail: { judged: judged.is, ...(judged.is === 'ours' ? {} : { reasons: judged.reasons }) },
    })
    await notify(tx, 'code-reported', await deps.events.append(tx, event), null)
  })
  deps.events.onAppended()
}
