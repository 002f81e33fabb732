import type { In, RequestOptions, SignIn } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { BadPasskey, type Bound, type ProvenDevice, provenDevice, requestOptions } from '../devices/index.ts'
import { act } from '../events/index.ts'
import { readDeviceSettings } from '../policies/index.ts'
import { requireAddressWithin } from './limits.ts'
import { sourceTag, thumbprintOf, wrong } from './proof-refusals.ts'
import { aboutSignIn, openSession, requireAsked, requireNext, requireSignIn, type SignInDeps, shown } from './sign-in.ts'
import { addProof, type SignInRow } from './sign-in-store.ts'
import { ofCredential, requireHeld, useOrLock } from './use-device.ts'

const boundTo = (row: SignInRow, actor: Actor): Bound => ({
  purpose: 'sign-in',
  requestId: row.id,
  thumbprint: thumbprintOf(actor),
})
/** Where the person is known their passkeys are named; before that any discoverable one is asked for, so that nobody is told of. */
export const passkeyOptions = async (
  deps: SignInDeps,
  actor: Actor,
  token: string | undefined,
): Promise<Answer<RequestOptions>> => {
  const { row } = await requireSignIn(deps, actor, token)
  requireNext(row, 'passkey')
  return { value: await requestOptions(deps.db, deps, boundTo(row, actor), { userId: row.userId, name: true }) }
}

/** R13: a passkey on the very browser that signs in, or on a phone beside it by hybrid transport: phishing-resistant. */
export const provePasskey = async (
  deps: SignInDeps,
  actor: Actor,
  input: In<typeof contract.provePasskey>,
  token: string | undefined,
): Promise<Answer<{ signIn: SignIn }>> => {
  const { row, browserHash } = await requireSignIn(deps, actor, token)
  await requireAsked(deps, actor, row, 'passkey')
  const about = aboutSignIn(row, 'passkey')
  let proven: ProvenDevice
  try {
    proven = await provenDevice(deps, input.assertion, boundTo(row, actor))
  } catch (error) {
    if (!(error instanceof BadPasskey)) throw error
    const refusal = new Refusal('factor-wrong', error.message)
    return wrong(deps, actor, 'sign-in.passkey', { ...ofCredential(error), ...about }, refusal)
  }
  const { device } = proven
  const { deviceHeld } = await readDeviceSettings(deps.db)
  const session = await act(deps, actor, { type: 'sign-in.passkey', endpoint: contract.provePasskey }, async (tx, event) => {
    event.about({
      ...about,
      person: { id: device.userId, name: device.username },
      deviceId: device.id,
      biometric: 'verified',
      detail: { attachment: input.assertion.authenticatorAttachment ?? 'unknown' },
    })
    await requireAddressWithin(tx, sourceTag(deps.keys, actor))
    requireHeld(device, deviceHeld)
    if (row.wantedAcr === 'phrh' && device.be)
      throw new Refusal('not-allowed', 'a synced passkey where a hardware-held one is asked for', {
        reason: 'device-held',
        detail: 'This asks for a passkey that cannot leave its device, and this one is synced.',
      })
    await useOrLock(deps, tx, proven, actor)
    const id = await addProof(tx, {
      browserHash,
      thumbprint: thumbprintOf(actor),
      userId: device.userId,
      proof: 'passkey',
    })
    if (!id) throw new Refusal('conflict', 'the sign-in is gone', { detail: 'This sign-in is over. Open a new one.' })
    const opened = await openSession(deps, tx, actor, {
      row: { ...row, userId: device.userId },
      scope: 'full',
      acr: device.be ? 'phr' : 'phrh',
      amr: [...(row.proved.includes('password') ? ['pwd'] : []), device.be ? 'swk' : 'hwk', 'user', 'mfa'],
      deviceId: device.id,
    })
    event.about({ sessionId: opened.id })
    return opened.token
  })
  return { value: await shown(deps, browserHash), session }
}
