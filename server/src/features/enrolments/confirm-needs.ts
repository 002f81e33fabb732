import type { ClaimNeed } from '@postern/contract'
import type { Tx } from '../../platform/db.ts'
import { hasPassword } from '../passwords/index.ts'

/** What the confirmation of a claimed code must carry. A new person, or one without a password, chooses one; others prove theirs. */
export const confirmNeeds = async (tx: Tx, code: { userId: string | null; resetPassword: boolean }): Promise<ClaimNeed[]> => {
  if (code.userId === null || code.resetPassword || !(await hasPassword(tx, code.userId))) return ['password']
  return ['current-password']
}
