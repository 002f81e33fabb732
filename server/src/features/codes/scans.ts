import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import { type ActDeps, addressTag, EventDraft } from '../events/index.ts'
import { insertScan } from './codes-store.ts'

/** Openings of one address that are recorded singly in a minute; beyond it they become one event with a count. */
const scansPerMinute = 60
/** True while the address has one left. An id is no secret: without this anybody who saw one could fill the log with it. */
export const countScan = async (deps: ActDeps, actor: Actor): Promise<boolean> => {
  const tag = addressTag(deps.keys, actor.source.address ?? '')
  const { rows } =
    await sql`insert into address_count as a (minute, kind, source) values (date_trunc('minute', now()), 'scan', ${tag})
    on conflict (minute, kind, source) do update set n = a.n + 1 where a.n < ${scansPerMinute} returning n`.execute(deps.db)
  if (rows.length === 0) await deps.events.tally.add(actor, 'request.limited', 'openings of codes from this address')
  return rows.length > 0
}

/** One opening of the page of a code that authenticates, with its event. */
export const recordScan = async (deps: ActDeps, actor: Actor, codeId: string, method: string): Promise<void> => {
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
