import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import { uuid7 } from '../../platform/ids.ts'
import { type ActDeps, EventDraft, limitTag } from '../events/index.ts'
import { readCodeSettings } from './code-settings.ts'
import type { Openings } from './openings.ts'
import { keeper } from './scan-address.ts'
import { insertFlood, insertScan } from './scans-store.ts'

/** Openings of one address, and what it sends when a code is over, that are recorded singly in a minute; beyond it they become one event with a count. */
const scansPerMinute = 60
/** True while the address has one left. An id is no secret: without this anybody who saw one could fill the log with it. */
export const countScan = async (deps: ActDeps, actor: Actor): Promise<boolean> => {
  const tag = limitTag(deps.keys, actor.source.address ?? '')
  const { rows } =
    await sql`insert into address_count as a (minute, kind, source) values (date_trunc('minute', now()), 'scan', ${tag})
    on conflict (minute, kind, source) do update set n = a.n + 1 where a.n < ${scansPerMinute} returning n`.execute(deps.db)
  if (rows.length === 0)
    await deps.events.tally.add(actor, 'request.limited', 'openings and late claims of codes from this address')
  return rows.length > 0
}

/** One opening of the page of a code that authenticates, with its event; beyond the limit of its address it is only counted. */
export const recordScan = async (
  deps: ActDeps & { openings: Openings },
  actor: Actor,
  codeId: string,
  preview: boolean,
): Promise<void> => {
  const { source } = actor
  const { scanAddresses } = await readCodeSettings(deps.db)
  const id = uuid7()
  const scan = {
    id,
    codeId,
    outcome: 'opened',
    deviceType: source.device.type,
    platform: source.device.platform,
    browser: source.device.browser,
    country: source.place?.country ?? '',
    bot: preview,
    ...(await keeper(deps.keys, scanAddresses))(id, source),
  }
  if (!(await countScan(deps, actor))) return insertFlood(deps.db, scan)
  await deps.db.transaction().execute(async (tx) => {
    await insertScan(tx, scan)
    await deps.events.append(tx, new EventDraft(actor, 'code.scanned', { codeId, detail: { preview: preview ? 'yes' : 'no' } }))
  })
  deps.events.onAppended()
  deps.openings.onScanned()
}
