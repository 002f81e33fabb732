import { hash } from 'node:crypto'
import type * as contract from '@postern/contract'
import type { Out, RequestContext } from '@postern/contract'
import canonicalize from 'canonicalize'
import { sql } from 'kysely'
import type { Source } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { toId } from '../../platform/ids.ts'
import { isLoopback } from '../../platform/loopback.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Asker, askedFrom, type ClaimHandler, findRepeatable, insertClaim, isClaimer, networkOf } from '../codes/index.ts'
import { type PasskeyDeps, requestOptions } from '../devices/index.ts'
import type { EventDraft } from '../events/index.ts'
import { devicePolicyName, readAuthenticationSettings, readDeviceSettings } from '../policies/index.ts'
import { limited } from './limits.ts'
import { takeTurn } from './request-turns.ts'
import { claimRequest, denyUnclaimed, findRequest, type Request } from './requests-store.ts'

type Answer = Extract<Out<typeof contract.claimCode>, { kind: 'sign-in' | 'approve' }>
/** Digits of the number that the phone is asked for. */
const matchLength = 2

/** What `sign-in` and `approve` mean: the claim shows the phone who asks, and hands it a challenge over just that. */
export const requestHandler = (deps: PasskeyDeps & { origin: string }): ClaimHandler => ({
  needs: async () => [],
  require: () => undefined,
  claimed: async (tx, { code, key, reading }, event) => {
    const request = await findRequest(tx, code.id)
    // nothing but frames leads here; what is not read live is no claim
    if (!request || !reading) throw new Refusal('code-unknown')
    const settings = await readDeviceSettings(tx)
    event.about({ policy: devicePolicyName(settings.version), detail: { read: reading.read } })
    // whatever comes of it: that it was declined, or is never collected, is told by the phone alone
    event.about(askedFrom(request.asker))
    const about = await contextOf(deps, tx, { request, phone: event.actor.source, key, read: reading.read, settings })
    const near = settings.near === 'off' ? null : about.context.near
    const known = settings.knownBrowser === 'off' ? null : about.context.known
    event.about({
      ...(about.forUser ? { subject: { kind: 'user', id: about.forUser, name: about.context.username ?? '' } } : {}),
      detail: { ...(near ? { near } : {}), ...(known ? { known } : {}) },
    })
    requireNear(settings.near, about.context, code.id)
    const text = canonicalize(about.context) as string
    const contextHash = hash('sha256', text, 'buffer')
    const { forUser } = about
    await takeItsTurn(tx, event, request, { key, forUser })
    if (!(await claimRequest(tx, code.id, { key, context: text, contextHash, forUser, near, known, read: reading.read })))
      throw new Refusal('code-expired', 'the request is over')
    const { secondsLeft: seconds } = request
    const open = {
      kind: code.kind as Answer['kind'],
      context: about.context,
      options: await requestOptions(
        tx,
        deps,
        { purpose: 'approve', requestId: code.id, thumbprint: key },
        { userId: about.forUser, name: false, contextHash, seconds },
      ),
      matchLength,
      expiresAt: request.expiresAt.toISOString(),
    }
    const { confirm, claimToken } = await insertClaim(tx, deps.keys, {
      codeId: code.id,
      userId: null,
      totpId: null,
      key,
      seconds,
      answer: open,
    })
    return { answer: { ...open, confirm }, claimToken }
  },
  repeated: async (tx, codeId, key) => {
    const claim = await findRepeatable(tx, deps.keys, codeId, key)
    return claim && { answer: { ...(claim.answer as Answer), confirm: claim.confirm }, claimToken: claim.claimToken }
  },
  isClaimer: async (tx, codeId, claimToken) => claimToken !== undefined && (await isClaimer(tx, deps.keys, codeId, claimToken)),
  // its session ends with the code itself: a session names the code that opened it
  endResults: async () => [],
  issuable: () =>
    Promise.reject(
      new Refusal('conflict', 'drawn by a waiting screen alone', {
        detail: 'A sign-in code is drawn by the sign-in page alone.',
      }),
    ),
})

