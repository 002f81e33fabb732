import type * as contract from '@postern/contract'
import type { In } from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Db } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import { EventDraft, notify } from '../events/index.ts'
import { readDeviceSettings } from '../policies/index.ts'
import type { CodesDeps } from './codes.ts'
import './approval-table.ts'
import { stateOf } from './codes-life.ts'
import { type FoundCode, noticeDue } from './codes-store.ts'
import { ageOf, appSeconds, cameraSeconds, type Frame, frameIn, inARow, isOurs, ticketFor, ticketHolds } from './frames.ts'

/** Channel on which a waiting screen hears of its request: the payload is the sign-in’s id. */
export const requestChannel = 'postern_requests'
/** How the phone read a moving code; `seconds` since the code was made until which the burn may stand. */
export type Reading = { read: 'frames' | 'one frame'; seconds: number }

/** An inspection of a live frame tells the waiting screen that it was scanned: a hint for its person, which decides nothing. */
const tellScanned = async (db: Db, codeId: string): Promise<void> => {
  await sql`with a as (update approval set scanned_at = now() where code_id = ${codeId} and scanned_at is null and state = 'open' returning sign_in_id)
    select pg_notify(${requestChannel}, sign_in_id::text) from a`.execute(db)
}

/**
 * What `inspect` adds for a frame that is ours: a ticket where it is fresh enough for a camera app and policy takes one frame.
 * A frame that came too late is on record, and its code looks expired to who sent it.
 */
export const inspectFrame = async (
  deps: CodesDeps,
  actor: Actor,
  code: FoundCode,
  frame: Frame,
): Promise<{ ticket?: string; late: boolean }> => {
  if (stateOf(code) !== 'live') return { late: false }
  const age = ageOf(frame, code.age)
  if (age > appSeconds || age < -1) {
    await recordRelay(deps, actor, code, `frame ${frame.n} was ${age} s old when it was opened`)
    return { late: true }
  }
  await tellScanned(deps.db, code.id)
  const { oneFrame } = await readDeviceSettings(deps.db)
  return { late: false, ...(oneFrame ? { ticket: ticketFor(deps.keys, code.id, frame, code.age) } : {}) }
}

/** Frames of a claim as they came: all ours, or none of them counts. */
export const framesIn = (deps: CodesDeps, id: string, input: In<typeof contract.claimCode>): Frame[] | 'forged' | undefined => {
  const last = frameIn(input.secret)
  if (!last) return undefined
  const frames = [...(input.frames ?? []).map(frameIn), last]
  return frames.every((frame): frame is Frame => frame !== undefined && isOurs(deps.keys, id, frame)) ? frames : 'forged'
}

/**
 * Whether frames were read live: three in a row, the last at most 3 s old, by our camera page; or one with the ticket that
 * `inspect` gave while it was fresh. Else 410, and a relay attempt on record: a photo, a screenshot, a code passed on.
 */
export const requireLive = async (
  deps: CodesDeps,
  actor: Actor,
  code: FoundCode,
  frames: readonly Frame[],
  ticket: string | undefined,
): Promise<Reading> => {
  const last = frames.at(-1) as Frame
  const age = ageOf(last, code.age)
  const stale = async (why: string): Promise<never> => {
    await recordRelay(deps, actor, code, why)
    throw new Refusal('code-expired', why, {
      reason: 'not-live',
      detail: 'This was not read live from the screen. Scan the code that is there now.',
    })
  }
  if (frames.length > 1) {
    if (!inARow(frames)) return stale(`frames ${frames.map(({ n }) => n).join(', ')} are not three in a row`)
    if (age > cameraSeconds || age < -1) return stale(`frame ${last.n} was ${age} s old when it arrived`)
    return { read: 'frames', seconds: last.n + cameraSeconds + 1 }
  }
  if (ticket === undefined || !ticketHolds(deps.keys, code.id, last, code.age, ticket))
    return stale(`frame ${last.n} came alone, ${ticket === undefined ? 'without a ticket' : 'with a ticket that does not hold'}`)
  const { oneFrame } = await readDeviceSettings(deps.db)
  if (!oneFrame)
    throw new Refusal('not-allowed', 'policy asks for three frames', {
      reason: 'camera',
      detail: 'Policy asks for our own camera page. Open /phone and scan the code there.',
    })
  return { read: 'one frame', seconds: code.age + cameraSeconds }
}

/** On record with both places: the event’s own is the phone’s, the asker’s stands in its sealed part. Told of once an hour a code. */
export const recordRelay = async (deps: CodesDeps, actor: Actor, code: FoundCode, why: string): Promise<void> => {
  const asker = await deps.db.selectFrom('approval').select(['asker']).where('codeId', '=', code.id).executeTakeFirst()
  const { address, city, country } = asker?.asker ?? {}
  await deps.db.transaction().execute(async (tx) => {
    const event = new EventDraft(actor, 'code.relayed', {
      codeId: code.id,
      ...(code.userId ? { subject: { kind: 'user' as const, id: code.userId, name: code.username ?? '' } } : {}),
      reason: `asked from ${[address, city, country].filter(Boolean).join(', ') || 'nowhere known'}`,
      detail: { why, ...(country ? { askedFrom: country } : {}) },
    })
    event.outcome = 'denied'
    const id = await deps.events.append(tx, event)
    if (await noticeDue(tx, code.id)) await notify(tx, 'relay', id, code.userId)
  })
  deps.events.onAppended()
}
