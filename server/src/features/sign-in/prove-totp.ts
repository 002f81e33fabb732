import type * as contract from '@postern/contract'
import type { In, SignIn } from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import { toId, uuid7 } from '../../platform/ids.ts'
import { newToken } from '../../platform/keys.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { EventDraft, type EventFacts, type PreparedEvent } from '../events/index.ts'
import { acceptedStep, offsetOf, stepAt, totpKey } from '../totp/index.ts'
import { compareGuess, limited, limitedAddress, type ReservedGuess } from './limits.ts'
import type { Reservation, Reserved } from './passcode-statements.ts'
import { ofSignIn, refuseLimited, thumbprintOf, wrong } from './proof-refusals.ts'
import { requireNext, requireSignIn, type SignInDeps } from './sign-in.ts'
import { restart } from './sign-in-store.ts'

/** Milliseconds by which process and database may differ before passcodes answer 503 (threat 8). */
const maxSkewMs = 5_000
export const requireClock = (databaseNow: Date): void => {
  if (Math.abs(databaseNow.getTime() - Date.now()) > maxSkewMs)
    throw new Refusal('clock-skew', 'the clocks of server and database differ', {
      detail: 'The clocks of the server and its database differ by more than 5 s. Passcodes wait until they agree.',
    })
}

/** R10: compared after its guess was counted; accepted by the statement that moves the step. */
export const proveTotp = async (
  deps: SignInDeps,
  actor: Actor,
  input: In<typeof contract.proveTotp>,
  token: string | undefined,
): Promise<Answer<{ signIn: SignIn }>> => {
  if (token === undefined) throw new Refusal('no-session', 'no sign-in of this browser')
  const browserHash = deps.keys.hash('sign-in', token)
  const thumbprint = thumbprintOf(actor)
  const reserved = await reserveOne(deps, { browserHash, thumbprint })
  if (!reserved.sign_in || !reserved.user_id || !reserved.proved?.includes('password') || !reserved.totp || !reserved.sealed) {
    // not found for a passcode: say precisely why, from the row as it stands
    const { row } = await requireSignIn(deps, actor, token)
    requireNext(row, 'totp')
    throw new Refusal('conflict', 'the sign-in changed meanwhile')
  }
  if (reserved.failures === null) {
    await restart(deps.db, reserved.sign_in)
    return refuseLimited(
      deps,
      actor,
      limited(
        reserved.closed ? 900 : reserved.wait,
        reserved.closed ? 'totp: closed after 100 failures in a row' : 'totp: waiting after failures',
      ),
    )
  }
  const userId = reserved.user_id
  const guess: ReservedGuess = { accountKey: userId, factor: 'totp', lane: reserved.lane, failures: reserved.failures }
  await compareGuess(deps.db, guess, () => requireClock(reserved.now))
  const person = { id: userId, name: reserved.username as string }
  const parameters = { algorithm: reserved.algorithm, digits: reserved.digits, period: reserved.period }
  const key = totpKey(deps.keys, userId, reserved.totp, reserved.sealed)
  const step = acceptedStep(key, input.code, reserved.now.getTime(), parameters)
  const about: EventFacts = {
    ...ofSignIn(reserved.policy, reserved.code_id),
    factor: 'totp',
    detail: { purpose: reserved.purpose as string },
  }
  if (step === undefined) {
    const offset = offsetOf(key, input.code, reserved.now.getTime(), parameters)
    // two different ones: the same passcode twice would tell a guesser which one of the future they have found
    const wrongStep = offset === undefined ? null : stepAt(reserved.now.getTime(), reserved.period) + offset
    const { rows } = await sql<{
      before: number | null
      step: number | null
    }>`update sign_in s set wrong_offset = ${offset ?? null}, wrong_step = ${wrongStep}
      from (select id, wrong_offset as before, wrong_step as step from sign_in where id = ${reserved.sign_in} for update) o
      where s.id = o.id returning o.before, o.step`.execute(deps.db)
    const [last] = rows
    const told =
      offset !== undefined && last?.before === offset && last.step !== wrongStep ? { clockOffset: offset * reserved.period } : {}
    return wrong(
      deps,
      actor,
      'sign-in.totp',
      {
        ...about,
        subject: { kind: 'user', ...person },
        detail: { ...about.detail, ...(offset === undefined ? {} : { offsetSteps: offset }) },
      },
      new Refusal('factor-wrong', 'wrong passcode', told),
    )
  }
  if (reserved.person_key) deps.events.people.offer(userId, reserved.person_key)
  const session = newToken()
  const sessionId = uuid7()
  const [prepared] = await deps.events.prepare(new EventDraft(actor, 'sign-in.totp', { ...about, person, sessionId }))
  const event = prepared as PreparedEvent
  const verdict = await deps.passcodes.accept.submit({
    signIn: reserved.sign_in,
    userId,
    totp: reserved.totp,
    step,
    sessionHash: deps.keys.hash('session', session),
    sessionId,
    thumbprint,
    lane: reserved.lane,
    source: event.addressTag,
    event,
  })
  deps.events.onAppended()
  if (verdict.is === 'limited') return refuseLimited(deps, actor, limitedAddress())
  if (verdict.is === 'replayed')
    return wrong(
      deps,
      actor,
      'sign-in.totp',
      { ...about, subject: { kind: 'user', ...person } },
      new Refusal('totp-replayed', 'this step was accepted before', {
        retryAfter: reserved.period - (Math.floor(reserved.now.getTime() / 1_000) % reserved.period),
      }),
    )
  if (verdict.is === 'gone')
    return wrong(
      deps,
      actor,
      'sign-in.totp',
      { ...about, subject: { kind: 'user', ...person } },
      new Refusal('conflict', 'the sign-in is gone', { detail: 'This sign-in is over. Open a new one.' }),
    )
  const signIn: SignIn = {
    id: toId('sin', reserved.sign_in),
    purpose: reserved.purpose as SignIn['purpose'],
    state: 'complete',
    next: [],
    assurance: { acr: 'aal2', amr: ['pwd', 'otp', 'mfa'], authTime: verdict.provedAt.toISOString() },
    returnTo: verdict.returnTo,
    ...(reserved.renewal ? { renewal: 'totp' as const } : {}),
    expiresAt: verdict.expiresAt.toISOString(),
  }
  return { value: { signIn }, session }
}
/** The second guess of one person in a group was not counted: it asks again, a few times at most. */
const reserveOne = async (deps: SignInDeps, entry: Reservation): Promise<Reserved> => {
  for (let tries = 0; tries < 50; tries++) {
    const reserved = await deps.passcodes.reserve.submit(entry)
    if (reserved.first) return reserved
  }
  throw limited(1, 'too many guesses of one person at once')
}
