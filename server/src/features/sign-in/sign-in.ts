import type { In, SignIn } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type pg from 'pg'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { Group } from '../../platform/group.ts'
import { toId, uuid7, uuidOfHash } from '../../platform/ids.ts'
import { type Keys, newToken } from '../../platform/keys.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { type ActDeps, act, addressTag, EventDraft, type EventFacts, type PreparedEvent, type Tally } from '../events/index.ts'
import { findPasswordHash, verifyPassword } from '../passwords/index.ts'
import { policyName } from '../policies/index.ts'
import { hashRecoveryCode, useRecoveryCode } from '../recovery-codes/index.ts'
import { asUser, insertSession } from '../sessions/index.ts'
import { acceptedStep, offsetOf, stepAt, totpKey } from '../totp/index.ts'
import { findUserByName, usernameKey } from '../users/index.ts'
import {
  clearGuesses,
  compareGuess,
  limited,
  limitedAddress,
  type ReservedGuess,
  requireAddressWithin,
  reserveGuess,
} from './limits.ts'
import { type Acceptance, accept, type Reservation, type Reserved, reserve, type Verdict } from './passcode-statements.ts'
import { nextStep, safeReturnTo } from './sign-in-rules.ts'
import { addProof, collect, findSignIn, insertSignIn, restart, type SignInRow } from './sign-in-store.ts'

export type SignInDeps = ActDeps & { hot: pg.Pool; origin: string; tally: Tally; passcodes: Passcodes }
/**
 * Guesses and sign-ins of a group at most. While the database has one, this process works on those of the one before;
 * where all that wait go together, each waits for the other: a tenth of the rate, measured at 10, 16, 22 and without end.
 */
const maxGroup = 22
/** The hot path of the passcode: two groups, each one statement and one commit. */
export class Passcodes {
  readonly reserve: Group<Reservation, Reserved>
  readonly accept: Group<Acceptance, Verdict>
  constructor(hot: pg.Pool) {
    this.reserve = new Group({
      run: (entries) => reserve(hot, entries),
      keyOf: (entry) => entry.browserHash.toString('latin1'),
      maxGroup,
    })
    this.accept = new Group({ run: (entries) => accept(hot, entries), keyOf: (entry) => entry.userId, maxGroup })
  }
  async drain(): Promise<void> {
    await this.reserve.drain()
    await this.accept.drain()
  }
}

/** Milliseconds by which process and database may differ before passcodes answer 503 (threat 8). */
const maxSkewMs = 5_000
export const requireClock = (databaseNow: Date): void => {
  if (Math.abs(databaseNow.getTime() - Date.now()) > maxSkewMs)
    throw new Refusal('clock-skew', 'the clocks of server and database differ', {
      detail: 'The clocks of the server and its database differ by more than 5 s. Passcodes wait until they agree.',
    })
}

export const toSignIn = (row: SignInRow): SignIn => {
  const over =
    row.state === 'collected'
      ? ('complete' as const)
      : row.state === 'failed'
        ? ('failed' as const)
        : row.expired
          ? ('expired' as const)
          : undefined
  const step = over ? { state: over, next: [] as contract.SignInMethod[] } : nextStep(row)
  return {
    id: toId('sin', row.id),
    purpose: row.purpose,
    state: step.state,
    next: [...step.next],
    assurance:
      row.state === 'collected' && row.acr && row.provedAt
        ? { acr: row.acr as 'aal1', amr: row.amr ?? [], authTime: row.provedAt.toISOString() }
        : null,
    returnTo: row.returnTo,
    ...(row.renewal && row.state === 'collected' ? { renewal: 'totp' as const } : {}),
    expiresAt: row.expiresAt.toISOString(),
  }
}

const sourceTag = (keys: Keys, actor: Actor): Buffer | null =>
  actor.source.address ? addressTag(keys, actor.source.address) : null
const thumbprintOf = (actor: Actor): Buffer => {
  if (!actor.source.thumbprint) throw new Refusal('session-binding', 'no proof')
  return actor.source.thumbprint
}

/** An unclaimed sign-in leaves no event: a waiting screen is not an attempt. */
export const openSignIn = async (
  deps: SignInDeps,
  actor: Actor,
  input: In<typeof contract.openSignIn>,
): Promise<Answer<{ signIn: SignIn }>> =>
  insertAndShow(deps, actor, {
    purpose: 'sign-in',
    wantedAcr: null,
    fromSession: null,
    userId: null,
    username: input.username ?? null,
    returnTo: safeReturnTo(input.returnTo, deps.origin),
  })
