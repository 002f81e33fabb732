import { type CodeKind, type CodeState, codeKinds, type EditableField, type RefusalCode } from '@postern/contract'

/**
 * The life of every kind of code, as a table. Nothing here decides: each act is one statement on the database's clock
 * that holds the same conditions (codes-store.ts, edit-code.ts, openings.ts). test/codes-histories.test.ts holds both together.
 */
type KindRules = {
  /** Its symbol holds ORIGIN/c/ID#SECRET: single use by a claim, an end within days, never drawn again. */
  authenticates: boolean
  /**
   * Its symbol holds ORIGIN/c/ID, so where it leads can change after printing. `moving`: the address with a frame that is good
   * for seconds. `content`: the symbol is the content.
   */
  symbol: 'address with secret' | 'moving' | 'address' | 'content'
  /** Whether the list shows it unasked: what a waiting screen draws is an attempt only when it was claimed. */
  listed: boolean
  /** What an edit may change (R19). */
  edits: readonly EditableField[]
  /** What a re-issue makes (R26): a new secret, a new code under the printed symbol, or nothing. */
  reissue: 'new secret' | 'same symbol' | 'never'
}
const enrols: KindRules = {
  authenticates: true,
  symbol: 'address with secret',
  listed: true,
  edits: ['label', 'notBefore', 'expiresAt', 'owner'],
  reissue: 'new secret',
}
/** Drawn by a waiting screen, each second anew; it lives for two minutes, so nothing of it is ever changed. */
const moves: KindRules = { authenticates: true, symbol: 'moving', listed: false, edits: [], reissue: 'never' }
export const kinds: Record<CodeKind, KindRules> = {
  'enrol-totp': enrols,
  'enrol-device': enrols,
  'sign-in': moves,
  approve: moves,
  link: {
    authenticates: false,
    symbol: 'address',
    listed: true,
    edits: ['label', 'destination', 'expiresAt', 'notBefore', 'scanLimit', 'brand', 'owner'],
    reissue: 'same symbol',
  },
  static: { authenticates: false, symbol: 'content', listed: true, edits: ['label', 'brand', 'owner'], reissue: 'never' },
}
/** Kinds that a list shows unless another is asked for. */
export const listedKinds = codeKinds.filter((kind) => kinds[kind].listed)
/** Kinds by which a person enrols: one open code a person, whichever of them. */
export const enrolmentKinds = codeKinds.filter((kind) => kinds[kind].reissue === 'new secret')
export type AuthenticatingKind = Exclude<CodeKind, 'link' | 'static'>
export const authenticates = (kind: CodeKind): kind is AuthenticatingKind => kinds[kind].authenticates

export type CodeAct = 'claim' | 'open' | 'edit' | 'reissue' | 'revoke'
type Transition = {
  act: CodeAct
  from: readonly CodeState[]
  /** The state afterwards; `facts`: whatever times and limits then say. */
  to: CodeState | 'facts'
  of: (kind: KindRules) => boolean
}
/**
 * | act     | of                      | from                                     | to                     |
 * Time moves the rest by itself: not-yet-valid → live → expired. Revoked is the end of every way.
 */
export const transitions: readonly Transition[] = [
  { act: 'claim', of: (kind) => kind.authenticates, from: ['live'], to: 'used' },
  // the opening that reaches a scan limit uses the code up; every other one changes nothing
  { act: 'open', of: (kind) => kind.symbol === 'address', from: ['live'], to: 'facts' },
  // what authenticates and is over stays over: a secret that lay about for years must not come back to life
  { act: 'edit', of: (kind) => kind.authenticates, from: ['live', 'not-yet-valid'], to: 'facts' },
  { act: 'edit', of: (kind) => !kind.authenticates, from: ['live', 'not-yet-valid', 'expired', 'used-up'], to: 'facts' },
  {
    act: 'reissue',
    of: (kind) => kind.reissue !== 'never',
    from: ['live', 'not-yet-valid', 'expired', 'used-up', 'revoked'],
    to: 'revoked',
  },
  { act: 'revoke', of: () => true, from: ['live', 'not-yet-valid', 'used', 'used-up', 'expired', 'revoked'], to: 'revoked' },
]
/** Whether a code of this kind in this state takes the act. */
export const takes = (kind: CodeKind, state: CodeState, act: CodeAct): boolean =>
  transitions.some((each) => each.act === act && each.of(kinds[kind]) && each.from.includes(state))

export type CodeFacts = { revokedAt: Date | null; claimedAt: Date | null; expired: boolean; notYet: boolean; usedUp: boolean }

/** The state shown: the first that fits. "Expired" and "not yet" come from the database's clock, read with the row. */
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
