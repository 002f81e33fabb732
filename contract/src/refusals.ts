import type { CreationOptions, RequestOptions } from './passkeys.ts'

/**
 * Every expected "no", by its stable name (the `code` of an RFC 9457 problem). Edges map them to their own tongue. Of the rest of
 * a refusal `reason` and the `code` of a field’s error are stable; words are not.
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

/**
 * Why, where refusals of one code mean different things to a person. More may come: whoever meets an unknown one goes by `code`.
 * Those that the events of a sign-in carry with `denied` are the same words.
 */
export const refusalReasons = {
  camera: 'One frame is not enough here: policy asks for our camera page, which reads three',
  'not-live': 'The frames were not read live from the screen: too old, not in a row, or without a ticket that holds',
  far: 'Phone and computer are not in one network or country, and policy asks for it',
  'computer-first': 'A password, or another way in, comes on the computer first',
  'unknown-browser': 'Policy asks for a browser that signed the person in before',
  network: 'Our code is not offered in this network',
  policy: 'Policy takes our code no more',
  'another-person': 'The request is for another person',
  often: 'Five requests in ten minutes were not approved by the phones of this person',
  number: 'The number is not the one on the screen',
  'device-held': 'A passkey is asked for that cannot leave its device, and this one is synced',
  model: 'Policy does not take this model of authenticator',
  'model-unproven': 'Policy takes named models only, and this authenticator proves none',
  'devices-full': 'The person has as many devices as policy allows',
  'known-passkey': 'This passkey is registered already',
  'last-factor': 'It is the last second factor, and policy demands one',
  'last-owner': 'It would leave no owner who can sign in with a second factor',
  device: 'What claimed or approved the request was ended meanwhile: reported lost, revoked, or its person suspended',
  revoked: 'The code was revoked before the sign-in was complete',
  expired: 'What was approved was not collected in time: a request lives for 120 seconds',
  'device-ended': 'The device is lost or revoked already',
} as const
export type RefusalReason = keyof typeof refusalReasons

/** What is wrong with a field, where a page has words of its own for it. More may come. In brackets: the `values` beside it. */
export const fieldCodes = {
  required: 'Nothing is there, and something must be',
  type: 'It is of another type',
  choice: 'It is none of those that there are (value, choices)',
  format: 'It is not written as it must be',
  'too-short': 'It has too few characters (least)',
  'too-long': 'It has too many characters (most)',
  'too-small': 'The number is too small (least)',
  'too-large': 'The number is too large (most)',
  'too-few': 'It names too few (least)',
  'too-many': 'It names too many (most)',
  'unknown-field': 'There is no field of this name',
  taken: 'Somebody or something else has it',
  twice: 'It stands in another row of the file too (row)',
  mismatch: 'It did not match',
  common: 'The password is among those that attackers try first',
  names: 'The password is made of a name that is easy to guess',
  repeats: 'The password repeats itself',
  sequence: 'The password is a row of keys or a sequence',
  'web-address': 'It is no address with http or https, goes over several lines, or has a user name in it',
  'host-not-listed': 'Links may not lead to this host (host, hosts)',
  'host-not-low-risk': 'A static code may not lead to this host (host)',
  'text-not-low-risk': 'A static code may not hold text',
  'not-plain-text': 'It holds an address of some scheme, and is taken for text (scheme)',
  'text-holds-address': 'A static text may not hold what readers take for an address of this host (host)',
  payment: 'It is a payment, and is taken for text',
  'own-address': 'It leads to Postern itself',
  'too-fine': 'It makes a symbol too fine to print (bytes)',
  'no-host': 'It is no name of a host (host)',
  'ends-first': 'The end is not later than the start',
  past: 'It is over already',
  'fourteen-days': 'A code that authenticates ends within 14 days',
  'no-such': 'There is none of this name that is active',
  'more-rights': 'It gives more rights than the caller has',
  'enrolment-off': 'Enrolment is switched off',
  'no-certificates': 'These are no certificates that can be the end of a chain',
  'not-utf8': 'The file is not UTF-8',
  'no-csv': 'A line of the file cannot be read as CSV (line)',
  'quote-open': 'A quote is opened and not closed (line)',
  'quote-closed': 'After a closing quote comes neither a separator nor the end of the line (line)',
  'quote-inside': 'A quote stands inside a cell that does not begin with one (line)',
  'no-header': 'The file is empty: its first line names the columns (columns)',
  'unknown-column': 'The file has a column that is none of those it may have (column, columns)',
  'column-twice': 'The file has a column twice (column)',
  'missing-column': 'The file lacks a column (column, columns)',
  'no-rows': 'The file has a header and no rows',
  'too-many-rows': 'The file has too many rows (most)',
  cells: 'The row has more cells than the header (cells, columns)',
} as const
export type FieldCode = keyof typeof fieldCodes
/** What is wrong beside where: words for whoever builds a client, and for pages a name and what their own words are to hold. */
export type Fault = { message: string; code?: FieldCode; values?: Record<string, string | number> }
export type FieldError = { path: string } & Fault

/** What an RFC 9457 problem of Postern carries beside `type`, `title`, `status`. */
export type Problem = {
  type: string
  title: string
  status: number
  detail?: string
  code: RefusalCode
  /** Why, more narrowly than `code`, where a page must tell. */
  reason?: RefusalReason
  errors?: FieldError[]
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
