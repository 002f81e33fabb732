import type { Notice } from '@postern/contract'
import { sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { toId } from '../../platform/ids.ts'
import { type ReadDeps, toEvent } from './events-read.ts'

type Kind = Notice['kind']

/** What anybody can cause who has no device and no secret of ours. */
const byAnybody: readonly Kind[] = ['relay', 'not-me', 'code-reported']
/** Of these a report is limited by itself; the others are free but for the codes, which are free too. */
const limited: readonly Kind[] = ['relay', 'not-me']

/**
 * What people must know, beside the event that it is about. In the transaction of that event. Where nobody is named a stranger
 * can cause as many as they like, so of these an address makes one an hour: its events stand all the same.
 */
export const notify = (tx: Tx | Db, kind: Kind, eventId: string, userId: string | null): Promise<unknown> =>
  userId === null && limited.includes(kind)
    ? sql`with due as (insert into nameless_notice as n (kind, source)
          select ${kind}, coalesce(address_tag, '') from event where id = ${eventId}::uuid
          on conflict (kind, source) do update set at = now() where n.at <= now() - interval '1 h' returning kind)
        insert into notice (event_id, kind) select ${eventId}::uuid, kind from due`.execute(tx)
    : tx.insertInto('notice').values({ eventId, kind, userId }).execute()

/**
 * One's own, and for operators and owners all that concern the deployment; the newest 50 that were not dismissed. What anybody
 * can cause comes last, so that it pushes nothing out.
 */
export const findNotices = async (deps: ReadDeps, userId: string, operates: boolean): Promise<Notice[]> => {
  const rows = await deps.db
    .selectFrom('notice')
    .innerJoin('event', 'event.id', 'notice.eventId')
    .select(['event.id', 'notice.kind', 'entry', 'sealed', 'deviceType', 'platform', 'browser', 'country'])
    .where((e) =>
      operates
        ? e.or([e('notice.userId', '=', userId), e('notice.kind', '<>', 'factor-changed')])
        : e('notice.userId', '=', userId),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('noticeDismissal')
            .select('userId')
            .whereRef('noticeDismissal.eventId', '=', 'notice.eventId')
            .where('noticeDismissal.userId', '=', userId),
        ),
      ),
    )
    .orderBy((e) => e.and([e('notice.userId', 'is', null), e('notice.kind', 'in', byAnybody)]))
    .orderBy('notice.eventId', 'desc')
    .limit(50)
    .execute()
  return Promise.all(
    rows.map(async (row) => {
      const event = await toEvent(deps, { ...row, seq: null })
      return { id: toId('evt', row.id), time: event.time, kind: row.kind, event }
    }),
  )
}
/** False where there is no such notice for this person. */
export const dismiss = async (tx: Tx, eventId: string, userId: string, operates: boolean): Promise<boolean> => {
  const { rows } = await sql`insert into notice_dismissal (event_id, user_id)
    select event_id, ${userId}::uuid from notice where event_id = ${eventId}::uuid and (user_id = ${userId}::uuid or (${operates} and kind <> 'factor-changed'))
    on conflict do nothing returning event_id`.execute(tx)
  return rows.length > 0
}
