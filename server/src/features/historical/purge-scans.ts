import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { In, KeyOrigin, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId, toId, uuid7 } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type ActDeps, act } from '../events/index.ts'
import { totpSecret } from '../totp/index.ts'
import { renewBy } from '../users/index.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    purgeScan: { id: string; openedBy: string; key: Buffer; compared: import('kysely').Generated<number>; expiresAt: Date }
  }
}

/** R45: neither side tells the other a secret. docs/decisions/0020-historical-codes.md argues it. */
const hoursOpen = 24
/** Fingerprints of one scan. */
const mostCompared = 100_000
/** Keys that are opened between two turns of the event loop: sign-ins go on meanwhile. */
const keysATurn = 200
const rowOf = (id: string) => ({ table: 'purge_scan', row: id, user: '' })
const openerOf = (actor: Actor): string =>
  actor.kind === 'user' || actor.kind === 'token' ? `${actor.kind}:${actor.id}` : actor.kind

export const openPurgeScan = (deps: ActDeps, actor: Actor): Promise<Out<typeof contract.openPurgeScan>> =>
  act(deps, actor, { type: 'historical.scan-opened', endpoint: contract.openPurgeScan }, async (tx) => {
    const id = uuid7()
    const key = randomBytes(32)
    await sql`delete from purge_scan where expires_at < now()`.execute(tx)
    const { expiresAt } = await tx
      .insertInto('purgeScan')
      .values({
        id,
        openedBy: openerOf(actor),
        key: deps.keys.seal('answers', rowOf(id), key),
        expiresAt: sql<Date>`now() + ${hoursOpen} * interval '1 h'`,
      })
      .returning('expiresAt')
      .executeTakeFirstOrThrow()
    return { id: toId('psc', id), key: key.toString('base64url'), expiresAt: expiresAt.toISOString() }
  })

/** Which of these fingerprints are of keys that work here now. The scan is its opener's; what it may ask is counted. */
export const compareFingerprints = (
  deps: ActDeps,
  actor: Actor,
  input: In<typeof contract.compareFingerprints>,
): Promise<Out<typeof contract.compareFingerprints>> =>
  act(deps, actor, { type: 'historical.compared', endpoint: contract.compareFingerprints }, async (tx, event) => {
    const id = fromId(input.id)
    const asked = new Set(input.fingerprints)
    event.about({ detail: { scan: input.id, fingerprints: asked.size } })
    const key = await spend(tx, deps.keys, actor, id, asked.size)
    const live: Out<typeof contract.compareFingerprints>['live'] = []
    for await (const each of heldKeys(tx, deps.keys, key)) if (asked.has(each.fingerprint)) live.push(each)
    event.about({ detail: { live: live.length } })
    return { live }
  })
/** The scan's key, for as many fingerprints as it has left. The row's lock makes comparisons of one scan wait for each other. */
const spend = async (tx: Tx, keys: Keys, actor: Actor, id: string, count: number): Promise<Buffer> => {
  const spent = await tx
    .updateTable('purgeScan')
    .set({ compared: sql<number>`compared + ${count}` })
    .where('id', '=', id)
    .where('openedBy', '=', openerOf(actor))
    .where('expiresAt', '>', sql<Date>`now()`)
    .where('compared', '<=', mostCompared - count)
    .returning('key')
    .executeTakeFirst()
  if (spent) return keys.unseal(rowOf(id), spent.key)
  const { rows } =
    await sql`select from purge_scan where id = ${id} and opened_by = ${openerOf(actor)} and expires_at > now()`.execute(tx)
  if (rows.length === 0) throw new Refusal('not-found', 'no such scan of this caller, or it is over')
  throw new Refusal('rate-limited', 'the scan has compared all it may', {
    detail: `A scan compares ${mostCompared} fingerprints at most. Open another one.`,
    retryAfter: 60,
  })
}

type Held = Out<typeof contract.compareFingerprints>['live'][number]
type Row = {
  userId: string
  id: string
  sealed: Buffer
  state: 'active' | 'pending'
  origin: KeyOrigin
  username: string
  renewBy: Date | null
}
/** Every key that works now, opened one by one, as its fingerprint and whose it is. The secret itself goes no further. */
async function* heldKeys(tx: Tx, keys: Keys, scanKey: Buffer): AsyncGenerator<Held> {
  const hmacKey = createSecretKey(scanKey)
  for (let after: string | null = null; ; ) {
    const { rows }: { rows: Row[] } = await sql<Row>`
      select t.user_id, t.id, t.sealed, t.state, t.origin, u.username, ${sql.raw(renewBy('t', 'p'))} as renew_by
      from authentication_settings p, totp t join users u on u.id = t.user_id and u.state <> 'offboarded'
      where (t.state = 'active' or (t.state = 'pending' and t.expires_at > now())) and (${after}::uuid is null or t.id > ${after}::uuid)
      order by t.id limit ${keysATurn}`.execute(tx)
    for (const row of rows) {
      const secret = totpSecret(keys, row.userId, row.id, row.sealed)
      const fingerprint = createHmac('sha256', hmacKey).update(secret).digest('base64url')
      secret.fill(0)
      yield {
        fingerprint,
        state: row.state,
        origin: row.origin,
        user: { id: toId('usr', row.userId), username: row.username },
        renewBy: row.renewBy?.toISOString() ?? null,
      }
    }
    if (rows.length < keysATurn) return
    after = (rows.at(-1) as Row).id
    await setImmediate()
  }
}