export const openStepUp = async (
  deps: SignInDeps,
  actor: Actor,
  input: In<typeof contract.stepUp>,
): Promise<Answer<{ signIn: SignIn }>> => {
  const user = asUser(actor)
  if (input.acr === 'phr' || input.acr === 'phrh')
    throw new Refusal('conflict', 'no factor reaches it', {
      detail: 'No factor of this deployment reaches this assurance yet: passkeys come with a later version.',
    })
  return insertAndShow(deps, actor, {
    purpose: 'step-up',
    wantedAcr: input.acr ?? null,
    fromSession: user.session.id,
    userId: user.id,
    username: user.username,
    returnTo: null,
  })
}
const insertAndShow = async (
  deps: SignInDeps,
  actor: Actor,
  row: Omit<Parameters<typeof insertSignIn>[1], 'id' | 'browserHash' | 'thumbprint'>,
): Promise<Answer<{ signIn: SignIn }>> => {
  const token = newToken()
  const browserHash = deps.keys.hash('sign-in', token)
  const opened = await insertSignIn(
    deps.db,
    { id: uuid7(), browserHash, thumbprint: thumbprintOf(actor), ...row },
    sourceTag(deps.keys, actor),
  )
  if (!opened) {
    await deps.tally.add(actor, 'request.limited', 'sign-in starts of this address')
    throw limited(60 - new Date().getSeconds(), 'too many starts from this address')
  }
  return { value: { signIn: toSignIn((await findSignIn(deps.db, browserHash)) as SignInRow) }, signIn: token }
}

/** The sign-in that this browser's cookie and key opened; anything else is no sign-in at all. */
export const requireSignIn = async (
  deps: SignInDeps,
  actor: Actor,
  token: string | undefined,
): Promise<{ row: SignInRow; browserHash: Buffer }> => {
  const browserHash = token === undefined ? undefined : deps.keys.hash('sign-in', token)
  const row = browserHash && (await findSignIn(deps.db, browserHash))
  if (!row) throw new Refusal('no-session', 'no sign-in of this browser', { detail: 'There is no sign-in here. Open one first.' })
  if (!row.keyThumbprint.equals(thumbprintOf(actor)))
    throw new Refusal('session-binding', 'another key than the one that opened the sign-in')
  return { row, browserHash }
}
const requireNext = (row: SignInRow, method: contract.SignInMethod): void => {
  const signIn = toSignIn(row)
  if (signIn.state === 'expired' || signIn.state === 'failed' || signIn.state === 'complete')
    throw new Refusal('conflict', `the sign-in is ${signIn.state}`, {
      detail: signIn.state === 'complete' ? 'This sign-in is complete.' : 'This sign-in is over. Open a new one.',
    })
  if (!signIn.next.includes(method))
    throw new Refusal('conflict', `${method} is not asked for now`, {
      detail: `This sign-in asks for ${signIn.next.join(' or ') || 'nothing'} now.`,
    })
}
const shown = async (deps: SignInDeps, browserHash: Buffer): Promise<{ signIn: SignIn }> => ({
  signIn: toSignIn((await findSignIn(deps.db, browserHash)) as SignInRow),
})

/** Records a wrong proof; over the address's limit no verdict leaves, but 429. */
const wrong = async (
  deps: SignInDeps,
  actor: Actor,
  type: contract.EventType,
  facts: EventFacts,
  refusal: Refusal,
): Promise<never> => {
  const event = new EventDraft(actor, type, { ...facts, detail: { ...facts.detail, code: refusal.code, why: refusal.why } })
  event.outcome = 'failure'
  if (!(await deps.events.recordFailure(event))) throw limitedAddress()
  throw refusal
}
/** What every event of a sign-in says: the policy that was applied, and, of a step-up, the code that opened its session. */
const ofSignIn = (policyVersion: number, codeId: string | null): EventFacts => ({
  policy: policyName(policyVersion),
  ...(codeId ? { codeId } : {}),
})
/** A guess beyond its limit gets no verdict: one event a source and minute. */
const refuseLimited = async (deps: SignInDeps, actor: Actor, refusal: unknown): Promise<never> => {
  if (refusal instanceof Refusal && refusal.code === 'rate-limited') await deps.tally.add(actor, 'request.limited', refusal.why)
  throw refusal
}

/** The slot first (reserved and committed), then the hash, which must be bounded; unknown names take the same way. */
export const provePassword = async (
  deps: SignInDeps,
  actor: Actor,
  input: In<typeof contract.provePassword>,
  token: string | undefined,
): Promise<Answer<{ signIn: SignIn }>> => {
  const { row, browserHash } = await requireSignIn(deps, actor, token)
  requireNext(row, 'password')
  const typed = row.person ?? input.username ?? row.username
  if (!typed) throw new Refusal('invalid-request', 'no user name', { errors: [{ path: 'username', message: 'who signs in' }] })
  const found = await findUserByName(deps.db, typed)
  const user = found?.state === 'active' && (row.userId === null || row.userId === found.id) ? found : undefined
  const accountKey = user?.id ?? uuidOfHash(deps.keys.hash('unknown-user', usernameKey(typed)))
  const thumbprint = thumbprintOf(actor)
  const guess = await reserveGuess(deps.db, { accountKey, factor: 'password', thumbprint }).catch((refusal: unknown) =>
    refuseLimited(deps, actor, refusal),
  )
  // asked also for nobody, so that an unknown name costs the same
  const hash = await findPasswordHash(deps.db, deps.keys, accountKey)
  const about: EventFacts = {
    ...ofSignIn(row.policyVersion, row.codeId),
    factor: 'password',
    ...(found && found.state !== 'pending' ? { subject: { kind: 'user', id: found.id, name: found.username } } : {}),
    typedName: typed,
    detail: { purpose: row.purpose },
  }
  if (!(await compareGuess(deps.db, guess, () => verifyPassword(input.password, hash))) || !user)
    return wrong(
      deps,
      actor,
      'sign-in.password',
      about,
      new Refusal('factor-wrong', found ? (user ? 'wrong password' : `the person is ${found.state}`) : 'unknown name'),
    )
  const session = await act(deps, actor, { type: 'sign-in.password', endpoint: contract.provePassword }, async (tx, event) => {
    event.about({ ...about, person: { id: user.id, name: user.username } })
    await requireAddressWithin(tx, sourceTag(deps.keys, actor))
    const id = await addProof(tx, { browserHash, thumbprint, userId: user.id, proof: 'password' })
    if (!id) throw new Refusal('conflict', 'the sign-in is gone')
    await clearGuesses(tx, accountKey, 'password', guess.lane)
    const now = (await findSignIn(tx, browserHash)) as SignInRow
    if (nextStep(now).state !== 'complete') return undefined
    const opened = await openSession(deps, tx, actor, { row: now, scope: 'full', acr: 'aal1', amr: ['pwd'] })
    event.about({ sessionId: opened.id })
    return opened.token
  })
  return { value: await shown(deps, browserHash), ...(session ? { session } : {}) }
}

