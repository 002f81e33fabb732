import type { ClaimNeed, CodeKind, In, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId, toId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { type ActDeps, act, addressTag, EventDraft, notify } from '../events/index.ts'
import { readAuthenticationSettings } from '../policies/index.ts'
import { symbolSvg } from '../symbols/index.ts'
import { lockPerson, mayManage } from '../users/index.ts'
import { readCode, readCodes, readScans } from './codes-read.ts'
import { refusalFor, stateOf } from './codes-rules.ts'
import {
  burn,
  type FoundCode,
  findBySecret,
  insertCode,
  insertScan,
  type NewCode,
  noticeDue,
  revokeCodes,
  secretHashOf,
} from './codes-store.ts'

type Burnt = NonNullable<Awaited<ReturnType<typeof burn>>>
type ClaimInput = In<typeof contract.claimCode>
type ClaimAnswer = Out<typeof contract.claimCode>
/** What a kind means; `codes` does not know. Handed in by app.ts, filled by later features. */
export type ClaimHandler = {
  /** What the claim and its confirmation will ask of the person, for `inspect`. */
  needs: (tx: Tx, code: FoundCode) => Promise<ClaimNeed[]>
  /** Checks what came with the claim, before the burn: throws where something is missing. */
  require: (input: ClaimInput, code: FoundCode) => void
  /** In the burn's transaction: makes what the claim opens. `claimToken` marks the claiming browser. */
  claimed: (
    tx: Tx,
    claim: { code: Burnt; input: ClaimInput; key: Buffer },
    event: EventDraft,
  ) => Promise<{ answer: ClaimAnswer; claimToken: string }>
  /** The same answer for the same key within 2 minutes; undefined: not repeatable. */
  repeated: (tx: Tx, codeId: string, key: Buffer) => Promise<{ answer: ClaimAnswer; claimToken: string } | undefined>
  /** Whether a visit comes from the browser that claimed, by its cookie. */
  isClaimer: (tx: Tx, codeId: string, claimToken: string | undefined) => Promise<boolean>
  /** `also: results`: ends what came of a claimed code. */
  endResults: (tx: Tx, codeId: string) => Promise<void>
}
export type CodesDeps = ActDeps & { origin: string; claimHandlers: Record<CodeKind, ClaimHandler> }

/** Issues a code in the caller's transaction; its address is in this answer alone. */
export const issue = async (
  deps: ActDeps & { origin: string },
  tx: Tx,
  event: EventDraft,
  code: NewCode,
): Promise<{ id: string; url: string; symbolSvg: string; expiresAt: string }> => {
  const { id, secret, expiresAt } = await insertCode(tx, deps.keys, code)
  event.about({ codeId: id, detail: { kind: code.kind, expiresAt: expiresAt.toISOString() } })
  const url = `${deps.origin}/c/${toId('cod', id)}#${secret}`
  return { id: toId('cod', id), url, symbolSvg: symbolSvg(url), expiresAt: expiresAt.toISOString() }
}

const asks = (code: FoundCode, issuer: string): string =>
  code.bootstrap === 'owner'
    ? `Set up ${issuer}: this makes you its first operator.`
    : code.bootstrap
      ? `Become an operator of ${issuer}.`
      : `Get your passcode key for ${issuer}.`

/** Changes nothing. Who holds the full secret learns the state; a late look by another browser is on record. */
const inspect = async (
  deps: CodesDeps,
  actor: Actor,
  input: In<typeof contract.inspectCode>,
  claimToken: string | undefined,
): Promise<Out<typeof contract.inspectCode>> => {
  const id = fromId(input.id)
  const found = await findBySecret(deps.db, id, secretHashOf(deps.keys, id, input.secret))
  if (!found) {
    await recordUnknown(deps, actor, 'code.inspected')
    throw new Refusal('code-unknown')
  }
  const state = stateOf(found)
  const handler = deps.claimHandlers[found.kind]
  const { issuer } = await readAuthenticationSettings(deps.db)
  if (state === 'used') await recordLate(deps, actor, found, 'code.inspected', claimToken)
  const needs =
    state === 'live' || state === 'not-yet-valid' ? await deps.db.transaction().execute((tx) => handler.needs(tx, found)) : []
  return {
    kind: found.kind,
    state,
    issuer,
    asks: asks(found, issuer),
    needs,
    ...(state === 'live' && (found.username ?? found.suggestedUsername)
      ? { username: (found.username ?? found.suggestedUsername) as string }
      : {}),
    ...(state === 'not-yet-valid' ? { notBefore: found.notBefore.toISOString() } : {}),
    expiresAt: found.expiresAt.toISOString(),
    ...(found.claimedAt && state === 'used' ? { usedAt: found.claimedAt.toISOString() } : {}),
  }
}
/** A wrong secret is a wrong proof: it is recorded, and counts for the address. */
const recordUnknown = async (deps: CodesDeps, actor: Actor, type: 'code.inspected' | 'code.claimed'): Promise<void> => {
  const event = new EventDraft(actor, type, { detail: { code: 'code-unknown' } })
  event.outcome = 'failure'
  if (!(await deps.events.recordFailure(event)))
    throw new Refusal('rate-limited', 'too many failures from this address', { retryAfter: 60 })
}
const recordLate = async (
  deps: CodesDeps,
  actor: Actor,
  code: FoundCode,
  type: 'code.inspected' | 'code.claimed',
  claimToken: string | undefined,
): Promise<void> => {
  const within = type !== 'code.inspected' || (await countScan(deps, actor))
  await deps.db.transaction().execute(async (tx) => {
    const own = await deps.claimHandlers[code.kind].isClaimer(tx, code.id, claimToken)
    const due = !own && (await noticeDue(tx, code.id))
    // a flood of openings may fill no log, nor may it hide the look that is to be told of
    if (!within && !due) return
    const event = new EventDraft(actor, type, {
      codeId: code.id,
      ...(code.userId ? { subject: { kind: 'user' as const, id: code.userId, name: code.username ?? '' } } : {}),
      detail: { code: 'code-used', by: own ? 'the browser that claimed it' : 'another browser' },
    })
    event.outcome = 'denied'
    const eventId = await deps.events.append(tx, event)
    if (due) await notify(tx, type === 'code.inspected' ? 'late-inspect' : 'late-claim', eventId, code.userId)
  })
  deps.events.onAppended()
}

/** The one claim. Of any number in parallel, over any number of processes, one UPDATE finds the row. */
const claim = async (
  deps: CodesDeps,
  actor: Actor,
  input: ClaimInput,
  claimToken: string | undefined,
): Promise<{ answer: ClaimAnswer; claimToken?: string }> => {
  const id = fromId(input.id)
  const secretHash = secretHashOf(deps.keys, id, input.secret)
  const key = actor.source.thumbprint as Buffer
  const before = await findBySecret(deps.db, id, secretHash)
  if (!before) {
    await recordUnknown(deps, actor, 'code.claimed')
    throw new Refusal('code-unknown')
  }
  const handler = deps.claimHandlers[before.kind]
  if (stateOf(before) === 'live') handler.require(input, before)
  const repeated = await deps.db.transaction().execute((tx) => handler.repeated(tx, id, key))
  if (repeated && !before.revokedAt) return repeated
  if (before.claimedAt && !before.revokedAt) {
    await recordLate(deps, actor, before, 'code.claimed', claimToken)
    throw new Refusal('code-used')
  }
  return act(deps, actor, { type: 'code.claimed', endpoint: contract.claimCode }, async (tx, event) => {
    event.about({
      codeId: id,
      ...(before.userId ? { subject: { kind: 'user', id: before.userId, name: before.username ?? '' } } : {}),
    })
    if (before.userId) await lockPerson(tx, before.userId)
    const code = await burn(tx, id, secretHash, key)
    if (!code) {
      const now = await findBySecret(tx, id, secretHash)
      const late = now?.claimedAt && !now.revokedAt && !now.claimedBy?.equals(key)
      throw new Refusal(refusalFor(now), undefined, {
        keep: async (kept, eventId) => {
          if (late && (await noticeDue(kept, id))) await notify(kept, 'late-claim', eventId, before.userId)
          return undefined
        },
      })
    }
    return handler.claimed(tx, { code, input, key }, event)
  }).catch(async (refused: unknown) => {
    // the same key lost the race against itself (a double tap): it gets its own answer
    if (refused instanceof Refusal && refused.code === 'code-used') {
      const own = await deps.db.transaction().execute((tx) => handler.repeated(tx, id, key))
      if (own) return own
    }
    throw refused
  })
}

const revoke = (deps: CodesDeps, actor: Actor, input: In<typeof contract.revokeCode>) =>
  act(deps, actor, { type: 'code.revoked', endpoint: contract.revokeCode }, async (tx, event) => {
    const id = fromId(input.id)
    const code = await readCode(tx, id)
    if (!code) throw new Refusal('not-found')
    event.about({
      codeId: id,
      ...(code.user ? { subject: { kind: 'user', id: fromId(code.user.id), name: code.user.username } } : {}),
      reason: input.reason,
      detail: { also: input.also ?? [] },
    })
    if (code.user) {
      const roles = await tx.selectFrom('userRole').select('role').where('userId', '=', fromId(code.user.id)).execute()
      if (
        !mayManage(
          roleOf(actor) ?? 'user',
          roles.map((row) => row.role),
        )
      )
        throw new Refusal('not-allowed', 'the code is for a person with more rights')
      await lockPerson(tx, fromId(code.user.id))
    }
    if (input.also?.includes('results')) await deps.claimHandlers[code.kind].endResults(tx, id)
    const [revoked] = await revokeCodes(tx, { id })
    return { id: code.id, state: 'revoked' as const, revokedAt: revoked?.revokedAt.toISOString() ?? (code.revokedAt as string) }
  })

/** Openings of one address that are recorded singly in a minute; beyond it they become one event with a count. */
const scansPerMinute = 60
/** True while the address has one left. An id is no secret: without this anybody who saw one could fill the log with it. */
const countScan = async (deps: ActDeps, actor: Actor): Promise<boolean> => {
  const tag = addressTag(deps.keys, actor.source.address ?? '')
  const { rows } =
    await sql`insert into address_count as a (minute, kind, source) values (date_trunc('minute', now()), 'scan', ${tag})
    on conflict (minute, kind, source) do update set n = a.n + 1 where a.n < ${scansPerMinute} returning n`.execute(deps.db)
  if (rows.length === 0) await deps.events.tally.add(actor, 'request.limited', 'openings of codes from this address')
  return rows.length > 0
}

/** One opening of a code's page. Unknown ids leave nothing but the request's own traces. */
export const recordScan = async (deps: ActDeps, actor: Actor, codeId: string, method: string): Promise<void> => {
  const found = await deps.db.selectFrom('code').select(['id', 'userId']).where('id', '=', codeId).executeTakeFirst()
  if (!found) return
  const { source } = actor
  const bot = source.device.type === 'bot' || method === 'HEAD'
  if (!(await countScan(deps, actor))) return
  await deps.db.transaction().execute(async (tx) => {
    await insertScan(tx, {
      codeId,
      outcome: 'opened',
      deviceType: source.device.type,
      platform: source.device.platform,
      browser: source.device.browser,
      country: source.place?.country ?? '',
      bot,
      addressTag: source.address ? addressTag(deps.keys, source.address) : null,
    })
    await deps.events.append(tx, new EventDraft(actor, 'code.scanned', { codeId, detail: { preview: bot ? 'yes' : 'no' } }))
  })
  deps.events.onAppended()
}

export const codesRoutes = (deps: CodesDeps): Route[] => [
  route(contract.inspectCode, async ({ actor, input, claimToken }) => ({ value: await inspect(deps, actor, input, claimToken) })),
  route(contract.claimCode, async ({ actor, input, claimToken }) => {
    const claimed = await claim(deps, actor, input, claimToken)
    return { value: claimed.answer, ...(claimed.claimToken ? { claim: claimed.claimToken } : {}) }
  }),
  route(contract.listCodes, async ({ input }) => ({ value: await readCodes(deps.db, input) })),
  route(contract.getCode, async ({ input }) => {
    const code = await readCode(deps.db, fromId(input.id))
    if (!code) throw new Refusal('not-found')
    return { value: code }
  }),
  route(contract.listScans, async ({ input }) => {
    const id = fromId(input.id)
    if (!(await readCode(deps.db, id))) throw new Refusal('not-found')
    return { value: await readScans(deps.db, id, input) }
  }),
  route(contract.revokeCode, async ({ actor, input }) => ({ value: await revoke(deps, actor, input) })),
]
