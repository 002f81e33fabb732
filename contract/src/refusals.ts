import type { CreationOptions, RequestOptions } from './passkeys.ts'

/**
 * Every expected "no", by its stable name (the `code` of an RFC 9457 problem). Edges map them to their own tongue;
 * nothing else about a refusal is stable.
 */
export const refusalCodes = [
  'malformed',
  'no-session',
  'session-binding',
  'proof-stale',
  'factor-wrong',
  'totp-replayed',
  'not-allowed',
  'step-up-required',
  'not-found',
  'code-unknown',
  'conflict',
  'code-not-yet-valid',
  'code-not-drawable',
  'enrolment-off',
  'code-expired',
  'code-used',
  'code-revoked',
  'precondition-failed',
  'too-large',
  'unsupported-media-type',
  'misdirected',
  'invalid-request',
  'if-match-missing',
  'rate-limited',
  'unavailable',
  'clock-skew',
] as const
export type RefusalCode = (typeof refusalCodes)[number]

/** What an RFC 9457 problem of Postern carries beside `type`, `title`, `status`. */
export type Problem = {
  type: string
  title: string
  status: number
  detail?: string
  code: RefusalCode
  errors?: { path: string; message: string }[]
  /** Seconds; with `rate-limited` also the header `Retry-After`. */
  retryAfter?: number
  acr?: string
  maxAge?: number
  triesLeft?: number
  /** What the next try signs: with a wrong number request options, with a refused registration creation options (WebAuthn Level 3 §5.1). */
  options?: RequestOptions | CreationOptions
  /** R10: seconds by which the phone's clock is off (negative: slow). Only by its rule. */
  clockOffset?: number
  requestId?: string
}
