import type { CodeState, Notice } from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { EventDraft, type EventFacts, notify } from '../events/index.ts'
import './approval-table.ts'
import { askedFrom } from './asked-from.ts'
import type { CodesDeps } from './codes.ts'
import { refusalFor, stateOf } from './codes-life.ts'
import { type FoundCode, noticeDue } from './codes-store.ts'
import { ageOf, type Frame, frameIn, isFresh } from './frames.ts'
import { countScan } from './scans.ts'

/** How somebody who holds the full secret came to it. */
type Come = { type: 'code.inspected' | 'code.claimed'; claimToken: string | undefined; frame?: Frame | undefined }
/** `notice`: whom it concerns is told, once an hour a code. `within`: the address has events left in this minute. */
type Put = { code: FoundCode; notice: Notice['kind'] | undefined; within: boolean }

const about = ({ id, userId, username }: FoundCode, more: EventFacts): EventFacts => ({
  codeId: id,
  ...(userId ? { subject: { kind: 'user', id: userId, name: username ?? '' } } : {}),
  ...more,
})
/** A flood may fill no log, nor may it hide what is to be told of. */
const put = async (deps: CodesDeps, tx: Tx, event: EventDraft, { code, notice, within }: Put): Promise<void> => {
  const due = notice !== undefined && (await noticeDue(tx, code.id))
  if (!within && !due) return
  event.outcome = 'denied'
  const id = await deps.events.append(tx, event)
  if (due) await notify(tx, notice, id, code.userId)
}
const putAlone = async (deps: CodesDeps, actor: Actor, work: (tx: Tx, within: boolean) => Promise<void>): Promise<void> => {
  const within = await countScan(deps, actor)
  await deps.db.transaction().execute((tx) => work(tx, within))
  deps.events.onAppended()
}

/** A claim that a rule refuses before it is one. */
export const recordRefused = (deps: CodesDeps, actor: Actor, code: FoundCode, facts: EventFacts) =>
  putAlone(deps, actor, (tx, within) =>
    put(deps, tx, new EventDraft(actor, 'code.claimed', about(code, facts)), { code, notice: undefined, within }),
  )

/** A relay attempt, with both places: the event’s own is the phone’s, the asker’s stands in its sealed part. */
export const recordRelay = (deps: CodesDeps, actor: Actor, code: FoundCode, why: string) =>
  putAlone(deps, actor, (tx, within) => putRelay(deps, tx, actor, { code, notice: 'relay', within }, why))
const putRelay = async (deps: CodesDeps, tx: Tx, actor: Actor, by: Put, why: string): Promise<void> => {
  const found = await tx.selectFrom('approval').select('asker').where('codeId', '=', by.code.id).executeTakeFirst()
  const { reason, detail } = askedFrom(found?.asker)
  const facts = about(by.code, { reason, detail: { why, ...detail } })
  await put(deps, tx, new EventDraft(actor, 'code.relayed', facts), by)
}

/** A frame that was fresh lost a race against the end of its code: on record, and nobody is alarmed. A photo is opened later. */
const relayOf = (code: FoundCode, frame: Frame, within: boolean): [Put, why: string] => [
  { code, within, notice: code.claimedAt || !isFresh(frame, code.age) ? 'relay' : undefined },
  `the code was ${stateOf(code) === 'used' ? 'claimed before, by another phone' : stateOf(code)}; frame ${frame.n} was ${ageOf(frame, code.age)} s old`,
]
/**
 * What comes when a code is over. A frame of ours that does not come from who claimed is a relay attempt; of a code that was
 * claimed, whatever ended it since, any other browser’s look or claim is told of (R7).
 */
export const recordLate = (deps: CodesDeps, actor: Actor, code: FoundCode, { type, claimToken, frame }: Come) =>
  putAlone(deps, actor, async (tx, within) => {
    const own =
      code.claimedBy !== null &&
      (actor.source.thumbprint?.equals(code.claimedBy) ||
        (await deps.claimHandlers[code.kind].isClaimer(tx, code.id, claimToken)))
    if (frame && !own) return putRelay(deps, tx, actor, ...relayOf(code, frame, within))
    const by = code.claimedAt ? { by: own ? 'the browser that claimed it' : 'another browser' } : {}
    const late = type === 'code.inspected' ? 'late-inspect' : 'late-claim'
    const event = new EventDraft(actor, type, about(code, { detail: { code: refusalFor(code), ...by } }))
    return put(deps, tx, event, { code, notice: code.claimedAt && !own ? late : undefined, within })
  })
/** A claim that was in time when it came, and lost its code before the burn. In the commit of its refusal, which is its event. */
export const keepLost = async (
  deps: CodesDeps,
  tx: Tx,
  actor: Actor,
  code: FoundCode,
  { eventId, frame }: { eventId: string; frame: Frame | undefined },
): Promise<void> => {
  if (frame) await putRelay(deps, tx, actor, ...relayOf(code, frame, true))
  else if (code.claimedAt && (await noticeDue(tx, code.id))) await notify(tx, 'late-claim', eventId, code.userId)
}

/**
 * The state that is told to who holds the full secret, by `inspect` and by "is this code ours?", with the traces that it leaves
 * to come too late. A frame that is no longer fresh looks expired before its code is.
 */
export const tellState = async (
  deps: CodesDeps,
  actor: Actor,
  code: FoundCode,
  { secret, claimToken }: { secret: string; claimToken: string | undefined },
): Promise<CodeState> => {
  const frame = frameIn(secret)
  const state = stateOf(code)
  if (frame && state === 'live') {
    if (isFresh(frame, code.age)) return state
    await recordRelay(deps, actor, code, `frame ${frame.n} was ${ageOf(frame, code.age)} s old when it was opened`)
    return 'expired'
  }
  if (frame || code.claimedAt) await recordLate(deps, actor, code, { type: 'code.inspected', claimToken, frame })
  return state
}
