import type { Actor } from '../../platform/actor.ts'
import type { ActDeps } from '../events/index.ts'
import { findPasswordHash, verifyPassword } from '../passwords/index.ts'
import { clearGuesses, compareGuess, requireAddressWithin, reserveGuess } from './limits.ts'
import { refuseLimited, sourceTag, thumbprintOf } from './proof-refusals.ts'

/**
 * Whether somebody who is known already types the password that they have. A guess like any other (house.md, Guesses): one
 * count with the sign-in, and a right one clears it, whatever else the call then lacks. Throws 429.
 */
export const isCurrentPassword = async (deps: ActDeps, actor: Actor, userId: string, password: string): Promise<boolean> => {
  const limited = (refusal: unknown) => refuseLimited(deps, actor, refusal)
  const guess = await reserveGuess(deps.db, {
    accountKey: userId,
    factor: 'password',
    thumbprint: thumbprintOf(actor),
  }).catch(limited)
  const hash = await findPasswordHash(deps.db, deps.keys, userId)
  if (!(await compareGuess(deps.db, guess, () => verifyPassword(password, hash)))) return false
  await deps.db
    .transaction()
    .execute(async (tx) => {
      await requireAddressWithin(tx, sourceTag(deps.keys, actor))
      await clearGuesses(tx, userId, 'password', guess.lane)
    })
    .catch(limited)
  return true
}
