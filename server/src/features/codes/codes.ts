import { timingSafeEqual } from 'node:crypto'
import type { ClaimNeed, In, Out, SymbolFiles, SymbolFormat } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId, toId, uuid7 } from '../../platform/ids.ts'
import { newToken } from '../../platform/keys.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { type ActDeps, act, EventDraft, type EventFacts, notify } from '../events/index.ts'
import { readAuthenticationSettings } from '../policies/index.ts'
import { lookOf, symbolFiles, symbolSvg } from '../symbols/index.ts'
import { lockDeployment, lockPerson } from '../users/index.ts'
import { type AuthenticatingKind, refusalFor, stateOf } from './codes-life.ts'
import {
  activationHashOf,
  activationTries,
  type By,
  burn,
  countActivationTry,
  type FoundCode,
  findBySecret,
  insertCode,
  type NewCode,
  revokeCodes,
} from './codes-store.ts'
import { frameIn, hashOfPresented } from './frames.ts'
import { keepLost, recordLate, tellState } from './late.ts'
import { framesIn, notLive, openFrame, type Reading, requireLive } from './moving-code.ts'

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
    claim: { code: Burnt; input: ClaimInput; key: Buffer; reading: Reading | undefined },
    event: EventDraft,
  ) => Promise<{ answer: ClaimAnswer; claimToken: string }>
  /** The same answer for the same key within 2 minutes; undefined: not repeatable. */
  repeated: (tx: Tx, codeId: string, key: Buffer) => Promise<{ answer: ClaimAnswer; claimToken: string } | undefined>
  /** Whether a visit comes from the browser that claimed, by its cookie. */
  isClaimer: (tx: Tx, codeId: string, claimToken: string | undefined) => Promise<boolean>
  /** `also: results`: ends what came of a claimed code, and answers which factors these were; throws for the last owner’s. */
  endResults: (tx: Tx, codeId: string, by: By) => Promise<string[]>
  /** Whether a code may be issued to this person now, and its label; throws a Refusal. */
  issuable: (tx: Tx, userId: string) => Promise<{ label: string }>
}
export type CodesDeps = ActDeps & {
  origin: string
  origins: readonly string[]
  claimHandlers: Record<AuthenticatingKind, ClaimHandler>
}

/** What is drawn before the transaction that issues a code: drawing takes longer than a lock may be held. */
export type Prepared = { id: string; secret?: string; files: SymbolFiles }
/** Chooses the address of a code to be, and draws it in a kit's look; undefined: nobody asked for files. */
export const prepareCode = async (
  deps: ActDeps & { origin: string },
  formats: readonly SymbolFormat[] | undefined,
  { authenticates, brandId }: { authenticates: boolean; brandId: string | null } = { authenticates: true, brandId: null },
): Promise<Prepared | undefined> => {
  if (!formats || formats.length === 0) return undefined
  const id = uuid7()
  const secret = authenticates ? newToken() : undefined
  const address = `${deps.origin}/c/${toId('cod', id)}${secret === undefined ? '' : `#${secret}`}`
  const files = await symbolFiles(address, await lookOf(deps.db, brandId), formats)
  return { id, files, ...(secret === undefined ? {} : { secret }) }
}

/** Issues a code in the caller's transaction; its address is in this answer alone. */
export const issue = async (
  deps: ActDeps & { origin: string },
  tx: Tx,
  event: EventDraft,
  code: NewCode & { kind: AuthenticatingKind; expiresInMinutes: number },
  prepared?: Prepared,
): Promise<{ id: string; url: string; symbolSvg: string; symbols?: SymbolFiles; activation?: string; expiresAt: string }> => {
  const { id, secret, activation, expiresAt } = await insertCode(tx, deps.keys, code, prepared)
  event.about({
    codeId: id,
    detail: { kind: code.kind, expiresAt: expiresAt.toISOString(), ...(code.deliver ? { deliver: code.deliver } : {}) },
  })
  const url = `${deps.origin}/c/${toId('cod', id)}#${secret}`
  let drawn: string | undefined
  return {
    id: toId('cod', id),
    url,
    // drawn for who asks: a job that issues thousands shows none of them here
    get symbolSvg() {
      drawn ??= symbolSvg(url)
      return drawn
    },
    ...(activation === undefined ? {} : { activation }),
    ...(prepared ? { symbols: prepared.files } : {}),
    expiresAt: expiresAt.toISOString(),
  }
}

