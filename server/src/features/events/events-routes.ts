import * as contract from '@postern/contract'
import { type Actor, roleOf } from '../../platform/actor.ts'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route, streamRoute } from '../../platform/route.ts'
import { type ActDeps, act } from './act.ts'
import { EventDraft } from './event-draft.ts'
import { eventsAfter, findEvent, findEvents, logSize } from './events-read.ts'
import type { LogWatch } from './live.ts'
import { dismiss, findNotices } from './notices.ts'

export type EventsDeps = ActDeps & { watch: LogWatch }
const operates = (role: contract.Role | undefined): boolean => role === 'operator' || role === 'owner'

export const eventsRoutes = (deps: EventsDeps): Route[] => {
  const read = { db: deps.db, keys: deps.keys, people: deps.events.people }
  return [
    route(contract.listEvents, async ({ input }) => ({ value: await findEvents(read, input) })),
    route(contract.getEvent, async ({ input }) => {
      const event = await findEvent(read, fromId(input.id))
      if (!event) throw new Refusal('not-found')
      return { value: event }
    }),
    streamRoute(contract.streamEvents, ({ actor, input, lastEventId, signal }) => {
      const seen = lastEventId !== undefined && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : input.after
      return streamFrom(deps, read, actor, seen, signal)
    }),
    streamRoute(contract.exportEvents, ({ actor, input }) => exportFrom(deps, read, actor, input)),
    route(contract.myNotices, async ({ actor }) => {
      if (actor.kind !== 'user') throw new Refusal('not-allowed')
      return { value: { items: await findNotices(read, actor.id, operates(roleOf(actor))), nextCursor: null } }
    }),
    route(contract.dismissNotice, async ({ actor, input }) => ({
      value: await act(deps, actor, { type: 'notice.dismissed', endpoint: contract.dismissNotice }, async (tx, event) => {
        if (actor.kind !== 'user') throw new Refusal('not-allowed')
        event.about({ detail: { event: input.id } })
        if (!(await dismiss(tx, fromId(input.id), actor.id, operates(roleOf(actor))))) throw new Refusal('not-found')
        return undefined
      }),
    })),
  ]
}

const rowsARead = 200
const heartbeatMs = 15_000
/** Whether the reader still may: asked of the database before each part leaves, for a session may end while it reads. */
const stillMay = (deps: EventsDeps, actor: Actor, endpoint: contract.Endpoint): Promise<boolean> =>
  deps.mayDo(deps.db, actor, endpoint).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Refusal) return false
      throw error
    },
  )

/** Server-Sent Events: `id:` is the seq, so that a browser that was away gets what it missed. Without a start: from now. */
async function* streamFrom(
  deps: EventsDeps,
  read: Parameters<typeof eventsAfter>[0],
  actor: Actor,
  after: number | undefined,
  signal: AbortSignal,
): AsyncIterable<string> {
  let seen = after ?? (await logSize(read.db)) - 1
  yield `retry: 1000\nid: ${seen}\n: ready\n\n`
  let spokeAt = Date.now()
  while (!signal.aborted) {
    const events = await eventsAfter(read, seen, rowsARead)
    if (!(await stillMay(deps, actor, contract.streamEvents))) return
    for (const event of events) {
      seen = event.seq as number
      yield `id: ${seen}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`
    }
    if (events.length > 0) spokeAt = Date.now()
    if (events.length === rowsARead) continue
    if (Date.now() - spokeAt > heartbeatMs) {
      spokeAt = Date.now()
      yield ': still here\n\n'
    }
    await deps.watch.next(signal)
  }
}

/** JSON Lines in order of seq; the export itself is on record first. */
async function* exportFrom(
  deps: EventsDeps,
  read: Parameters<typeof eventsAfter>[0],
  actor: Actor,
  input: contract.In<typeof contract.exportEvents>,
): AsyncIterable<string> {
  await deps.events.record(
    new EventDraft(actor, 'log.exported', { detail: { after: String(input.after), limit: String(input.limit) } }),
  )
  let seen = input.after
  let left = input.limit
  while (left > 0) {
    const events = await eventsAfter(read, seen, Math.min(rowsARead, left))
    if (!(await stillMay(deps, actor, contract.exportEvents))) return
    for (const event of events) yield `${JSON.stringify(event)}\n`
    if (events.length === 0) return
    seen = (events.at(-1) as contract.Event).seq as number
    left -= events.length
  }
}
