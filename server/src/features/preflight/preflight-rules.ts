import type { Problem } from '@postern/contract'

/** What a pre-flight tries, in this order; the key is stable, the sentence says what works where the check works. */
export const checks = {
  server: 'The server answers at its public address',
  enrolment: 'A throw-away person gets an enrolment code',
  clocks: 'The clocks of server, database and this machine agree within 5 s',
  symbol: 'The code’s symbol reads back as its link',
  'single-use': 'Of two browsers that claim one code at once, one gets it',
  'manual-key': 'The typed key alone makes a passcode that is accepted',
  revocation: 'A revoked code opens nothing',
  expiry: 'An expired code opens nothing',
  recovery: 'A recovery code lets in once, only to enrol anew',
  'off-boarding': 'Off-boarding ends session, password and codes',
} as const
export type CheckName = keyof typeof checks

export type CheckResult = {
  check: CheckName
  result: 'works' | 'does-not' | 'not-tried'
  seconds: number
  /** What was seen, or why it was not tried. */
  detail?: string
  /** What to do about it. */
  mend?: string
}
/** `works` only where nothing failed; what was not tried is counted beside it, never as a pass. */
export type Verdict = { verdict: 'works' | 'does-not'; works: number; doesNot: number; notTried: number }

export const verdictOf = (results: readonly CheckResult[]): Verdict => {
  const count = (result: CheckResult['result']): number => results.filter((each) => each.result === result).length
  const doesNot = count('does-not')
  return { verdict: doesNot === 0 ? 'works' : 'does-not', works: count('works'), doesNot, notTried: count('not-tried') }
}

/** Something other than what must happen did: `message` says what. */
export class Unexpected extends Error {
  readonly mend: string | undefined
  constructor(message: string, mend?: string) {
    super(message)
    this.mend = mend
  }
}

/** By the refusal's code: what usually mends it. */
const mends: Partial<Record<Problem['code'], string>> = {
  'enrolment-off': 'Switch enrolment on under Settings → Authentication',
  'not-allowed': 'Use a token of scope operator, or run it on the host',
  'no-session': 'Use a token that has not ended, or run it on the host',
  'step-up-required': 'Use a token of scope operator, or run it on the host',
  'rate-limited': 'Wait a minute and run it again; the limits stand under Settings → Authentication',
  'clock-skew': 'Set the clocks of server and database by one time service (NTP)',
  'code-unknown': 'The server at this address runs on another database: give both the same DATABASE_URL or POSTERN_DATA',
  misdirected: 'Name this address first in POSTERN_ORIGIN',
  unavailable: 'Start postern serve; check POSTERN_ORIGIN, proxy, certificate and database',
}
const otherwise = 'Do not roll out; report it, with the events of this run'

/** The failed check as a line: what was seen and what mends it. */
export const failureOf = (error: unknown): { detail: string; mend: string } => {
  if (error instanceof Unexpected) return { detail: capital(error.message), mend: error.mend ?? otherwise }
  const problem = (error as { problem?: Problem }).problem
  const message = error instanceof Error ? error.message : String(error)
  return problem
    ? { detail: `Refused as ${problem.code}: ${message}`, mend: mends[problem.code] ?? otherwise }
    : { detail: capital(message), mend: otherwise }
}
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** RFC 4648 §6, as a person types it: any case, blanks dropped, without padding. Throws on other characters. */
export const fromBase32 = (text: string): Buffer => {
  const bytes: number[] = []
  let value = 0
  let bits = 0
  for (const character of text.toUpperCase().replace(/[\s=]/g, '')) {
    const five = alphabet.indexOf(character)
    if (five < 0) throw new Unexpected(`the key holds "${character}", which is no Base32`)
    value = (value << 5) | five
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((value >>> bits) & 0xff)
      value &= (1 << bits) - 1
    }
  }
  return Buffer.from(bytes)
}