const asks = ({ bootstrap, kind }: FoundCode, issuer: string): string => {
  if (bootstrap === 'owner') return `Set up ${issuer}: this makes you its first operator.`
  if (bootstrap) return `Become an operator of ${issuer}.`
  return {
    'enrol-totp': `Get your passcode key for ${issuer}.`,
    'enrol-device': `Register this phone for ${issuer}.`,
    'sign-in': `Sign in to ${issuer} on the screen that shows this code.`,
    approve: `Confirm that it is you, for ${issuer}, on the screen that shows this code.`,
  }[kind]
}

/** Changes nothing. Who holds the full secret learns the state; a late look by another browser is on record. */
export const inspect = async (
  deps: CodesDeps,
  actor: Actor,
  input: In<typeof contract.inspectCode>,
  claimToken: string | undefined,
): Promise<Out<typeof contract.inspectCode>> => {
  const id = fromId(input.id)
  const found = await findBySecret(deps.db, id, hashOfPresented(deps.keys, id, input.secret))
  if (!found) {
    await recordUnknown(deps, actor, 'code.inspected')
    throw new Refusal('code-unknown')
  }
  const state = await tellState(deps, actor, found, { secret: input.secret, claimToken })
  const frame = frameIn(input.secret)
  const ticket = frame && state === 'live' ? await openFrame(deps, found, frame) : undefined
  const handler = deps.claimHandlers[found.kind]
  const { issuer } = await readAuthenticationSettings(deps.db)
  const needs =
    state === 'live' || state === 'not-yet-valid' ? await deps.db.transaction().execute((tx) => handler.needs(tx, found)) : []
  if (needs.length > 0 && found.activationHash) needs.unshift('activation')
  return {
    kind: found.kind,
    state,
    issuer,
    asks: asks(found, issuer),
    ...(found.bootstrap ? { bootstrap: true as const } : {}),
    needs,
    ...(state === 'live' && (found.username ?? found.suggestedUsername)
      ? { username: (found.username ?? found.suggestedUsername) as string }
      : {}),
    ...(state === 'not-yet-valid' ? { notBefore: found.notBefore.toISOString() } : {}),
    expiresAt: found.expiresAt.toISOString(),
    ...(found.claimedAt && state === 'used' ? { usedAt: found.claimedAt.toISOString() } : {}),
    ...(ticket === undefined ? {} : { ticket }),
  }
}
/** A wrong secret is a wrong proof: it is recorded, and counts for the address. */
export const recordUnknown = async (deps: ActDeps, actor: Actor, type: 'code.inspected' | 'code.claimed'): Promise<void> => {
  const event = new EventDraft(actor, type, { detail: { code: 'code-unknown' } })
  event.outcome = 'failure'
  if (!(await deps.events.recordFailure(event)))
    throw new Refusal('rate-limited', 'too many failures from this address', { retryAfter: 60 })
}

