import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Db } from '../../platform/db.ts'
import { fromId } from '../../platform/ids.ts'
import { EventDraft, type Recorder } from '../events/index.ts'
import { type CheckResult, verdictOf } from './preflight-rules.ts'

/** Lets a code of the throw-away person expire now, as time would; touches no code of anybody else. */
export const expireCode = async (db: Db, code: { id: string; userId: string }): Promise<void> => {
  await sql`update code set expires_at = now() - interval '1 s' where id = ${fromId(code.id)} and user_id = ${fromId(code.userId)}`.execute(
    db,
  )
}

export const recordPreflight = async (
  events: Recorder,
  actor: Actor,
  origin: string,
  results: readonly CheckResult[],
): Promise<void> => {
  const { verdict, works } = verdictOf(results)
  const named = (result: CheckResult['result']): string[] =>
    results.filter((each) => each.result === result).map((each) => each.check)
  const event = new EventDraft(actor, 'preflight.run', {
    detail: { origin, works, doesNot: named('does-not'), notTried: named('not-tried') },
  })
  event.outcome = verdict === 'works' ? 'success' : 'failure'
  await events.record(event)
}
