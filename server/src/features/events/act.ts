import type { Endpoint, EventType } from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Keys, TokenKind } from '../../platform/keys.ts'
import { Refusal } from '../../platform/refusal.ts'
import { EventDraft } from './event-draft.ts'
import type { Recorder } from './recorder.ts'

/** Asks, where the deed is done, whether the actor may do what the endpoint does; throws a Refusal. Handed in by app.ts. */
export type MayDo = (tx: Tx | Db, actor: Actor, endpoint: Endpoint) => Promise<void>
export type ActDeps = {
  db: Db
  keys: Keys
  events: Recorder
  mayDo: MayDo
  /**
   * What has to be written in the very transaction of an act by who runs it for another: a job marks its row, so that the
   * act and its mark are one commit. Runs last, after a refusal too.
   */
  alongside?: (tx: Tx, decided: Decided<unknown>) => Promise<void>
}
export type Decided<T> = { ok: true; value: T } | { ok: false; refusal: Refusal }
/** Thrown where an act must not be, and nothing happened: all of it is undone, and no event stays. */
export class Abandoned extends Error {}

declare module '../../platform/db.ts' {
  interface Tables {
    idempotency: {
      actorKey: Buffer
      keyHash: Buffer
      requestHash: Buffer
      answer: Buffer | null
      redacted: Buffer | null
      fullUntil: Date
      expiresAt: Date
    }
  }
}

/**
 * The one gate: every change runs here. Permission is asked in the transaction; change and event commit together.
 * A Refusal thrown by `work` undoes the change and is itself committed with its event; then it goes on to the edge.
 */
export const act = async <T>(
  deps: ActDeps,
  actor: Actor,
  what: { type: EventType; endpoint: Endpoint },
  work: (tx: Tx, event: EventDraft) => Promise<T>,
): Promise<T> => {
  const event = new EventDraft(actor, what.type)
  let decided: Decided<T>
  try {
    decided = await deps.db
      .transaction()
      .execute(async (tx): Promise<Decided<T>> => {
        await deps.mayDo(tx, actor, what.endpoint)
        const repeated = await repeatedAnswer<T>(deps, tx, actor, what.endpoint)
        if (repeated) return { ok: true, value: repeated.value }
        const value = await work(tx, event)
        await keepAnswer(deps, tx, actor, what.endpoint, value)
        if (!event.changesNothing) await deps.events.append(tx, event)
        await deps.alongside?.(tx, { ok: true, value })
        return { ok: true, value }
      })
      .catch((error: unknown) => {
        if (!(error instanceof Refusal)) throw error
        return commitRefusal(deps, event, error)
      })
  } catch (error) {
    if (error instanceof Abandoned) throw error
    // a bug leaves its trace too; where the database is away there is nothing to write to, and the caller gets 503
    event.outcome = 'failure'
    event.also.length = 0
    event.about({ detail: { code: 'internal' } })
    await deps.events.record(event).catch(() => undefined)
    throw error
  }
  deps.events.onAppended()
  if (!decided.ok) throw decided.refusal
  return decided.value
}

/** A refusal is a result: what it has to say of the change that was undone is committed, and may make it stricter. */
const commitRefusal = (deps: ActDeps, event: EventDraft, refusal: Refusal): Promise<Decided<never>> =>
  deps.db.transaction().execute(async (tx) => {
    event.also.length = 0
    event.outcome = refusal.extras.outcome ?? 'denied'
    event.about({ detail: { code: refusal.code, why: refusal.why } })
    const id = await deps.events.append(tx, event)
    const told = (await refusal.extras.keep?.(tx, id)) ?? refusal
    await deps.alongside?.(tx, { ok: false, refusal: told })
    return { ok: false, refusal: told }
  })

const rowOf = (key: Buffer) => ({ table: 'idempotency', row: key.toString('hex'), user: '' })

const identity = (
  deps: ActDeps,
  actor: Actor,
  endpoint: Endpoint,
): { actorKey: Buffer; keyHash: Buffer; requestHash: Buffer } | undefined => {
  const sent = actor.source.idempotency
  if (!sent || !endpoint.idempotent) return undefined
  const who = actor.kind === 'user' || actor.kind === 'token' || actor.kind === 'enrolling' ? actor.id : actor.kind
  const kind: TokenKind = 'idempotency'
  return {
    actorKey: deps.keys.hash(kind, who),
    keyHash: deps.keys.hash(kind, `${endpoint.path}\n${sent.key}`),
    requestHash: sent.requestHash,
  }
}

/** The insert decides who runs: a parallel repeat waits for the first, then gets its answer. */
const repeatedAnswer = async <T>(deps: ActDeps, tx: Tx, actor: Actor, endpoint: Endpoint): Promise<{ value: T } | undefined> => {
  const own = identity(deps, actor, endpoint)
  if (!own) return undefined
  const inserted = await tx
    .insertInto('idempotency')
    .values({
      ...own,
      answer: null,
      redacted: null,
      fullUntil: sql<Date>`now() + interval '10 min'`,
      expiresAt: sql<Date>`now() + interval '24 h'`,
    })
    .onConflict((on) =>
      on
        .columns(['actorKey', 'keyHash'])
        .doUpdateSet({
          requestHash: own.requestHash,
          answer: null,
          redacted: null,
          fullUntil: sql<Date>`now() + interval '10 min'`,
          expiresAt: sql<Date>`now() + interval '24 h'`,
        })
        .where('idempotency.expiresAt', '<=', sql<Date>`now()`),
    )
    .returning('actorKey')
    .executeTakeFirst()
  if (inserted) return undefined
  const found = await tx
    .selectFrom('idempotency')
    .select(['requestHash', 'answer', 'redacted', sql<boolean>`full_until > now()`.as('full')])
    .where('actorKey', '=', own.actorKey)
    .where('keyHash', '=', own.keyHash)
    .executeTakeFirstOrThrow()
  if (!found.requestHash.equals(own.requestHash))
    throw new Refusal('conflict', 'idempotency key reused for another request', {
      detail: 'This Idempotency-Key was used for another request. Use a new one.',
    })
  const sealed = (found.full ? found.answer : found.redacted) ?? found.redacted
  if (!sealed) throw new Error('an idempotency row without an answer')
  return { value: JSON.parse(deps.keys.unseal(rowOf(own.keyHash), sealed).toString()) as T }
}

const keepAnswer = async (deps: ActDeps, tx: Tx, actor: Actor, endpoint: Endpoint, value: unknown): Promise<void> => {
  const own = identity(deps, actor, endpoint)
  if (!own) return
  const seal = (kept: unknown) => deps.keys.seal('answers', rowOf(own.keyHash), Buffer.from(JSON.stringify(kept)))
  await tx
    .updateTable('idempotency')
    .set({ answer: seal(value), redacted: seal(without(value, endpoint.secrets ?? [])) })
    .where('actorKey', '=', own.actorKey)
    .where('keyHash', '=', own.keyHash)
    .execute()
}

/** A copy of an answer without the parts that `secrets` names by dotted paths. */
const without = (value: unknown, secrets: readonly string[]): unknown => {
  const copy = structuredClone(value) as Record<string, unknown>
  for (const path of secrets) {
    const names = path.split('.')
    const last = names.pop() as string
    const holder = names.reduce<Record<string, unknown> | undefined>(
      (at, name) => at?.[name] as Record<string, unknown> | undefined,
      copy,
    )
    if (holder) delete holder[last]
  }
  return copy
}
