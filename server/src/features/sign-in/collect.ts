import type { SignIn } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { act } from '../events/index.ts'
import { devicePolicyName, readDeviceSettings } from '../policies/index.ts'
import { thumbprintOf } from './proof-refusals.ts'
import { collectApproved } from './requests-store.ts'
import { openSession, requireSignIn, type SignInDeps, shown, toSignIn } from './sign-in.ts'
import { codeCounts } from './sign-in-rules.ts'
import { addProof } from './sign-in-store.ts'

/** approved → session, once, in the very browser that asked (threat 23). Multi-factor, whatever the phone proved: never `phr`. */
export const collectSignIn = async (
  deps: SignInDeps,
  actor: Actor,
  token: string | undefined,
): Promise<Answer<{ signIn: SignIn }>> => {
  const { row, browserHash } = await requireSignIn(deps, actor, token)
  if (toSignIn(row).state !== 'pending')
    throw new Refusal('conflict', `the sign-in is ${toSignIn(row).state}`, {
      detail: toSignIn(row).state === 'complete' ? 'This sign-in is complete.' : 'This sign-in is over. Open a new one.',
    })
  const settings = await readDeviceSettings(deps.db)
  const session = await act(deps, actor, { type: 'sign-in.phone', endpoint: contract.collectSignIn }, async (tx, event) => {
    event.about({
      factor: 'passkey',
      policy: devicePolicyName(settings.version),
      ...(row.userId ? { subject: { kind: 'user', id: row.userId, name: row.person ?? '' } } : {}),
    })
    if (!codeCounts(settings, row.proved))
      throw new Refusal('conflict', `our code counts no more: ${settings.qr}`, {
        reason: settings.qr === 'off' ? 'policy' : 'computer-first',
        detail: 'Policy takes this code no more. Sign in another way.',
      })
    const approved = await collectApproved(tx, row.id)
    if (!approved) throw new Refusal('conflict', 'nothing is approved', { detail: 'No phone has approved this sign-in.' })
    const { userId, username, deviceId, codeId, be, read } = approved
    event.about({
      person: { id: userId, name: username },
      codeId,
      deviceId,
      biometric: 'verified',
      detail: { purpose: row.purpose, read },
    })
    if (!(await addProof(tx, { browserHash, thumbprint: thumbprintOf(actor), userId, proof: 'phone' })))
      throw new Refusal('conflict', 'the sign-in is gone', { detail: 'This sign-in is over. Open a new one.' })
    const opened = await openSession(deps, tx, actor, {
      row: { ...row, userId },
      scope: 'full',
      acr: 'aal2',
      amr: [...(row.proved.includes('password') ? ['pwd'] : []), be ? 'swk' : 'hwk', 'user', 'mfa'],
      deviceId,
      codeId,
      minutes: settings.sessionMinutes,
    })
    event.about({ sessionId: opened.id })
    return opened.token
  })
  return { value: await shown(deps, browserHash), session }
}