/** What the phone shows and signs. Whom it is for is named where the sign-in says so, or where the phone is one person’s. */
const contextOf = async (
  deps: { origin: string },
  tx: Tx,
  claim: {
    request: Request
    phone: Source
    key: Buffer
    read: RequestContext['read']
    settings: Pick<contract.DeviceSettings, 'near' | 'knownBrowser'>
  },
): Promise<{ context: RequestContext; forUser: string | null }> => {
  const { request, phone, key, read, settings } = claim
  const { asker } = request
  const unasked = [
    ...(settings.near === 'off' ? (['near'] as const) : []),
    ...(settings.knownBrowser === 'off' ? (['known'] as const) : []),
  ]
  const person = await personOf(tx, request, key)
  const { issuer } = await readAuthenticationSettings(tx)
  return {
    forUser: person?.id ?? null,
    context: {
      v: 1,
      codeId: toId('cod', request.codeId),
      purpose: request.purpose,
      origin: deps.origin,
      issuer,
      username: person?.username ?? null,
      browser: asker.browser,
      platform: asker.platform,
      address: asker.address,
      country: asker.country,
      city: asker.city,
      near: unasked.includes('near') ? 'unknown' : nearOf(asker, phone, deps.origin),
      known: !person || unasked.includes('known') ? 'unknown' : person.known ? 'yes' : 'no',
      ...(unasked.length > 0 ? { unasked } : {}),
      read,
      reason: null,
      askedAt: request.createdAt.toISOString(),
    },
  }
}
const personOf = async (
  tx: Tx,
  request: Request,
  key: Buffer,
): Promise<{ id: string; username: string; known: boolean } | undefined> => {
  const { rows } = await sql<{ id: string; username: string; known: boolean }>`select u.id, u.username,
      exists (select from known_browser k where k.user_id = u.id and k.thumbprint = ${request.askerKey} and k.last_at > now() - interval '90 days') as known
    from users u where u.state = 'active' and case when ${request.signInUser}::uuid is not null then u.id = ${request.signInUser}::uuid
      else exists (select from device d where d.user_id = u.id and d.state = 'active' and d.key_thumbprint = ${key}) end limit 2`.execute(
    tx,
  )
  return rows.length === 1 ? rows[0] : undefined
}
/**
 * The same network (/24, /48), the same country, neither, or not known. Both addresses are what proxies in between let us see:
 * behind one on this machine that nobody named everybody has its address, which says nothing of them.
 */
const nearOf = (asker: Asker, phone: Source, origin: string): RequestContext['near'] => {
  const [theirs, own] = [asker.address, phone.address].map((address) =>
    address !== null && isLoopback(address) && !isLoopback(new URL(origin).hostname) ? null : address,
  ) as [string | null, string | null]
  if (theirs !== null && own !== null && networkOf(theirs) === networkOf(own)) return 'network'
  const country = phone.place?.country
  if (!asker.country || !country) return 'unknown'
  return asker.country === country ? 'country' : 'no'
}
const requireNear = (rule: contract.DeviceSettings['near'], { near }: RequestContext, codeId: string): void => {
  if (rule !== 'require' || near === 'network' || near === 'country') return
  throw new Refusal('not-allowed', `the phone is ${near === 'no' ? 'far from' : 'not known to be near'} who asks`, {
    reason: 'far',
    detail: 'Policy asks that phone and computer are in the same network or country, and these are not.',
    keep: async (tx) => {
      await denyUnclaimed(tx, codeId, 'far')
      return undefined
    },
  })
}
/** A phone that was shown too many is shown no more for a while: the request dies unseen, and its screen says why. */
const takeItsTurn = async (
  tx: Tx,
  event: EventDraft,
  { codeId, purpose }: Request,
  phone: { key: Buffer; forUser: string | null },
): Promise<void> => {
  const turn = await takeTurn(tx, codeId, { ...phone, purpose })
  if ('wait' in turn) {
    const refusal = limited(turn.wait, 'five requests in ten minutes came to nothing on this phone')
    throw new Refusal(refusal.code, refusal.why, {
      ...refusal.extras,
      reason: 'often',
      detail:
        'Five requests in ten minutes were not approved by this person’s phones. Wait, or sign in on the computer in another way.',
      keep: async (kept) => {
        await denyUnclaimed(kept, codeId, 'often')
        return undefined
      },
    })
  }
  for (const { codeId, asker, forUser, forName } of turn.replaced) {
    const ended = event.and('sign-in.phone', {
      codeId,
      factor: 'passkey',
      ...(forUser ? { subject: { kind: 'user', id: forUser, name: forName ?? '' } } : {}),
      detail: { cause: 'replaced', why: 'the phone read a newer code', ...askedFrom(asker).detail },
      reason: askedFrom(asker).reason,
    })
    ended.outcome = 'denied'
  }
}
