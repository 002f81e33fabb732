import type { In, SignIn } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import { uuidOfHash } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer } from '../../platform/route.ts'
import { act, type EventFacts } from '../events/index.ts'
import { findPasswordHash, verifyPassword } from '../passwords/index.ts'
import { findUserByName, usernameKey } from '../users/index.ts'
import { clearGuesses, compareGuess, requireAddressWithin, reserveGuess } from './limits.ts'
import { ofSignIn, refuseLimited, sourceTag, thumbprintOf, wrong } from './proof-refusals.ts'
import { openSession, requireAsked, requireSignIn, type SignInDeps, shown } from './sign-in.ts'
import { nextStep } from './sign-in-rules.ts'
import { addProof, findSignIn, type SignInRow } from './sign-in-store.ts'

/** The slot first (reserved and committed), then the hash, which must be bounded; unknown names take the same way. */
export const provePassword = async (
  deps: SignInDeps,
  actor: Actor,
  input: In<typeof contract.provePassword>,
  token: string | undefined,
): Promise<Answer<{ signIn: SignIn }>> => {
  const { row, browserHash } = await requireSignIn(deps, actor, token)
  await requireAsked(deps, actor, row, 'password')
  const typed = row.person ?? input.username ?? row.username
  if (!typed)
    throw new Refusal('invalid-request', 'no user name', {
      errors: [{ path: 'username', message: 'who signs in', code: 'required' }],
    })
  const found = await findUserByName(deps.db, typed)
  const user = found?.state === 'active' && (row.userId === null || row.userId === found.id) ? found : undefined
  const accountKey = user?.id ?? uuidOfHash(deps.keys.hash('unknown-user', usernameKey(typed)))
  const thumbprint = thumbprintOf(actor)
  await requireAddressWithin(deps.db, sourceTag(deps.keys, actor)).catch((refusal: unknown) =>
    refuseLimited(deps, actor, refusal),
  )
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
