import { isIP } from 'node:net'
import type * as contract from '@postern/contract'
import type { Out, RefusalReason } from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { toId, uuid7 } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { framesKey, hashOfFrames, periodMs } from '../codes/index.ts'
import { EventDraft } from '../events/index.ts'
import { devicePolicyName, readDeviceSettings } from '../policies/index.ts'
import { countStart, limited, limitedStarts } from './limits.ts'
import { refuseLimited, sourceTag, thumbprintOf } from './proof-refusals.ts'
import { insertRequest, isKnown, lockSignIn, waitOf } from './requests-store.ts'
import { requireNext, requireSignIn, type SignInDeps } from './sign-in.ts'
import type { SignInRow } from './sign-in-store.ts'

/** R11: a moving code for the phone, bound to this browser’s sign-in. The one before it ends. Leaves no event: nobody tried anything yet. */
export const openQr = async (
  deps: SignInDeps,
  actor: Actor,
  token: string | undefined,
): Promise<Answer<Out<typeof contract.openQr>>> => {
  const { row } = await requireSignIn(deps, actor, token)
  requireNext(row, 'qr')
  await requireMayAsk(deps, actor, row)
  const wait = await waitOf(deps.db, thumbprintOf(actor), row.userId)
  if (wait > 0)
    return refuseLimited(
      deps,
      actor,
      limited(wait, 'requests of this browser, or of others that are as unknown to the person, were declined'),
    )
  const request = await deps.db.transaction().execute(async (tx) => {
    await lockSignIn(tx, row.id)
    return newRequest(deps, tx, actor, row)
  })
  if (!request) return refuseLimited(deps, actor, limitedStarts())
  const { id } = request
  const codeId = toId('cod', id)
  return {
    value: {
      code: {
        id: codeId,
        expiresAt: request.expiresAt.toISOString(),
        frames: { key: framesKey(deps.keys, id).toString('base64url'), periodMs },
      },
      url: `${deps.origin}/c/${codeId}`,
      match: request.match,
    },
  }
}

/** Its id is made under the lock: the newest by id is the one that stands. */
const newRequest = async (deps: SignInDeps, tx: Tx, actor: Actor, row: SignInRow) => {
  const id = uuid7()
  const { source } = actor
  const request = await insertRequest(
    tx,
    {
      id,
      kind: row.purpose === 'step-up' ? 'approve' : 'sign-in',
      secretHash: hashOfFrames(deps.keys, id),
      signInId: row.id,
      userId: row.userId,
      asker: {
        browser: source.device.browser,
        platform: source.device.platform,
        address: source.address,
        country: source.place?.country ?? null,
        city: source.place?.city ?? null,
      },
      askerKey: thumbprintOf(actor),
    },
    sourceTag(deps.keys, actor),
  )
  return request && { id, ...request }
}

/**
 * RFC 10027 §6.1.7 and .8: where policy says so, only from named networks, and only from a browser that is known. Before a code
 * exists; a refusal costs its address a start, as a code does, so that asking again fills no log. Whether the browser is known to
 * the very person is judged where they approve: here it may be that nobody is named yet.
 */
const requireMayAsk = async (deps: SignInDeps, actor: Actor, row: SignInRow): Promise<void> => {
  const settings = await readDeviceSettings(deps.db)
  const { address } = actor.source
  const refuse = async (reason: RefusalReason, why: string, detail: string): Promise<never> => {
    const { rows } = await countStart(sourceTag(deps.keys, actor)).execute(deps.db)
    if (rows.length === 0) return refuseLimited(deps, actor, limitedStarts())
    const event = new EventDraft(actor, 'request.denied', {
      ...(row.userId ? { subject: { kind: 'user', id: row.userId, name: row.person ?? '' } } : {}),
      policy: devicePolicyName(settings.version),
      detail: { why },
    })
    event.outcome = 'denied'
    await deps.events.record(event)
    throw new Refusal('not-allowed', why, { reason, detail })
  }
  if (settings.startNetworks.length > 0 && !(await isWithin(deps.db, address, settings.startNetworks)))
    return refuse(
      'network',
      'outside the networks that may ask',
      'Our code is not offered in this network. Use a passkey, or the password.',
    )
  if (settings.knownBrowser === 'require' && !(await isKnown(deps.db, thumbprintOf(actor), row.userId)))
    return refuse(
      'unknown-browser',
      'a browser that nobody signed in by',
      'Our code is offered in browsers that signed somebody in before. Sign in here another way once.',
    )
}
const isWithin = async (db: Db, address: string | null, networks: readonly string[]): Promise<boolean> => {
  if (address === null || isIP(address) === 0) return false
  const { rows } = await sql<{
    within: boolean
  }>`select ${address}::inet <<= any (${networks}::inet[]::cidr[]) as within`.execute(db)
  return rows[0]?.within === true
}
