import type { Endpoint } from '@postern/contract'
import * as contract from '@postern/contract'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { act, EventDraft } from '../../features/events/index.ts'
import { mayCall } from '../../features/policies/index.ts'
import { findLiveSession } from '../../features/sessions/index.ts'
import { newToken } from '../../platform/keys.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Call, type Route, route } from '../../platform/route.ts'
import { sourceOf, userActor } from './authenticate.ts'
import { type HttpDeps, sendFile, sendStream } from './server.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    download: { hash: Buffer; userId: string; sessionId: string; path: string; expiresAt: Date; usedAt: Date | null }
  }
}

/** The names in a path, by its template; undefined: it is another. */
const namesIn = (template: string, path: string): Record<string, string> | undefined => {
  const names = contract.pathNames(template)
  const pattern = template.replace(/[.]/g, '\\.').replace(/:[a-zA-Z]+/g, '([^/]+)')
  const values = new RegExp(`^${pattern}$`).exec(path)?.slice(1)
  return values && Object.fromEntries(names.map((name, at) => [name, values[at] as string]))
}
/** Exports and files of the contract that a browser may fetch as a file, by their path. */
const downloadable = (routes: readonly Route[], path: string): { route: Route; input: Record<string, unknown> } | undefined => {
  // a path of ours: an address elsewhere that ends alike names nothing here
  const url = path.startsWith('/') ? URL.parse(path, 'http://localhost') : null
  if (url?.origin !== 'http://localhost') return undefined
  for (const route of routes) {
    const { endpoint, stream } = route
    if (endpoint.method !== 'GET' || !(endpoint.file || (stream && !endpoint.stream))) continue
    const names = namesIn(endpoint.path, url.pathname)
    const parsed = names && endpoint.input.safeParse({ ...Object.fromEntries(url.searchParams), ...names })
    if (parsed?.success) return { route, input: parsed.data as Record<string, unknown> }
  }
  return undefined
}
/** `POST /api/downloads`: the address of one download; its token is the authority, once, for 60 seconds. */
export const downloadRoutes = (
  deps: Pick<HttpDeps, 'db' | 'keys' | 'events' | 'mayDo'> & { origin: string },
  routes: readonly Route[],
): Route[] => [
  route(contract.createDownload, async ({ actor, input }) => ({
    value: await act(deps, actor, { type: 'download.created', endpoint: contract.createDownload }, async (tx, event) => {
      if (actor.kind !== 'user') throw new Refusal('no-session')
      const target = downloadable(routes, input.path)
      event.about({ detail: { path: input.path.slice(0, 200) } })
      if (!target) throw new Refusal('not-found', 'no such download', { detail: 'Nothing can be downloaded from this path.' })
      const refused = mayCall(actor, target.route.endpoint)
      if (refused) throw refused
      const token = newToken()
      const { expiresAt } = await tx
        .insertInto('download')
        .values({
          hash: deps.keys.hash('download', token),
          userId: actor.id,
          sessionId: actor.session.id,
          path: input.path,
          expiresAt: sql<Date>`now() + interval '60 s'`,
          usedAt: null,
        })
        .returning('expiresAt')
        .executeTakeFirstOrThrow()
      return { url: `${deps.origin}/api/downloads/${token}`, expiresAt: expiresAt.toISOString() }
    }),
  })),
]

export const registerDownloads = async (
  app: FastifyInstance,
  deps: HttpDeps,
  routes: readonly Route[],
  closing: AbortSignal,
): Promise<void> => {
  app.get('/api/downloads/:token', { schema: { hide: true }, exposeHeadRoute: false }, async (request, reply) => {
    const { token } = request.params as { token: string }
    const row = await deps.db
      .updateTable('download')
      .set({ usedAt: sql<Date>`now()` })
      .where('hash', '=', deps.keys.hash('download', token))
      .where('usedAt', 'is', null)
      .where('expiresAt', '>', sql<Date>`now()`)
      .returning(['sessionId', 'path'])
      .executeTakeFirst()
    const session = row && (await findLiveSession(deps.db, row.sessionId))
    const target = row && downloadable(routes, row.path)
    if (!session || !target) {
      const event = new EventDraft({ kind: 'stranger', source: sourceOf(deps, request) }, 'download.fetched', {
        detail: { code: 'not-found', why: 'no such download, used, or over' },
      })
      event.outcome = 'failure'
      if (!(await deps.events.recordFailure(event)))
        throw new Refusal('rate-limited', 'too many failures from this address', { retryAfter: 60 })
      throw new Refusal('not-found', 'no such download, used, or over', {
        detail: 'This download was used or is over. Start it again.',
      })
    }
    const actor = userActor(session, sourceOf(deps, request))
    const event = new EventDraft(actor, 'download.fetched', { sessionId: session.id, detail: { path: row.path.slice(0, 200) } })
    const { endpoint, run, stream } = target.route
    const call: Call<Endpoint> = { actor, input: target.input as never, signal: closing }
    const open = <T>(file: () => T | Promise<T>): Promise<T> =>
      onRecord(deps, event, async () => {
        const refused = mayCall(actor, endpoint)
        if (refused) throw refused
        return file()
      })
    if (!stream) {
      const answer = await open(() => run(call))
      return sendFile(reply, endpoint, { ...answer, fileName: answer.fileName ?? (endpoint.path.split('/').at(-1) as string) })
    }
    const chunks = await open(() => stream(call))
    const { file, path } = endpoint
    reply.header('content-disposition', `attachment; filename="postern-${file?.name ?? `${path.split('/').at(-2)}.jsonl`}"`)
    return sendStream(reply, endpoint, chunks)
  })
}

/** Nothing leaves before the record has it; what was refused was not fetched. */
const onRecord = async <T>(deps: HttpDeps, event: EventDraft, open: () => Promise<T>): Promise<T> => {
  const opened = await open().catch(async (error: unknown) => {
    if (error instanceof Refusal) {
      event.outcome = 'denied'
      await deps.events.record(event.about({ detail: { code: error.code, why: error.why } }))
    }
    throw error
  })
  await deps.events.record(event)
  return opened
}