/** In the caller's transaction: the session, and the sign-in collected by it. Throws where the sign-in is gone. */
export const openSession = async (
  deps: Pick<ActDeps, 'keys'>,
  tx: Tx,
  actor: Actor,
  opens: { row: SignInRow; scope: 'full' | 'recovery'; acr: 'aal1' | 'aal2'; amr: string[] },
): Promise<{ id: string; token: string }> => {
  const thumbprint = thumbprintOf(actor)
  const userId = opens.row.userId as string
  const carried = opens.row.fromSession
    ? await tx.selectFrom('session').select('codeId').where('id', '=', opens.row.fromSession).executeTakeFirst()
    : undefined
  // the sign-in's row first, then what remembers the browser: the order in which an accepted passcode locks them
  const id = uuid7()
  if (!(await collect(tx, { id: opens.row.id, thumbprint, userId, sessionId: id })))
    throw new Refusal('conflict', 'the sign-in is gone', { detail: 'This sign-in is over. Open a new one.' })
  return insertSession(tx, deps.keys, {
    id,
    userId,
    scope: opens.scope,
    acr: opens.acr,
    amr: opens.amr,
    thumbprint,
    codeId: carried?.codeId ?? null,
    source: actor.source,
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

/** R4: the second factor of last resort; the session that it opens can only enrol a new one. */
export const proveRecoveryCode = async (
  deps: SignInDeps,
  actor: Actor,
  input: In<typeof contract.proveRecoveryCode>,
  token: string | undefined,
): Promise<Answer<{ signIn: SignIn }>> => {
  const { row, browserHash } = await requireSignIn(deps, actor, token)
  if (toSignIn(row).next.includes('totp') && row.recoveryCodesLeft === 0 && row.purpose === 'sign-in')
    throw new Refusal('conflict', 'no recovery code is left', {
      detail: 'No recovery code is left. Ask an operator for a new enrolment code.',
    })
  requireNext(row, 'recovery-code')
  const userId = row.userId as string
  const person = { id: userId, name: row.person as string }
  const { lane } = await reserveGuess(deps.db, {
    accountKey: userId,
    factor: 'recovery-code',
    thumbprint: thumbprintOf(actor),
  }).catch(async (refusal: unknown) => {
    if (refusal instanceof Refusal && refusal.code === 'rate-limited') await restart(deps.db, row.id)
    return refuseLimited(deps, actor, refusal)
  })
  const applied = { ...ofSignIn(row.policyVersion, row.codeId), factor: 'recovery-code' }
  const about: EventFacts = { ...applied, subject: { kind: 'user', ...person } }
  const session = await deps.db
    .transaction()
    .execute(async (tx) => {
      await requireAddressWithin(tx, sourceTag(deps.keys, actor))
      if (!(await useRecoveryCode(tx, userId, hashRecoveryCode(deps.keys, userId, input.code)))) return undefined
      await clearGuesses(tx, userId, 'recovery-code', lane)
      const opened = await openSession(deps, tx, actor, { row, scope: 'recovery', acr: 'aal1', amr: ['pwd'] })
      const used = { ...applied, person, sessionId: opened.id, detail: { left: row.recoveryCodesLeft - 1 } }
      await deps.events.append(tx, new EventDraft(actor, 'sign-in.recovery-code', used))
      return opened.token
    })
    .catch((refusal: unknown) =>
      refusal instanceof Refusal && refusal.code === 'conflict'
        ? wrong(deps, actor, 'sign-in.recovery-code', about, refusal)
        : refuseLimited(deps, actor, refusal),
    )
  deps.events.onAppended()
  if (!session)
    return wrong(deps, actor, 'sign-in.recovery-code', about, new Refusal('factor-wrong', 'wrong or used recovery code'))
  return { value: await shown(deps, browserHash), session }
}
