import type { In, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import { requireClaimed } from './decide-request.ts'
import type { Request } from './requests-store.ts'
import type { SignInDeps } from './sign-in.ts'

type Standing = Out<typeof contract.claimedRequest>
/** The first that fits: what was decided stays decided, whatever became of code and sign-in since. */
const standingOf = ({ state, why, revoked, withdrawn, expired }: Request): Standing => {
  if (state === 'approved' || state === 'collected') return { state: 'approved' }
  if (state === 'denied' || state === 'failed') {
    const reason = contract.deniedReasons.find((each) => each === why)
    return { state: 'denied', ...(reason ? { reason } : {}) }
  }
  if (revoked) return { state: 'revoked' }
  if (withdrawn) return { state: 'withdrawn' }
  return { state: expired ? 'expired' : 'claimed' }
}
/** For the page that claimed: what became of its request, and nothing of who asks or of who ended it. */
export const readClaimedRequest = async (
  deps: SignInDeps,
  actor: Actor,
  { confirm }: In<typeof contract.claimedRequest>,
): Promise<Standing> => standingOf(await requireClaimed(deps, actor, confirm, 'code.inspected'))
