import type { Factors, In } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import { fromId, toId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { issue, prepareCode } from '../codes/index.ts'
import { countDevices, endReplaced } from '../devices/index.ts'
import { type ActDeps, act, EventDraft as Draft, type EventDraft } from '../events/index.ts'
import { recoveryLetter } from '../letters/index.ts'
import { hashPassword, requireStrong, setPassword } from '../passwords/index.ts'
import { policyName, readAuthenticationSettings, requireEnrolment, secondFactorDemanded } from '../policies/index.ts'
import { recoveryCodesLeft, replaceRecoveryCodes } from '../recovery-codes/index.ts'
import { asUser, endSessions, recoveryOf } from '../sessions/index.ts'
import { findSignIn, isCurrentPassword, limited, toSignIn } from '../sign-in/index.ts'
import { symbolSvg } from '../symbols/index.ts'
import { countPendingFailure, findPending, hasActive, insertPending, pendingTries, retire } from '../totp/index.ts'
import { lockSelf, renewBy, requireOwnerLeft } from '../users/index.ts'
import { activateFactor, provenStep } from './confirming.ts'
import { asPerson, continueAs } from './continue-as.ts'
import { parametersOf } from './enrol-totp.ts'

export type MeDeps = ActDeps & { origin: string }

export const startTotp = (deps: MeDeps, actor: Actor, input: In<typeof contract.startTotp>) =>
  act(deps, actor, { type: 'enrolment.started', endpoint: contract.startTotp }, async (tx, event) => {
    const person = asPerson(actor)
    event.about({ factor: 'totp' })
    const settings = await requireEnrolment(tx)
    const defaults = parametersOf(settings)
    const parameters = {
      algorithm: input.algorithm ?? defaults.algorithm,
      digits: input.digits ?? defaults.digits,
      period: input.periodSeconds ?? defaults.period,
    }
    const totp = await insertPending(
      tx,
      deps.keys,
      { userId: person.id, label: person.username, issuer: settings.issuer },
      parameters,
    )
    return {
      id: toId('tot', totp.id),
      secret: totp.secret,
      otpauthUrl: totp.otpauthUrl,
      symbolSvg: symbolSvg(totp.otpauthUrl),
      settings: {
        issuer: settings.issuer,
        label: person.username,
        algorithm: parameters.algorithm,
        digits: parameters.digits,
        periodSeconds: parameters.period,
      },
      expiresAt: totp.expiresAt.toISOString(),
    }
  })

/**
 * Confirms one's pending key and goes on with what asked for it: a sign-in that waited for enrolment is completed; a
 * session, also one of scope recovery, is replaced by a full one with a new cookie.
 */
export const confirmTotp = async (deps: MeDeps, actor: Actor, input: In<typeof contract.confirmTotp>) => {
  const person = asPerson(actor)
  const totpId = fromId(input.id)
  const { session, recoveryCodes } = await act(
    deps,
    actor,
    { type: 'enrolment.confirmed', endpoint: contract.confirmTotp },
    async (tx, event) => {
      event.about({ factor: 'totp' })
      event.about({ policy: policyName((await requireEnrolment(tx)).version) })
      await lockSelf(deps, tx, person, contract.confirmTotp)
      const pending = await findPending(tx, person.id, totpId)
      if (!pending)
        throw new Refusal('not-found', 'no such pending key', {
          detail: 'This key has expired or was confirmed. Start again with a new one.',
        })
      const { step, offset } = provenStep(deps, person.id, pending, input.code)
      if (step === undefined) {
        event.about({ detail: offset === undefined ? {} : { offsetSteps: offset } })
        throw new Refusal('factor-wrong', 'wrong passcode', {
          outcome: 'failure',
          triesLeft: Math.max(0, pendingTries - pending.failures - 1),
          keep: async (kept) =>
            (await countPendingFailure(kept, person.id, totpId)) === undefined
              ? new Refusal('not-found', 'ended by five wrong passcodes')
              : undefined,
        })
      }
      const signIn = actor.kind === 'enrolling' ? await findSignIn(tx, actor.browserHash) : undefined
      const recovery = recoveryOf(actor)
      if (recovery) await endReplaced(tx, event, person.id, recovery)
      const { recoveryCodes } = await activateFactor(deps, tx, event, { userId: person.id, totpId, step })
      const opened = await continueAs(deps, tx, actor, signIn, { acr: 'aal2', amr: ['pwd', 'otp', 'mfa'] })
      event.about({ sessionId: opened.id })
      return { session: opened.token, recoveryCodes }
    },
  )
  const signIn = actor.kind === 'enrolling' ? await findSignIn(deps.db, actor.browserHash) : undefined
  return { value: { ...(recoveryCodes ? { recoveryCodes } : {}), ...(signIn ? { signIn: toSignIn(signIn) } : {}) }, session }
}
/** 409 for the last second factor that policy demands: nobody locks themselves out. */
export const removeTotp = (deps: MeDeps, actor: Actor) =>
  act(deps, actor, { type: 'factor.removed', endpoint: contract.removeTotp }, async (tx, event) => {
    const user = asUser(actor)
    event.about({ factor: 'totp' })
    await lockSelf(deps, tx, user, contract.removeTotp)
    const devices = await countDevices(tx, user.id)
    if (devices === 0 && (await secondFactorDemanded(tx, user.id)))
      throw new Refusal('conflict', 'the last factor that policy demands', {
        reason: 'last-factor',
        detail: 'Policy demands a second factor, and this is your only one. Replace it instead.',
      })
    if (!(await retire(tx, user.id))) throw new Refusal('not-found', 'no TOTP key')
    await requireOwnerLeft(tx, user.session.roles)
    // they stand in for a second factor: with the last one they go
    if (devices === 0) await tx.deleteFrom('recoveryCode').where('userId', '=', user.id).execute()
    event.notices.push({ kind: 'factor-changed', userId: user.id })
    await endSessions(tx, { userId: user.id, except: user.session.id }, 'a factor was removed')
    return undefined
  })

export const myFactors = async (deps: MeDeps, actor: Actor): Promise<Factors> => {
  const user = asUser(actor)
  const [password, totp, codes, settings, demanded, devices] = await Promise.all([
    deps.db.selectFrom('password').select('changedAt').where('userId', '=', user.id).executeTakeFirst(),
    deps.db
      .selectFrom('totp')
      .select(['id', 'confirmedAt', 'lastUsedAt', 'origin'])
      .select(sql<Date | null>`(select ${sql.raw(renewBy('totp', 'p'))} from authentication_settings p)`.as('renewBy'))
      .where('userId', '=', user.id)
      .where('state', '=', 'active')
      .executeTakeFirst(),
    recoveryCodesLeft(deps.db, user.id),
    readAuthenticationSettings(deps.db),
    secondFactorDemanded(deps.db, user.id),
    countDevices(deps.db, user.id),
  ])
  const confirmedAt = totp?.confirmedAt ?? null
  return {
    password: password ? { changedAt: password.changedAt.toISOString() } : null,
    totp: totp
      ? {
          id: toId('tot', totp.id),
          createdAt: (confirmedAt ?? new Date(0)).toISOString(),
          lastUsedAt: totp.lastUsedAt?.toISOString() ?? null,
          origin: totp.origin,
          renewBy: totp.renewBy?.toISOString() ?? null,
        }
      : null,
    recoveryCodes: { left: codes.left, total: codes.total, createdAt: codes.createdAt?.toISOString() ?? null },
    devices,
    enrolment: settings.enrolment,
    secondFactorDemanded: demanded,
  }
}

export const enrolAnotherPhone = async (deps: MeDeps, actor: Actor, input: In<typeof contract.enrolAnotherPhone>) => {
  const prepared = await prepareCode(deps, input.symbols)
  return act(deps, actor, { type: 'code.issued', endpoint: contract.enrolAnotherPhone }, async (tx, event) => {
    const user = asUser(actor)
    await lockSelf(deps, tx, user, contract.enrolAnotherPhone)
    await requireEnrolment(tx)
    const wanted = {
      kind: input.factor === 'device' ? ('enrol-device' as const) : ('enrol-totp' as const),
      userId: user.id,
      ownerId: user.id,
      issuedBy: null,
      label: user.username,
      forSession: user.session.id,
      expiresInMinutes: 10,
    }
    return { code: await issue(deps, tx, event, wanted, prepared) }
  })
}

/** The current password is a guess like any other; a new one ends all other sessions. */
export const changePassword = async (
  deps: MeDeps,
  actor: Actor,
  input: In<typeof contract.changePassword>,
): Promise<Answer<undefined>> => {
  const user = asUser(actor)
  const { issuer } = await readAuthenticationSettings(deps.db)
  requireStrong(input.new, [user.username, user.displayName, issuer], 'new')
  if (!(await isCurrentPassword(deps, actor, user.id, input.current))) {
    const event = new Draft(actor, 'password.changed', {
      factor: 'password',
      detail: { code: 'factor-wrong', why: 'wrong current password' },
    })
    event.outcome = 'failure'
    if (!(await deps.events.recordFailure(event))) throw limited(60, 'too many failures from this address')
    throw new Refusal('factor-wrong', 'wrong current password', {
      errors: [{ path: 'current', message: 'did not match', code: 'mismatch' }],
    })
  }
  const phc = await hashPassword(input.new)
  await act(deps, actor, { type: 'password.changed', endpoint: contract.changePassword }, async (tx, event) => {
    event.about({ factor: 'password' })
    await lockSelf(deps, tx, user, contract.changePassword)
    await setPassword(tx, deps.keys, user.id, phc)
    event.notices.push({ kind: 'factor-changed', userId: user.id })
    await endSessions(tx, { userId: user.id, except: user.session.id }, 'the password was changed')
    return undefined
  })
  return { value: undefined }
}

/** `letter`: the page to print is made now, of what is shown now: nothing of it can be read again. */
export const renewRecoveryCodes = (deps: MeDeps, actor: Actor, input: In<typeof contract.renewRecoveryCodes>) =>
  act(deps, actor, { type: 'recovery-codes.made', endpoint: contract.renewRecoveryCodes }, async (tx, event: EventDraft) => {
    const user = asUser(actor)
    event.about({ factor: 'recovery-code' })
    await lockSelf(deps, tx, user, contract.renewRecoveryCodes)
    if (!(await hasActive(tx, user.id)) && (await countDevices(tx, user.id)) === 0)
      throw new Refusal('conflict', 'no second factor', {
        detail: 'Recovery codes stand in for a second factor. Enrol one first.',
      })
    const recoveryCodes = await replaceRecoveryCodes(tx, deps.keys, user.id)
    event.notices.push({ kind: 'factor-changed', userId: user.id })
    await endSessions(tx, { userId: user.id, except: user.session.id }, 'recovery codes were made anew')
    if (!input.letter) return { recoveryCodes }
    const { issuer } = await readAuthenticationSettings(tx)
    const letter = await recoveryLetter(input.language ?? 'en', { issuer, name: user.username, codes: recoveryCodes })
    return { recoveryCodes, letterPdf: letter.toString('base64') }
  })
