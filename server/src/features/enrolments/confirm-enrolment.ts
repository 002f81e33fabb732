import type { In, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { toId } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { confirmTries, countClaimFailure, endClaim, findClaim, type OpenClaim, revokeCodes } from '../codes/index.ts'
import { BadPasskey, endReplaced, type NewPasskey, type PasskeyDeps } from '../devices/index.ts'
import { type ActDeps, act, EventDraft, type EventFacts } from '../events/index.ts'
import { hashPassword, requireStrong, setPassword } from '../passwords/index.ts'
import { policyName, requireEnrolment } from '../policies/index.ts'
import { findLiveSession, findRecovery, insertSession, toSession } from '../sessions/index.ts'
import { isCurrentPassword, limited } from '../sign-in/index.ts'
import { findPending } from '../totp/index.ts'
import { highest, lockDeployment, lockPerson, ownerIsLeft, setRoles } from '../users/index.ts'
import { confirmNeeds } from './confirm-needs.ts'
import { activateFactor, provenStep } from './confirming.ts'
import { registrationOptions } from './enrol-device.ts'
import { provenPasskey, registerDevice } from './pending-passkey.ts'

type Input = In<typeof contract.confirmEnrolment>
type Value = Out<typeof contract.confirmEnrolment>

/** Completes an enrolment: by the key that claimed, with one correct passcode or the new passkey, and what `needs` asked for. */
export const confirmEnrolment = async (deps: PasskeyDeps, actor: Actor, input: Input): Promise<Answer<Value>> => {
  const key = actor.source.thumbprint as Buffer
  // of one moment: a confirm that ends the claim between two reads would make this one ask for the password it has just set
  const { claim, needs } = await deps.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const found = await findClaim(tx, deps.keys.hash('confirm', input.confirm))
      if (!found?.claimKey.equals(key)) return {}
      return { claim: found, needs: await confirmNeeds(tx, { userId: found.userId, resetPassword: found.resetPassword }) }
    })
  if (!claim) return refuseUnknown(deps, actor)
  const { version } = await requireConfirmable(deps, claim).catch((refusal: unknown) => refuseOver(deps, actor, claim, refusal))
  requireProof(claim, input)
  const choosing = needs.includes('password')
  const phc = choosing ? await chosenPassword(deps, claim, input.password) : undefined
  if (!choosing) await provePassword(deps, actor, { ...about(claim), policy: policyName(version) }, claim, input.currentPassword)

  const passkey = await passkeyOf(deps, claim, input)
  // the challenge is spent whatever came of it: the next try, maybe with another authenticator, gets one of its own
  const fresh = (tx: Tx) => registrationOptions(deps, tx, { ...claim, key })

  const done = await act(deps, actor, { type: 'enrolment.confirmed', endpoint: contract.confirmEnrolment }, async (tx, event) => {
    event.about({ ...about(claim), policy: policyName(version), person: { id: claim.userId, name: claim.username } })
    await lockPerson(tx, claim.userId)
    if (claim.bootstrap) await lockDeployment(tx)
    // again, now that nobody else is at it: of two confirms at once the second is told that it was confirmed
    requireOpen((await findClaim(tx, deps.keys.hash('confirm', input.confirm))) ?? claim)
    if (passkey instanceof BadPasskey) throw wrongTry(claim, passkey.message, fresh)
    const step = claim.totpId ? await stepOf(deps, tx, claim, claim.totpId, input.code ?? '') : undefined
    if (!(await endClaim(tx, claim.codeId, key))) throw new Refusal('code-used', 'the claim is over')
    if (claim.bootstrap) await becomeOperator(tx, claim)
    if (phc) {
      await setPassword(tx, deps.keys, claim.userId, phc, claim.codeId)
      event.and('password.changed', { ...event.facts, factor: 'password' })
    }
    const { userId, codeId, forSession } = claim
    // by a code that was shown in a session of a recovery code: what was lost is replaced, as where the new one is made in it
    const recovery = forSession === null ? undefined : await findRecovery(tx, forSession)
    if (recovery && !passkey) await endReplaced(tx, event, userId, recovery)
    const added: { deviceId?: string; recoveryCodes?: string[] } = passkey
      ? await registerDevice(deps, tx, event, {
          userId,
          passkey,
          source: actor.source,
          name: input.name,
          codeId,
          // of a recovery nothing is left to do in the session that shows the code
          showing: recovery ? null : forSession,
          recovering: recovery,
        }).catch((refused: unknown) => {
          if (!(refused instanceof Refusal)) throw refused
          const { code, why, extras } = refused
          throw new Refusal(code, why, {
            ...extras,
            keep: async (kept) => new Refusal(code, why, { ...extras, options: await fresh(kept) }),
          })
        })
      : await activateFactor(deps, tx, event, { userId, totpId: claim.totpId as string, step: step as number, codeId })
    if (added.deviceId) event.and('device.registered', event.facts)
    const session = input.signIn
      ? await insertSession(tx, deps.keys, {
          userId: claim.userId,
          scope: 'full',
          acr: 'aal2',
          amr: passkey ? ['pwd', passkey.be ? 'swk' : 'hwk', 'user', 'mfa'] : ['pwd', 'otp', 'mfa'],
          thumbprint: key,
          codeId: claim.codeId,
          deviceId: added.deviceId,
          source: actor.source,
        })
      : undefined
    if (session) event.about({ sessionId: session.id })
    const roles = (await tx.selectFrom('userRole').select('role').where('userId', '=', claim.userId).execute()).map(
      (row) => row.role,
    )
    return { recoveryCodes: added.recoveryCodes, session, roles }
  })
  const live = done.session && (await findLiveSession(deps.db, done.session.id))
  return {
    value: {
      user: {
        id: toId('usr', claim.userId),
        username: claim.username,
        displayName: claim.displayName,
        roles: done.roles.length > 0 ? done.roles : [highest([])],
      },
      ...(done.recoveryCodes ? { recoveryCodes: done.recoveryCodes } : {}),
      ...(live ? { session: toSession(live) } : {}),
    },
    ...(done.session ? { session: done.session.token } : {}),
  }
}

