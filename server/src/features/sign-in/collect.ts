import type { SignIn } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { act, type EventFacts } from '../events/index.ts'
import { devicePolicyName, readDeviceSettings } from '../policies/index.ts'
import { thumbprintOf, turnedAway } from './proof-refusals.ts'
import { collectApproved, type EndedRequest, findEnded, isApproved } from './requests-store.ts'
import { aboutSignIn, openSession, requireSignIn, type SignInDeps, shown, toSignIn } from './sign-in.ts'
import { codeCounts } from './sign-in-rules.ts'
import { addProof, type SignInRow } from './sign-in-store.ts'

const notApproved = () => new Refusal('conflict', 'nothing is approved', { detail: 'No phone has approved this sign-in.' })
/** What was approved, and is no more: why, for the record, and for the page and its person. */
const ended = ({ by }: EndedRequest): Refusal => {
  const [why, detail] = {
    device: [
      'what approved it was ended meanwhile',
      'The phone was reported lost or revoked meanwhile, or its person is suspended. Sign in another way.',
    ],
    revoked: ['its code was revoked meanwhile', 'The code was revoked meanwhile. Ask for a new one, or sign in another way.'],
    expired: ['it was not collected in time', 'The approval was not collected in time. Ask for a new code.'],
  }[by] as [string, string]
  return new Refusal('conflict', why, { reason: by, detail })
}
const ofEnded = ({ codeId, deviceId, userId, username }: EndedRequest): EventFacts => ({
  codeId,
  deviceId,
  subject: { kind: 'user', id: userId, name: username },
})
/**
 * There is nothing to collect: a page that asks too early, or too often, is tallied, and fills no log. What was approved and ended
 * before it came is on record as that, and its page is told.
 */
const nothingThere = async (
  deps: SignInDeps,
  actor: Actor,
  { row, about }: { row: SignInRow; about: EventFacts },
  refusal: Refusal,
): Promise<never> => {
  const found = row.state === 'collected' ? undefined : await findEnded(deps.db, row.id)
  if (found) return turnedAway(deps, actor, 'sign-in.phone', { ...about, ...ofEnded(found) }, ended(found))
  await deps.tally.add(actor, 'sign-in.phone', refusal.why)
  throw refusal
}

/** approved → session, once, in the very browser that asked (threat 23). Multi-factor, whatever the phone proved: never `phr`. */
export const collectSignIn = async (
  deps: SignInDeps,
  actor: Actor,
  token: string | undefined,
): Promise<Answer<{ signIn: SignIn }>> => {
  const { row, browserHash } = await requireSignIn(deps, actor, token)
  const settings = await readDeviceSettings(deps.db)
  const about = { ...aboutSignIn(row, 'passkey'), policy: devicePolicyName(settings.version) }
  const { state } = toSignIn(row)
  // nobody who waits for the wizard has a phone that could have approved
  if (state === 'enrolment-required') return nothingThere(deps, actor, { row, about }, notApproved())
  if (state !== 'pending')
    return nothingThere(
      deps,
      actor,
      { row, about },
      new Refusal('conflict', `the sign-in is ${state}`, {
        detail: state === 'complete' ? 'This sign-in is complete.' : 'This sign-in is over. Open a new one.',
      }),
    )
  if (!codeCounts(settings, row.proved))
    return turnedAway(
      deps,
      actor,
      'sign-in.phone',
      about,
      new Refusal('conflict', `our code counts no more: ${settings.qr}`, {
        reason: settings.qr === 'off' ? 'policy' : 'computer-first',
        detail: 'Policy takes this code no more. Sign in another way.',
      }),
    )
  if (!(await isApproved(deps.db, row.id))) return nothingThere(deps, actor, { row, about }, notApproved())
  const session = await act(deps, actor, { type: 'sign-in.phone', endpoint: contract.collectSignIn }, async (tx, event) => {
    event.about(about)
    const approved = await collectApproved(tx, row.id)
    if (!approved) {
      const found = await findEnded(tx, row.id)
      if (!found) throw notApproved()
      event.about(ofEnded(found))
      throw ended(found)
    }
    const { userId, username, deviceId, codeId, be, read } = approved
    event.about({
      person: { id: userId, name: username },
      codeId,
      deviceId,
      biometric: 'verified',
      detail: { read },
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
