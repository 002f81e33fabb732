import type { Problem, RefusalCode } from '@postern/contract'
import { GroupClosed } from '../../platform/group.ts'
import { Refusal } from '../../platform/refusal.ts'

/** The one place that knows statuses; exhaustive by type. */
export const statusOf: Record<RefusalCode, number> = {
  malformed: 400,
  'no-session': 401,
  'session-binding': 401,
  'proof-stale': 401,
  'factor-wrong': 401,
  'totp-replayed': 401,
  'not-allowed': 403,
  'step-up-required': 403,
  'not-found': 404,
  'code-unknown': 404,
  conflict: 409,
  'code-not-yet-valid': 409,
  'code-not-drawable': 409,
  'enrolment-off': 409,
  'code-expired': 410,
  'code-used': 410,
  'code-revoked': 410,
  'precondition-failed': 412,
  'too-large': 413,
  'unsupported-media-type': 415,
  misdirected: 421,
  'invalid-request': 422,
  'if-match-missing': 428,
  'rate-limited': 429,
  unavailable: 503,
  'clock-skew': 503,
}
/** RFC 9110 §15.5.2: each 401 names how to authenticate. No browser has a dialogue of its own for these (RFC 6750, RFC 9449 §7.1). */
const challenges: Partial<Record<RefusalCode, string>> = {
  'no-session': 'Bearer',
  'proof-stale': 'DPoP error="use_dpop_nonce", algs="ES256"',
}
export const challengeOf = (code: RefusalCode): string | undefined =>
  statusOf[code] === 401 ? (challenges[code] ?? 'DPoP algs="ES256"') : undefined

export const titles: Record<RefusalCode, string> = {
  malformed: 'The request could not be read',
  'no-session': 'Nobody is signed in',
  'session-binding': 'This call carries no proof of the right browser',
  'proof-stale': 'The proof is too old or too new',
  'factor-wrong': 'That did not match',
  'totp-replayed': 'This passcode was already used',
  'not-allowed': 'Not allowed',
  'step-up-required': 'This needs one more proof',
  'not-found': 'Not found',
  'code-unknown': 'This code is not known',
  conflict: 'That does not fit the present state',
  'code-not-yet-valid': 'This code is not valid yet',
  'code-not-drawable': 'This code cannot be drawn again',
  'enrolment-off': 'Enrolment is switched off',
  'code-expired': 'This code has expired',
  'code-used': 'This code was already used',
  'code-revoked': 'This code was revoked',
  'precondition-failed': 'It was changed meanwhile',
  'too-large': 'The request is too large',
  'unsupported-media-type': 'The body must be JSON',
  misdirected: 'This address is not served here',
  'invalid-request': 'Some of it is not valid',
  'if-match-missing': 'If-Match is missing',
  'rate-limited': 'Too many tries',
  unavailable: 'Not available right now',
  'clock-skew': 'The clocks do not agree',
}

/** RFC 9457; `type` leads to the readable page of the API. Nothing of `why`, no stack, no SQL. */
export const problemOf = (refusal: Refusal, requestId: string): Problem => {
  const { detail, reason, errors, retryAfter, acr, maxAge, triesLeft, clockOffset, options } = refusal.extras
  return {
    type: `/api/docs#${refusal.code}`,
    title: titles[refusal.code],
    status: statusOf[refusal.code],
    code: refusal.code,
    ...(detail === undefined ? {} : { detail }),
    ...(reason === undefined ? {} : { reason }),
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfter === undefined ? {} : { retryAfter: Math.ceil(retryAfter) }),
    ...(acr === undefined ? {} : { acr }),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(triesLeft === undefined ? {} : { triesLeft }),
    ...(clockOffset === undefined ? {} : { clockOffset }),
    ...(options === undefined ? {} : { options }),
    requestId,
  }
}

/**
 * SQLSTATEs of a database that is away: the connection, its resources, its system, an end by its operator; and one that lets
 * nobody in (28), is not there any more (3D), or has become a copy that only reads (25006).
 */
const awayState = /^(08|28|3D|53|57P0|58|25006$|25P03$|40001$|40P01$|55P03$|57014$)/
const awaySystem: ReadonlySet<unknown> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])
/** What the database or load did to us is 503: nothing was evaluated, nothing is revealed. Undefined: a bug. */
export const asUnavailable = (error: unknown): Refusal | undefined => {
  if (error instanceof GroupClosed) return new Refusal('unavailable', error.message, { retryAfter: 2 })
  const { code, message } = error as { code?: unknown; message?: unknown }
  const lost = (typeof code === 'string' && awayState.test(code)) || awaySystem.has(code)
  const closed =
    typeof message === 'string' &&
    /Connection terminated|not currently accepting connections|timeout exceeded when trying to connect|Client has encountered a connection error|pool after calling end|driver has already been destroyed/.test(
      message,
    )
  return lost || closed
    ? new Refusal('unavailable', `database: ${String(code ?? message)}`, {
        retryAfter: 2,
        detail: 'The database does not answer. Nothing was evaluated.',
      })
    : undefined
}