const about = (claim: OpenClaim) => ({
  codeId: claim.codeId,
  subject: { kind: 'user' as const, id: claim.userId, name: claim.username },
  factor: claim.totpId ? 'totp' : 'passkey',
})
const refuseUnknown = async (deps: ActDeps, actor: Actor): Promise<never> => {
  const event = new EventDraft(actor, 'enrolment.confirmed', { detail: { code: 'code-unknown' } })
  event.outcome = 'failure'
  if (!(await deps.events.recordFailure(event))) throw limited(60, 'too many failures from this address')
  throw new Refusal('code-unknown', 'no such claim, or another key’s')
}
const requireConfirmable = async (deps: ActDeps, claim: OpenClaim) => {
  requireOpen(claim)
  return requireEnrolment(deps.db)
}
/** A claim that is over is a wrong proof of whoever comes with it: on record, and counted for the address. */
const refuseOver = async (deps: ActDeps, actor: Actor, claim: OpenClaim, refusal: unknown): Promise<never> => {
  if (!(refusal instanceof Refusal)) throw refusal
  const event = new EventDraft(actor, 'enrolment.confirmed', {
    ...about(claim),
    detail: { code: refusal.code, why: refusal.why },
  })
  event.outcome = 'denied'
  if (!(await deps.events.recordFailure(event))) throw limited(60, 'too many failures from this address')
  throw refusal
}
const requireOpen = (claim: OpenClaim): void => {
  if (claim.revoked) throw new Refusal('code-revoked')
  if (claim.ended)
    throw new Refusal('code-used', claim.failures >= confirmTries ? 'ended by five wrong tries' : 'confirmed before')
  if (claim.expired) throw new Refusal('code-expired', 'the claim is over', { detail: 'This took too long. Ask for a new code.' })
  if (claim.userState !== 'active' && claim.userState !== 'pending')
    throw new Refusal('code-revoked', `the person is ${claim.userState}`)
}
const requireProof = (claim: OpenClaim, input: Input): void => {
  if (claim.totpId && input.code === undefined) throw invalid('code', 'one passcode of the new key', 'required')
  if (!claim.totpId && input.registration === undefined)
    throw invalid('registration', 'the passkey that this phone made', 'required')
}
/** The new passkey, or why its answer does not hold; undefined: the claim is of a passcode key. */
const passkeyOf = async (deps: PasskeyDeps, claim: OpenClaim, input: Input): Promise<NewPasskey | BadPasskey | undefined> => {
  if (claim.totpId || !input.registration) return undefined
  return provenPasskey(deps, input.registration, {
    purpose: 'enrol',
    requestId: claim.codeId,
    thumbprint: claim.claimKey,
  }).catch((error: unknown) => {
    if (error instanceof BadPasskey) return error
    throw error
  })
}
const stepOf = async (deps: ActDeps, tx: Tx, claim: OpenClaim, totpId: string, code: string): Promise<number> => {
  const pending = await findPending(tx, claim.userId, totpId)
  if (!pending)
    throw new Refusal('code-expired', 'the pending key is over', { detail: 'This took too long. Ask for a new code.' })
  const { step } = provenStep(deps, claim.userId, pending, code)
  if (step === undefined) throw wrongTry(claim, 'wrong passcode')
  return step
}
/** One of the five tries is gone; where none was left, no verdict leaves. */
const wrongTry = (claim: OpenClaim, why: string, fresh?: (tx: Tx) => Promise<contract.CreationOptions>): Refusal =>
  new Refusal('factor-wrong', why, {
    outcome: 'failure',
    triesLeft: Math.max(0, confirmTries - claim.failures - 1),
    keep: async (tx) => {
      const failures = await countClaimFailure(tx, claim.codeId)
      if (failures === undefined) return new Refusal('code-used', 'ended by five wrong tries')
      if (!fresh || failures >= confirmTries) return undefined
      return new Refusal('factor-wrong', why, { triesLeft: confirmTries - failures, options: await fresh(tx) })
    },
  })