/** The one claim. Of any number in parallel, over any number of processes, one UPDATE finds the row. */
export const claim = async (
  deps: CodesDeps,
  actor: Actor,
  input: ClaimInput,
  claimToken: string | undefined,
): Promise<{ answer: ClaimAnswer; claimToken?: string }> => {
  const id = fromId(input.id)
  const secretHash = hashOfPresented(deps.keys, id, input.secret)
  const key = actor.source.thumbprint as Buffer
  const frames = framesIn(deps, id, input)
  const before = frames === 'forged' ? undefined : await findBySecret(deps.db, id, secretHash)
  if (!before || frames === 'forged') {
    await recordUnknown(deps, actor, 'code.claimed')
    throw new Refusal('code-unknown')
  }
  const handler = deps.claimHandlers[before.kind]
  const state = stateOf(before)
  if (state === 'live') {
    handler.require(input, before)
    if (before.activationHash && !input.activation?.trim())
      throw invalid('activation', 'the activation number: eight digits, handed over apart from the letter', 'required')
  }
  const repeated = before.claimedAt ? await deps.db.transaction().execute((tx) => handler.repeated(tx, id, key)) : undefined
  if (repeated) return repeated
  if (state === 'used' || state === 'revoked' || state === 'expired') {
    // what was revoked between the two reads is told as that, not as used by the very key that used it
    const found = (before.claimedAt && (await findBySecret(deps.db, id, secretHash))) || before
    await recordLate(deps, actor, found, { type: 'code.claimed', claimToken, frame: frames?.at(-1) })
    throw new Refusal(refusalFor(found))
  }
  const reading = frames && (await requireLive(deps, actor, before, frames, input.ticket))
  const about: EventFacts = {
    codeId: id,
    ...(before.userId ? { subject: { kind: 'user', id: before.userId, name: before.username ?? '' } } : {}),
  }
  return act(deps, actor, { type: 'code.claimed', endpoint: contract.claimCode }, async (tx, event) => {
    event.about(about)
    if (before.userId) await lockPerson(tx, before.userId)
    // nobody is there yet to be locked: of a claim and a new link, one sees what the other did
    if (before.bootstrap) await lockDeployment(tx)
    const activation = input.activation === undefined ? null : activationHashOf(deps.keys, id, input.activation)
    const code = await burn(tx, id, secretHash, key, activation, reading?.seconds ?? null)
    if (!code) {
      const now = await findBySecret(tx, id, secretHash)
      // nothing but the number was wrong: a guess, counted in the commit that lets its verdict out
      if (now?.activationHash && stateOf(now) === 'live' && !(activation && timingSafeEqual(activation, now.activationHash))) {
        event.about({ detail: { cause: 'wrong-activation-number' } })
        throw wrongActivation(deps, new EventDraft(actor, 'code.revoked', about), now)
      }
      const live = now && stateOf(now) === 'live'
      // the frames grew too old while this waited
      const refusal = reading && live ? notLive('the frames grew too old') : new Refusal(refusalFor(now))
      const lost = now && !now.claimedBy?.equals(key) && (!live || (reading && now.age > reading.seconds)) ? now : undefined
      throw new Refusal(refusal.code, refusal.why, {
        ...refusal.extras,
        keep: async (kept, eventId) => {
          if (lost) await keepLost(deps, kept, actor, lost, { eventId, frame: frames?.at(-1) })
          return undefined
        },
      })
    }
    return handler.claimed(tx, { code, input, key, reading }, event)
  }).catch(async (refused: unknown) => {
    // the same key lost the race against itself (a double tap): it gets its own answer
    if (refused instanceof Refusal && refused.code === 'code-used') {
      const own = await deps.db.transaction().execute((tx) => handler.repeated(tx, id, key))
      if (own) return own
    }
    throw refused
  })
}

/**
 * One of the five is gone; the fifth ends the code for good, by an event of its own, and whom it concerns is told: the letter is
 * in other hands. Where none was left, its end is all that is told.
 */
const wrongActivation = (deps: CodesDeps, ended: EventDraft, { id, userId }: FoundCode): Refusal =>
  new Refusal('factor-wrong', 'wrong activation number', {
    outcome: 'failure',
    keep: async (tx) => {
      const tries = await countActivationTry(tx, id)
      if (tries === undefined) return new Refusal('code-revoked', 'ended by five wrong activation numbers')
      if (tries >= activationTries) {
        const why = 'five wrong activation numbers'
        await revokeCodes(tx, { ids: [id] }, { byId: null, byName: why })
        const eventId = await deps.events.append(tx, ended.about({ detail: { cause: 'wrong-activation-numbers', why } }))
        await notify(tx, 'code-guessed', eventId, userId)
      }
      return new Refusal('factor-wrong', 'wrong activation number', {
        triesLeft: activationTries - tries,
        errors: [{ path: 'activation', message: 'did not match', code: 'mismatch' }],
      })
    },
  })
