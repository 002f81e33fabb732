import type { CodeState, RefusalCode } from '@postern/contract'

export type CodeFacts = { revokedAt: Date | null; claimedAt: Date | null; expired: boolean; notYet: boolean; usedUp: boolean }

/**
 * The state shown: the first that fits. "Expired" and "not yet" come from the database's clock, read with the row.
 * It names; it never decides: the UPDATE of a claim holds all conditions itself.
 */
export const stateOf = (code: CodeFacts): CodeState => {
  if (code.revokedAt) return 'revoked'
  if (code.claimedAt) return 'used'
  if (code.expired) return 'expired'
  if (code.notYet) return 'not-yet-valid'
  if (code.usedUp) return 'used-up'
  return 'live'
}

/** What somebody who holds the full secret is told of a claim that did not win. */
export const refusalFor = (code: CodeFacts | undefined): RefusalCode => {
  if (!code) return 'code-unknown'
  switch (stateOf(code)) {
    case 'revoked':
      return 'code-revoked'
    case 'expired':
      return 'code-expired'
    case 'not-yet-valid':
      return 'code-not-yet-valid'
    case 'used':
    case 'used-up':
    case 'live': // won by another between the UPDATE and this look
      return 'code-used'
  }
}
