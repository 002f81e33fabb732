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
import { limited, limitedAddress } from './limits.ts'
import type { Guess, Verdict } from './passcode-statements.ts'
import { ofSignIn, refuseLimited, sourceTag, thumbprintOf, turnedAway, wrong } from './proof-refusals.ts'
import { aboutSignIn, requireAsked, requireSignIn, type SignInDeps } from './sign-in.ts'
import { restart } from './sign-in-store.ts'

/** Milliseconds by which process and database may differ before passcodes answer 503 (threat 8). */
const maxSkewMs = 5_000
export const requireClock = (databaseNow: Date): void => {
  if (Math.abs(databaseNow.getTime() - Date.now()) > maxSkewMs)
    throw new Refusal('clock-skew', 'the clocks of server and database differ', {
      detail: 'The clocks of the server and its database differ by more than 5 s. Passcodes wait until they agree.',
    })
}

/** R10: compared first, told when the statement that counts it has committed; accepted by moving the step (house.md, Guesses). */
export const proveTotp = async (
  deps: SignInDeps,
  actor: Actor,
  input: In<typeof contract.proveTotp>,
  token: string | undefined,
): Promise<Answer<{ signIn: SignIn }>> => {
  if (token === undefined) throw new Refusal('no-session', 'no sign-in of this browser')
  const thumbprint = thumbprintOf(actor)
  const found = await deps.passcodes.look.submit({ browserHash: deps.keys.hash('sign-in', token), thumbprint })
  if (!found.sign_in || !found.user_id || !found.totp || !found.sealed) {
    // not found for a passcode: say precisely why, from the row as it stands
    const { row } = await requireSignIn(deps, actor, token)
    await requireAsked(deps, actor, row, 'totp')
    return turnedAway(
      deps,
      actor,
      'sign-in.totp',
      aboutSignIn(row, 'totp'),
      new Refusal('conflict', 'the sign-in changed meanwhile'),
    )
  }
  requireClock(found.now)
  const person = { id: found.user_id, name: found.username as string }
  const about: EventFacts = {
    ...ofSignIn(found.policy, found.code_id),
    factor: 'totp',
    detail: { purpose: found.purpose as string },
  }
  const parameters = { algorithm: found.algorithm, digits: found.digits, period: found.period }
  const key = totpKey(deps.keys, person.id, found.totp, found.sealed)
  const step = acceptedStep(key, input.code, found.now.getTime(), parameters)
  const guess = { signIn: found.sign_in, userId: person.id, thumbprint }
  const refuse = (refusal: Refusal, detail: EventFacts['detail'] = {}) =>
    wrong(
      deps,
      actor,
      'sign-in.totp',
      { ...about, subject: { kind: 'user', ...person }, detail: { ...about.detail, ...detail } },
      refusal,
    )
  if (step === undefined) {
    const verdict = await requireCounted(deps, actor, guess, await deps.passcodes.judge.submit(guess))
    if (verdict.is === 'gone') return refuse(gone())
    const offset = offsetOf(key, input.code, found.now.getTime(), parameters)
    const told = await isOffAgain(deps, guess.signIn, offset, stepAt(found.now.getTime(), found.period))
    return refuse(
      new Refusal('factor-wrong', 'wrong passcode', told && offset !== undefined ? { clockOffset: offset * found.period } : {}),
      offset === undefined ? {} : { offsetSteps: offset },
    )
  }
  if (found.person_key) deps.events.people.offer(person.id, found.person_key)
  const session = newToken()
  const sessionId = uuid7()
  const [prepared] = await deps.events.prepare(new EventDraft(actor, 'sign-in.totp', { ...about, person, sessionId }))
  const event = prepared as PreparedEvent
  const verdict = await deps.passcodes.judge.submit({
    ...guess,
    acceptance: {
      totp: found.totp,
      step,
      sessionHash: deps.keys.hash('session', session),
      sessionId,
      source: sourceTag(deps.keys, actor),
      event,
    },
  })
  deps.events.onAppended()
  await requireCounted(deps, actor, guess, verdict)
  if (verdict.is === 'replayed')
    return refuse(
      new Refusal('totp-replayed', 'this step was accepted before', {
        retryAfter: found.period - (Math.floor(found.now.getTime() / 1_000) % found.period),
      }),
    )
  if (verdict.is !== 'accepted') return refuse(gone())
  const signIn: SignIn = {
    id: toId('sin', found.sign_in),
    purpose: found.purpose as SignIn['purpose'],
    state: 'complete',
    next: [],
    assurance: { acr: 'aal2', amr: ['pwd', 'otp', 'mfa'], authTime: verdict.provedAt.toISOString() },
    returnTo: verdict.returnTo,
    ...(found.renewal ? { renewal: 'totp' as const } : {}),
    expiresAt: verdict.expiresAt.toISOString(),
  }
  return { value: { signIn }, session }
}

const gone = () => new Refusal('conflict', 'the sign-in is gone', { detail: 'This sign-in is over. Open a new one.' })
/** Beyond its limit a guess learns nothing, right or wrong: 429, and the account's sign-in begins again. */
const requireCounted = async (deps: SignInDeps, actor: Actor, guess: Guess, verdict: Verdict): Promise<Verdict> => {
  if (verdict.is === 'address-limited') return refuseLimited(deps, actor, limitedAddress())
  if (verdict.is !== 'waiting') return verdict
  await restart(deps.db, guess.signIn)
  const why = verdict.closed ? 'totp: closed after 100 failures in a row' : 'totp: waiting after failures'
  return refuseLimited(deps, actor, limited(verdict.seconds, why))
}
/**
 * Notes by how many steps a wrong passcode was off. True where the one before was off as much, and was another one: the same
 * passcode twice would tell a guesser which one of the future they have found (R10).
 */
const isOffAgain = async (deps: SignInDeps, signIn: string, offset: number | undefined, current: number): Promise<boolean> => {
  const step = offset === undefined ? null : current + offset
  const { rows } = await sql<{
    before: number | null
    step: number | null
  }>`update sign_in s set wrong_offset = ${offset ?? null}, wrong_step = ${step}
    from (select id, wrong_offset as before, wrong_step as step from sign_in where id = ${signIn} for update) o
    where s.id = o.id returning o.before, o.step`.execute(deps.db)
  const [last] = rows
  return offset !== undefined && last?.before === offset && last.step !== step
}
