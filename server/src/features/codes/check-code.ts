import type { CheckReason, CheckVerdict, In, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import { fromId } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { EventDraft, limitTag, notify } from '../events/index.ts'
import { readAuthenticationSettings } from '../policies/index.ts'
import { brandOf } from './code-symbol.ts'
import { type CodesDeps, recordUnknown } from './codes.ts'
import { authenticates, kinds } from './codes-life.ts'
import { readCode } from './codes-read.ts'
import { findBySecret } from './codes-store.ts'
import { leadsTo } from './destinations.ts'
import { hashOfPresented } from './frames.ts'
import { tellState } from './late.ts'
import { judge } from './look-alike.ts'
import { type DrawnBy, lookAt, lookOfOthers, lookOfOurs } from './photo-look.ts'

type Difference = NonNullable<Out<typeof contract.checkCode>['difference']>
/** `drawnBy`: of a code of ours, whose look its symbol should have. */
type Said = { verdict: CheckVerdict; reasons: CheckReason[]; leadsTo?: string; difference?: Difference; drawnBy?: DrawnBy }

/** Checks and reports of one address in a minute; beyond it the answer is 429. A photo costs as much as so many checks. */
const perMinute = { check: 30, report: 5 }
const photoCosts = 3
const requireWithin = async (deps: CodesDeps, actor: Actor, kind: keyof typeof perMinute, cost = 1): Promise<void> => {
  const tag = limitTag(deps.keys, actor.source.address ?? '')
  const { rows } =
    await sql`insert into address_count as a (minute, kind, source, n) values (date_trunc('minute', now()), ${kind}, ${tag}, ${cost})
    on conflict (minute, kind, source) do update set n = a.n + ${cost} where a.n <= ${perMinute[kind] - cost} returning n`.execute(
      deps.db,
    )
  if (rows.length > 0) return
  await deps.events.tally.add(actor, 'request.limited', `${kind}s of codes from this address`)
  throw new Refusal('rate-limited', `${kind}s of this address`, { retryAfter: 60 - new Date().getSeconds() })
}

/**
 * R29. Who holds a code's full secret may learn its state, as by `inspect`, and leaves the same traces where it is too late; to
 * anyone else a code that authenticates is unknown. A photo is looked at and forgotten.
 */
export const checkCode = async (
  deps: CodesDeps,
  actor: Actor,
  { content: given, image }: In<typeof contract.checkCode>,
  claimToken: string | undefined,
): Promise<Out<typeof contract.checkCode>> => {
  if (given === undefined && image === undefined) throw invalid('content', 'say what the symbol holds, or send an image of it')
  await requireWithin(deps, actor, 'check', image === undefined ? 1 : photoCosts)
  const photo = image === undefined ? undefined : await lookAt(deps, Buffer.from(image, 'base64'), given)
  const content = given ?? photo?.text
  if (content === undefined) throw noSymbol()
  const { issuer } = await readAuthenticationSettings(deps.db)
  const judged = judge(content, deps.origins)
  const { drawnBy, reasons, ...said } =
    judged.is === 'ours'
      ? await ofOurs(deps, actor, judged.id, judged.secret, claimToken)
      : ((await isStatic(deps, content)) ?? ofOthers(judged))
  const look = photo && (drawnBy ? lookOfOurs(photo, drawnBy) : lookOfOthers(photo))
  const dressed = look?.verdict === 'like' && !drawnBy && !leadsToUs(reasons)
  return {
    ...said,
    ...(dressed ? { verdict: 'look-alike' as const } : {}),
    issuer,
    reasons: (dressed ? ['our-look' as const, ...reasons] : reasons).map((code) => ({ code, text: contract.checkReasons[code] })),
    ...(given === undefined ? { content } : {}),
    ...(look ? { look } : {}),
  }
}
const noSymbol = (): Refusal => {
  const message = `No QR code was found in this picture. ${contract.whyUnclear['no-symbol'].split('. ').slice(1).join('. ')}`
  return new Refusal('invalid-request', 'no symbol', { errors: [{ path: 'image', message }], detail: message })
}
const ofOthers = (judged: Exclude<ReturnType<typeof judge>, { is: 'ours' }>): Said => ({
  verdict: judged.is,
  reasons: judged.reasons,
  ...(judged.is === 'look-alike' && judged.difference ? { difference: judged.difference } : {}),
})
/** Of our server, if of no code of ours: part of an address that we drew may be missing, so its look accuses nobody. */
const leadsToUs = (reasons: readonly CheckReason[]): boolean => reasons.includes('unknown') || reasons.includes('no-code-of-ours')

const ofOurs = async (
  deps: CodesDeps,
  actor: Actor,
  codeId: string,
  secret: string | undefined,
  claimToken: string | undefined,
): Promise<Said> => {
  const id = fromId(codeId)
  const unknown: Said = { verdict: 'not-ours', reasons: ['unknown'] }
  if (secret !== undefined) {
    const found = await findBySecret(deps.db, id, hashOfPresented(deps.keys, id, secret))
    if (!found) {
      await recordUnknown(deps, actor, 'code.inspected')
      return unknown
    }
    const said = byState(await tellState(deps, actor, found, { secret, claimToken }))
    return {
      ...said,
      reasons: kinds[found.kind].symbol === 'moving' ? ['sign-in-code', ...said.reasons] : said.reasons,
      drawnBy: { brand: await brandOf(deps.db, id), plain: true },
    }
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
  const drawnBy = { brand: await brandOf(deps.db, id), plain: false }
  return { ...said, ...leads, drawnBy, reasons: code.replacedBy ? [...said.reasons, 'replaced'] : said.reasons }
}
const byState = (state: contract.CodeState): Said => {
  if (state === 'live') return { verdict: 'genuine', reasons: ['issued'] }
  if (state === 'expired' || state === 'revoked') return { verdict: state, reasons: [state] }
  return { verdict: 'genuine', reasons: [state] }
}
/** A static code is what it holds: one of ours where we printed exactly this, and have not taken it back. */
const isStatic = async (deps: CodesDeps, content: string): Promise<Said | undefined> => {
  const { rows } = await sql<{ revoked: boolean; brand: string | null }>`
    select bool_and(revoked_at is not null) as revoked, (array_agg(brand_id order by revoked_at nulls first, id desc))[1] as brand from code
    where kind = 'static' and coalesce(destination->>'url', destination->>'text') = ${content.trim()} having count(*) > 0`.execute(
    deps.db,
  )
  if (!rows[0]) return undefined
  const drawnBy = { brand: rows[0].brand, plain: false }
  return { ...(rows[0].revoked ? byState('revoked') : { verdict: 'genuine', reasons: ['issued-static'] }), drawnBy }
}

/** One tap: an event with what was seen, without the secret part, and a notice to the operators. */
export const reportCode = async (deps: CodesDeps, actor: Actor, input: In<typeof contract.reportCode>): Promise<void> => {
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
      detail: {
        judged: judged.is,
        ...(judged.is === 'ours' ? {} : { reasons: judged.reasons }),
        ...(input.look ? { look: input.look.verdict, ...(input.look.brand ? { brand: input.look.brand } : {}) } : {}),
      },
    })
    await notify(tx, 'code-reported', await deps.events.append(tx, event), null)
  })
  deps.events.onAppended()
}
