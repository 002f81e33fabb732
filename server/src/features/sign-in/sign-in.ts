import type * as contract from '@postern/contract'
import type { In, SignIn } from '@postern/contract'
import type pg from 'pg'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { toId, uuid7 } from '../../platform/ids.ts'
import { newToken } from '../../platform/keys.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { countDevices, type PasskeyDeps } from '../devices/index.ts'
import type { ActDeps, EventFacts, Tally } from '../events/index.ts'
import { secondFactorDemanded } from '../policies/index.ts'
import { asUser, insertSession } from '../sessions/index.ts'
import { hasActive } from '../totp/index.ts'
import { limitedStarts } from './limits.ts'
import type { Passcodes } from './passcodes.ts'
import { ofSignIn, sourceTag, thumbprintOf, turnedAway } from './proof-refusals.ts'
import type { RequestWatch } from './request-watch.ts'
import { nextStep, safeReturnTo } from './sign-in-rules.ts'
import { collect, findSignIn, insertSignIn, type SignInRow } from './sign-in-store.ts'

export type SignInDeps = PasskeyDeps & {
  hot: pg.Pool
  origin: string
  tally: Tally
  passcodes: Passcodes
  requests: RequestWatch
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
    ...(row.passcodeDigits && step.next.includes('totp') ? { passcodeDigits: row.passcodeDigits } : {}),
    assurance:
      row.state === 'collected' && row.acr && row.provedAt
        ? { acr: row.acr as 'aal1', amr: row.amr ?? [], authTime: row.provedAt.toISOString() }
        : null,
    returnTo: row.returnTo,
    ...(row.renewal && row.state === 'collected' ? { renewal: 'totp' as const } : {}),
    expiresAt: row.expiresAt.toISOString(),
  }
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
  await requireWithinReach(deps, user.id, input.acr)
  return insertAndShow(deps, actor, {
    purpose: 'step-up',
    wantedAcr: input.acr ?? null,
    fromSession: user.session.id,
    userId: user.id,
    username: user.username,
    returnTo: null,
  })
}
/** A person whom policy sends to the wizard gets their second factor on the way. */
const requireWithinReach = async ({ db }: SignInDeps, userId: string, acr: In<typeof contract.stepUp>['acr']): Promise<void> => {
  if (acr === undefined || acr === 'aal1' || (await countDevices(db, userId)) > 0) return
  if (acr !== 'aal2')
    throw new Refusal('conflict', 'no factor reaches it', {
      detail: 'Only a passkey reaches this assurance, and you have none. Add one under My account.',
    })
  if (!(await hasActive(db, userId)) && !(await secondFactorDemanded(db, userId)))
    throw new Refusal('conflict', 'no factor reaches it', {
      detail:
        'Only a second factor reaches this assurance, and you have none. Add an authenticator app or a passkey under My account.',
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
    throw limitedStarts()
  }
  return { value: { signIn: toSignIn((await findSignIn(deps.db, browserHash)) as SignInRow) }, signIn: token }
}

/** What an event of a sign-in says of it, and of whom it is about, where that is known. */
export const aboutSignIn = (row: SignInRow, factor?: string): EventFacts => ({
  ...ofSignIn(row.policyVersion, row.codeId),
  ...(factor ? { factor } : {}),
  ...(row.userId ? { subject: { kind: 'user', id: row.userId, name: row.person ?? '' } } : {}),
  detail: { purpose: row.purpose },
})

/** The sign-in that this browser's cookie and key opened; anything else is no sign-in at all. A cookie with another key is on record. */
export const requireSignIn = async (
  deps: SignInDeps,
  actor: Actor,
  token: string | undefined,
): Promise<{ row: SignInRow; browserHash: Buffer }> => {
  const browserHash = token === undefined ? undefined : deps.keys.hash('sign-in', token)
  const row = browserHash && (await findSignIn(deps.db, browserHash))
  if (!row) throw new Refusal('no-session', 'no sign-in of this browser', { detail: 'There is no sign-in here. Open one first.' })
  if (!row.keyThumbprint.equals(thumbprintOf(actor))) {
    const refusal = new Refusal('session-binding', 'another key than the one that opened the sign-in')
    return turnedAway(deps, actor, 'session.binding', aboutSignIn(row), refusal)
  }
  return { row, browserHash }
}
export const requireNext = (row: SignInRow, method: contract.SignInMethod): void => {
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
/** The same of a proof that came: where it is not asked for, it is on record unseen. */
export const requireAsked = async (
  deps: SignInDeps,
  actor: Actor,
  row: SignInRow,
  method: 'password' | 'totp' | 'recovery-code' | 'passkey',
): Promise<void> => {
  try {
    requireNext(row, method)
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal
    await turnedAway(deps, actor, `sign-in.${method}`, aboutSignIn(row, method), refusal)
  }
}
export const shown = async (deps: SignInDeps, browserHash: Buffer): Promise<{ signIn: SignIn }> => ({
  signIn: toSignIn((await findSignIn(deps.db, browserHash)) as SignInRow),
})

/** In the caller's transaction: the session, and the sign-in collected by it. Throws where the sign-in is gone. */
export const openSession = async (
  deps: Pick<ActDeps, 'keys'>,
  tx: Tx,
  actor: Actor,
  opens: {
    row: Pick<SignInRow, 'id' | 'userId' | 'fromSession'>
    scope: 'full' | 'recovery'
    acr: 'aal1' | 'aal2' | 'phr' | 'phrh'
    amr: string[]
    deviceId?: string | undefined
    /** The code that opened it; without one that of the session which a step-up replaces. */
    codeId?: string | undefined
    minutes?: number | undefined
  },
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
    codeId: opens.codeId ?? carried?.codeId ?? null,
    deviceId: opens.deviceId,
    minutes: opens.minutes,
    source: actor.source,
  })
}