const chosenPassword = async (deps: ActDeps, claim: OpenClaim, password: string | undefined): Promise<string> => {
  if (password === undefined)
    throw invalid('password', `choose a password of at least ${contract.leastPassword} characters`, 'too-short', {
      least: contract.leastPassword,
    })
  const { issuer } = await requireEnrolment(deps.db)
  requireStrong(password, [claim.username, claim.displayName, issuer], 'password')
  return hashPassword(password)
}
/** A wrong current password is a guess of that account, by the same limits, and one of the five. */
const provePassword = async (
  deps: ActDeps,
  actor: Actor,
  facts: EventFacts,
  claim: OpenClaim,
  password: string | undefined,
): Promise<void> => {
  if (password === undefined) throw invalid('currentPassword', 'the password that you have now', 'required')
  if (await isCurrentPassword(deps, actor, claim.userId, password)) return
  const event = new EventDraft(actor, 'enrolment.confirmed', {
    ...facts,
    factor: 'password',
    detail: { code: 'factor-wrong', why: 'wrong current password' },
  })
  event.outcome = 'failure'
  const failures = await deps.db.transaction().execute((tx) => countClaimFailure(tx, claim.codeId))
  if (!(await deps.events.recordFailure(event))) throw limited(60, 'too many failures from this address')
  if (failures === undefined) throw new Refusal('code-used', 'ended by five wrong tries')
  throw new Refusal('factor-wrong', 'wrong current password', {
    triesLeft: confirmTries - failures,
    errors: [{ path: 'currentPassword', message: 'did not match', code: 'mismatch' }],
  })
}

/** The first confirm wins the role `owner`, under the deployment's lock; every other such code dies with it. */
const becomeOperator = async (tx: Tx, claim: OpenClaim): Promise<void> => {
  if (claim.bootstrap === 'owner' && (await ownerIsLeft(tx))) throw new Refusal('code-revoked', 'an operator exists')
  await sql`update users set state = 'active', state_at = now(), version = version + 1 where id = ${claim.userId} and state = 'pending'`.execute(
    tx,
  )
  await setRoles(tx, claim.userId, [claim.bootstrap as 'owner' | 'operator'])
  if (claim.bootstrap === 'owner')
    await revokeCodes(tx, { bootstrap: 'owner', claimed: true }, { byId: claim.userId, byName: null })
}
