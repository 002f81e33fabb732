import type { In, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import { askedFrom } from '../codes/index.ts'
import { BadPasskey, type ChallengePurpose, type ProvenDevice, provenDevice, requestOptions } from '../devices/index.ts'
import { act, EventDraft, type EventFacts } from '../events/index.ts'
import { devicePolicyName, readDeviceSettings } from '../policies/index.ts'
import { endSessions } from '../sessions/index.ts'
import { lockPerson, usernameKey } from '../users/index.ts'
import { limited, requireAddressWithin } from './limits.ts'
import { refuseLimited, sourceTag, thumbprintOf, turnedAway, wrong } from './proof-refusals.ts'
import { approve, countWrongNumber, deny, denyLate, findClaimed, isKnown, lengthenWait, type Request } from './requests-store.ts'
import type { SignInDeps } from './sign-in.ts'
import { codeCounts } from './sign-in-rules.ts'
import { ofCredential, requireHeld, useOrLock } from './use-device.ts'

const numberTries = 3

/** The request that this very key claimed; to anybody else there is none. */
export const requireClaimed = async (
  deps: SignInDeps,
  actor: Actor,
  confirm: string,
  type: contract.EventType,
): Promise<Request> => {
  const request = await findClaimed(deps.db, deps.keys.hash('confirm', confirm))
  if (request?.claimKey?.equals(thumbprintOf(actor))) return request
  const event = new EventDraft(actor, type, { detail: { code: 'code-unknown' } })
  event.outcome = 'failure'
  if (!(await deps.events.recordFailure(event))) throw limited(60, 'too many failures from this address')
  throw new Refusal('code-unknown', 'no such claim, or another key’s')
}
/** Names why nothing more can be decided, if so; the statements that decide ask again. */
const whyOver = ({ revoked, state, expired }: Request): Refusal | undefined => {
  if (revoked) return new Refusal('code-revoked')
  if (state !== 'claimed')
    return new Refusal('code-used', `the request is ${state}`, { detail: 'This request was decided before.' })
  if (expired) return new Refusal('code-expired', 'the request is over', { detail: 'This took too long. Ask for a new code.' })
  return undefined
}
/** It ended, and neither its person nor a rule had decided it. */
const canBeSaidLate = ({ state, why }: Request): boolean => state === 'claimed' || (state === 'failed' && why === 'replaced')
const requireOpen = (request: Request): void => {
  const over = whyOver(request)
  if (over) throw over
}
const about = ({ codeId, forUser, forName, read, near, known, asker }: Request): EventFacts => ({
  codeId,
  factor: 'passkey',
  ...(forUser ? { subject: { kind: 'user', id: forUser, name: forName ?? '' } } : {}),
  detail: { read: read ?? '', ...(near ? { near } : {}), ...(known ? { known } : {}), ...askedFrom(asker).detail },
})
const prove = (deps: SignInDeps, { codeId }: Request, actor: Actor, assertion: contract.Assertion, purpose: ChallengePurpose) =>
  provenDevice(deps, assertion, { purpose, requestId: codeId, thumbprint: thumbprintOf(actor) })

/** R12: what you see is what you approve. By the device’s assertion over the shown context, and the number of the screen. */
export const approveRequest = async (
  deps: SignInDeps,
  actor: Actor,
  input: In<typeof contract.approveRequest>,
): Promise<Out<typeof contract.approveRequest>> => {
  const request = await requireClaimed(deps, actor, input.confirm, 'approval.approved')
  const { version } = await readDeviceSettings(deps.db)
  const facts: EventFacts = { ...about(request), policy: devicePolicyName(version) }
  const over = whyOver(request)
  if (over) return turnedAway(deps, actor, 'approval.approved', facts, over)
  // before the challenge is spent: the same assertion may come again when the minute is over
  await requireAddressWithin(deps.db, sourceTag(deps.keys, actor)).catch((refusal: unknown) =>
    refuseLimited(deps, actor, refusal),
  )
  let proven: ProvenDevice
  try {
    proven = await prove(deps, request, actor, input.assertion, 'approve')
  } catch (error) {
    if (!(error instanceof BadPasskey)) throw error
    return wrongPasskey(deps, actor, { type: 'approval.approved', request, facts, purpose: 'approve' }, error)
  }
  const { device, contextHash } = proven
  const key = thumbprintOf(actor)
  const match = /^\d{1,2}$/.test(input.match) ? Number(input.match) : -1
  return act(deps, actor, { type: 'approval.approved', endpoint: contract.approveRequest }, async (tx, event) => {
    event.about({
      ...facts,
      person: { id: device.userId, name: device.username },
      deviceId: device.id,
      biometric: 'verified',
    })
    await lockPerson(tx, device.userId)
    const settings = await readDeviceSettings(tx)
    // only now it is known whose browser it would have to be: the claim may have named nobody
    const known = settings.knownBrowser === 'off' || (await isKnown(tx, request.askerKey, device.userId))
    event.about({
      policy: devicePolicyName(settings.version),
      ...(settings.knownBrowser === 'off' ? {} : { detail: { known: known ? 'yes' : 'no' } }),
    })
    requireAllowed(settings, request, proven, known)
    requireOpenedFor(request, device.username)
    if (match !== request.match) throw wrongNumber(deps, request, key, match)
    await useOrLock(deps, tx, proven, actor)
    const by = { key, contextHash: contextHash as Buffer, match, deviceId: device.id, userId: device.userId }
    if (!(await approve(tx, request.codeId, by))) {
      requireOpen((await findClaimed(tx, deps.keys.hash('confirm', input.confirm))) ?? request)
      throw anothers('the request is another person’s')
    }
    return { state: 'approved' as const }
  }).catch(async (refused: unknown) => {
    // its passkey was ended, as a copied one is, and not the request: another one may approve
    if (!(refused instanceof Refusal) || refused.code !== 'factor-wrong' || refused.extras.reason !== undefined) throw refused
    const options = await freshOptions(deps, deps.db, request, 'approve', key)
    throw new Refusal(refused.code, refused.why, { ...refused.extras, options })
  })
}

/**
 * A passkey that does not hold costs its challenge and counts for its address, and ends nothing: within both its person may take
 * another one, or say no. So what is left of the request gets a challenge of its own.
 */
const wrongPasskey = async (
  deps: SignInDeps,
  actor: Actor,
  about: { type: contract.EventType; request: Request; facts: EventFacts; purpose: 'approve' | 'not-me' },
  bad: BadPasskey,
): Promise<never> => {
  const { type, request, facts, purpose } = about
  const refusal = new Refusal('factor-wrong', bad.message)
  try {
    return await wrong(deps, actor, type, { ...ofCredential(bad), ...facts }, refusal)
  } catch (told) {
    if (told !== refusal) throw told
    const options = await freshOptions(deps, deps.db, request, purpose, thumbprintOf(actor))
    throw new Refusal(refusal.code, refusal.why, { options })
  }
}

const anothers = (why: string): Refusal =>
  new Refusal('conflict', why, { reason: 'another-person', detail: 'This request is for another person.' })
/** A sign-in that was opened for somebody takes nobody else’s phone (threat 24), whether that somebody exists or not. */
const requireOpenedFor = ({ openedFor }: Request, username: string): void => {
  if (openedFor?.trim() && usernameKey(openedFor) !== usernameKey(username)) throw anothers('it was opened for another name')
}

/** What policy asks of the person who approves; where it says no the request is dead, and its screen says why. */
const requireAllowed = (settings: contract.DeviceSettings, request: Request, { device }: ProvenDevice, known: boolean): void => {
  const dies = (why: string, refusal: Refusal): Refusal =>
    new Refusal(refusal.code, refusal.why, {
      ...refusal.extras,
      keep: async (tx) => {
        await deny(tx, request.codeId, request.claimKey, why)
        return undefined
      },
    })
  if (!codeCounts(settings, request.proved))
    throw dies(
      settings.qr === 'off' ? 'policy' : 'computer-first',
      new Refusal('not-allowed', `our code counts no more: ${settings.qr}`, {
        reason: settings.qr === 'off' ? 'policy' : 'computer-first',
        detail: 'Policy takes this code no more. Sign in on the computer another way.',
      }),
    )
  const first = device.roles.some((role) => (settings.computerFirst as readonly string[]).includes(role))
  if (first && request.purpose === 'sign-in' && !request.proved.includes('password'))
    throw dies(
      'computer-first',
      new Refusal('not-allowed', 'this role proves a password on the computer first', {
        reason: 'computer-first',
        detail: 'Your role signs in on the computer first: enter your name and password there, then scan its code.',
      }),
    )
  if (settings.knownBrowser === 'require' && !known)
    throw dies(
      'policy',
      new Refusal('not-allowed', 'a browser that never signed this person in', {
        reason: 'unknown-browser',
        detail: 'Policy asks for a browser that signed you in before. Sign in there another way once.',
      }),
    )
  try {
    requireHeld(device, settings.deviceHeld)
  } catch (refusal) {
    throw refusal instanceof Refusal ? dies('device-held', refusal) : refusal
  }
}

/** One of three is gone, in the commit that lets the verdict out; what is left gets a challenge of its own. */
const wrongNumber = (deps: SignInDeps, request: Request, key: Buffer, match: number): Refusal =>
  new Refusal('factor-wrong', 'wrong number', {
    outcome: 'failure',
    keep: async (tx) => {
      const tries = await countWrongNumber(tx, request.codeId, key, match)
      if (tries === undefined) return new Refusal('code-used', 'the request was decided meanwhile')
      if (tries >= numberTries) await lengthenWait(tx, request.askerKey, request.forUser)
      const errors = [{ path: 'match', message: 'is not the number on the screen', code: 'mismatch' as const }]
      if (tries >= numberTries) return new Refusal('factor-wrong', 'wrong number', { reason: 'number', triesLeft: 0, errors })
      return new Refusal('factor-wrong', 'wrong number', {
        reason: 'number',
        triesLeft: numberTries - tries,
        errors,
        options: await freshOptions(deps, tx, request, 'approve', key),
      })
    },
  })
const freshOptions = (deps: SignInDeps, db: Db | Tx, request: Request, purpose: 'approve' | 'not-me', key: Buffer) =>
  requestOptions(
    db,
    deps,
    { purpose, requestId: request.codeId, thumbprint: key },
    {
      userId: request.forUser,
      name: false,
      ...(purpose === 'approve'
        ? {
            contextHash: request.contextHash as Buffer,
            seconds: request.secondsLeft,
          }
        : {}),
    },
  )

/**
 * Dead at once, by the key that claimed it; no proof is asked, for saying no opens nothing. `not-me` also tells the operators,
 * and with an assertion, then or in a second call, ends the person’s sessions. It can also be said of what its asker or its time
 * ended meanwhile: taking a request back hides no attack.
 */
export const declineRequest = async (
  deps: SignInDeps,
  actor: Actor,
  { confirm, reason, assertion }: In<typeof contract.declineRequest>,
): Promise<Out<typeof contract.declineRequest>> => {
  const request = await requireClaimed(deps, actor, confirm, 'approval.declined')
  const key = thumbprintOf(actor)
  const { version } = await readDeviceSettings(deps.db)
  const policy = devicePolicyName(version)
  const said = request.state === 'denied' && request.why === 'not-me'
  if (!(reason === 'not-me' && said)) {
    const facts: EventFacts = { ...about(request), policy, detail: { ...about(request).detail, reason } }
    const over = whyOver(request)
    if (over && !(reason === 'not-me' && canBeSaidLate(request))) return turnedAway(deps, actor, 'approval.declined', facts, over)
    const { options } = await act(
      deps,
      actor,
      { type: 'approval.declined', endpoint: contract.declineRequest },
      async (tx, event) => {
        event.about(facts)
        const done =
          (await deny(tx, request.codeId, key, reason)) || (reason === 'not-me' && (await denyLate(tx, request.codeId, key)))
        if (!done) {
          requireOpen((await findClaimed(tx, deps.keys.hash('confirm', confirm))) ?? request)
          throw new Refusal('code-used', 'decided meanwhile')
        }
        event.about({ detail: { cause: reason } })
        // saying no succeeded; the sign-in that was asked for did not
        const why = reason === 'not-me' ? 'this was not me' : 'declined on the phone'
        const denied = event.and('sign-in.phone', { ...about(request), policy }).about({ detail: { cause: reason, why } })
        // it was begun elsewhere than it was ended: the address of who asked is what an operator looks for
        denied.about({ reason: askedFrom(request.asker).reason }).outcome = 'denied'
        await lengthenWait(tx, request.askerKey, request.forUser)
        if (reason === 'declined') return {}
        event.notices.push({ kind: 'not-me', userId: request.forUser })
        return assertion ? {} : { options: await freshOptions(deps, tx, request, 'not-me', key) }
      },
    )
    if (!assertion || reason === 'declined') return options ? { options } : {}
  } else if (!assertion) return { options: await freshOptions(deps, deps.db, request, 'not-me', key) }
  return endAll(deps, actor, request, assertion as contract.Assertion, said ? 'not-me' : 'approve')
}
const endAll = async (
  deps: SignInDeps,
  actor: Actor,
  request: Request,
  assertion: contract.Assertion,
  purpose: 'approve' | 'not-me',
): Promise<Out<typeof contract.declineRequest>> => {
  let proven: ProvenDevice
  try {
    proven = await prove(deps, request, actor, assertion, purpose)
  } catch (error) {
    if (!(error instanceof BadPasskey)) throw error
    const facts = about(request)
    return wrongPasskey(deps, actor, { type: 'approval.declined', request, facts, purpose: 'not-me' }, error)
  }
  const { device } = proven
  return act(deps, actor, { type: 'session.ended', endpoint: contract.declineRequest }, async (tx, event) => {
    event.about({
      codeId: request.codeId,
      person: { id: device.userId, name: device.username },
      deviceId: device.id,
      biometric: 'verified',
    })
    await lockPerson(tx, device.userId)
    await useOrLock(deps, tx, proven, actor)
    const sessionsEnded = await endSessions(tx, { userId: device.userId }, 'its person said: this was not me')
    event.about({ detail: { why: 'this was not me', sessionsEnded } })
    // now somebody is named, and it is proven
    if (!request.forUser) event.notices.push({ kind: 'not-me', userId: device.userId })
    return { sessionsEnded }
  })
}
