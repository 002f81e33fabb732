import type * as contract from '@postern/contract'
import type { In } from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Db } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import { devicePolicyName, readDeviceSettings } from '../policies/index.ts'
import { requestChannel } from './approval-table.ts'
import type { CodesDeps } from './codes.ts'
import type { FoundCode } from './codes-store.ts'
import { ageOf, cameraSeconds, type Frame, frameIn, inARow, isFresh, isOurs, ticketFor, ticketHolds } from './frames.ts'
import { recordRefused, recordRelay } from './late.ts'

/** How the phone read a moving code; `seconds` since the code was made until which the burn may stand. */
export type Reading = { read: 'frames' | 'one frame'; seconds: number }

/** An inspection of a live frame tells the waiting screen that it was scanned: a hint for its person, which decides nothing. */
const tellScanned = async (db: Db, codeId: string): Promise<void> => {
  await sql`with a as (update approval set scanned_at = now() where code_id = ${codeId} and scanned_at is null and state = 'open' returning sign_in_id)
    select pg_notify(${requestChannel}, sign_in_id::text) from a`.execute(db)
}

/** What `inspect` does with a fresh frame: its screen hears of it, and where policy takes one frame it gets a ticket. */
export const openFrame = async ({ db, keys }: CodesDeps, code: FoundCode, frame: Frame): Promise<string | undefined> => {
  await tellScanned(db, code.id)
  const { oneFrame } = await readDeviceSettings(db)
  return oneFrame ? ticketFor(keys, code.id, frame, code.age) : undefined
}

/** Frames of a claim as they came: all ours, or none of them counts. */
export const framesIn = (deps: CodesDeps, id: string, input: In<typeof contract.claimCode>): Frame[] | 'forged' | undefined => {
  const last = frameIn(input.secret)
  if (!last) return undefined
  const frames = [...(input.frames ?? []).map(frameIn), last]
  return frames.every((frame): frame is Frame => frame !== undefined && isOurs(deps.keys, id, frame)) ? frames : 'forged'
}

export const notLive = (why: string): Refusal =>
  new Refusal('code-expired', why, {
    reason: 'not-live',
    detail: 'This was not read live from the screen. Scan the code that is there now.',
  })
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
    throw notLive(why)
  }
  if (frames.length > 1) {
    if (!inARow(frames)) return stale(`frames ${frames.map(({ n }) => n).join(', ')} are not three in a row`)
    if (age > cameraSeconds || age < -1) return stale(`frame ${last.n} was ${age} s old when it arrived`)
    return { read: 'frames', seconds: last.n + cameraSeconds + 1 }
  }
  const { oneFrame, version } = await readDeviceSettings(deps.db)
  const holds = ticket !== undefined && ticketHolds(deps.keys, code.id, last, code.age, ticket)
  // where policy takes no single frame, one that is fresh came by the wrong way, and is no photo
  if (!holds && (oneFrame || !isFresh(last, code.age)))
    return stale(`frame ${last.n} came alone, ${ticket === undefined ? 'without a ticket' : 'with a ticket that does not hold'}`)
  if (!oneFrame) {
    const why = 'policy asks for three frames'
    await recordRefused(deps, actor, code, { policy: devicePolicyName(version), detail: { code: 'not-allowed', why } })
    throw new Refusal('not-allowed', why, {
      reason: 'camera',
      detail: 'Policy asks for our own camera page. Open /phone and scan the code there.',
    })
  }
  return { read: 'one frame', seconds: code.age + cameraSeconds }
}
