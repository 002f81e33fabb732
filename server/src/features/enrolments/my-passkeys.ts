import type { In } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor, PersonActor } from '../../platform/actor.ts'
import { Refusal } from '../../platform/refusal.ts'
import { BadPasskey, type Bound, creationOptions, type PasskeyDeps, readDevice } from '../devices/index.ts'
import { act } from '../events/index.ts'
import { policyName, requireEnrolment } from '../policies/index.ts'
import { recoveryOf } from '../sessions/index.ts'
import { findSignIn, toSignIn } from '../sign-in/index.ts'
import { lockSelf } from '../users/index.ts'
import { asPerson, continueAs } from './continue-as.ts'
import { provenPasskey, registerDevice } from './pending-passkey.ts'

/** The challenge belongs to the session, or to the sign-in that waits for it, and to the browser's key. */
const boundTo = (person: PersonActor): Bound => ({
  purpose: 'register',
  requestId: person.kind === 'user' ? person.session.id : person.signInId,
  thumbprint: person.source.thumbprint as Buffer,
})

export const passkeyOptions = (deps: PasskeyDeps, actor: Actor) =>
  act(deps, actor, { type: 'enrolment.started', endpoint: contract.passkeyOptions }, async (tx, event) => {
    const person = asPerson(actor)
    event.about({ factor: 'passkey' })
    const { issuer } = await requireEnrolment(tx)
    return creationOptions(tx, deps, boundTo(person), { ...person, issuer })
  })

/** Registers a passkey made here, and goes on with what asked for it, as the confirmation of a passcode key does. */
export const addPasskey = async (deps: PasskeyDeps & { origin: string }, actor: Actor, input: In<typeof contract.addPasskey>) => {
  const person = asPerson(actor)
  const proven = await provenPasskey(deps, input.registration, boundTo(person)).catch((error: unknown) => {
    if (error instanceof BadPasskey) return error
    throw error
  })
  const done = await act(deps, actor, { type: 'device.registered', endpoint: contract.addPasskey }, async (tx, event) => {
    event.about({ factor: 'passkey', policy: policyName((await requireEnrolment(tx)).version) })
    if (proven instanceof BadPasskey) throw new Refusal('factor-wrong', proven.message, { outcome: 'failure' })
    await lockSelf(deps, tx, person, contract.addPasskey)
    const signIn = actor.kind === 'enrolling' ? await findSignIn(tx, actor.browserHash) : undefined
    const { deviceId, recoveryCodes } = await registerDevice(deps, tx, event, {
      userId: person.id,
      passkey: proven,
      source: actor.source,
      name: input.name,
      codeId: null,
      showing: null,
      recovering: recoveryOf(actor),
    })
    const opened = await continueAs(deps, tx, actor, signIn, {
      acr: 'aal2',
      amr: ['pwd', proven.be ? 'swk' : 'hwk', 'user', 'mfa'],
      deviceId,
    })
    event.about({ sessionId: opened.id })
    return { deviceId, current: opened.deviceId === deviceId, session: opened.token, recoveryCodes }
  })
  const signIn = actor.kind === 'enrolling' ? await findSignIn(deps.db, actor.browserHash) : undefined
  return {
    value: {
      device: { ...(await readDevice(deps.db, done.deviceId)), current: done.current },
      ...(done.recoveryCodes ? { recoveryCodes: done.recoveryCodes } : {}),
      ...(signIn ? { signIn: toSignIn(signIn) } : {}),
    },
    session: done.session,
  }
}
