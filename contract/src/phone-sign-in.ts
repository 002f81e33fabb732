import { z } from 'zod'
import { Nothing } from './common.ts'
import { endpoint } from './endpoint.ts'
import { CodeId, Instant } from './ids.ts'
import { Assertion, RequestOptions } from './passkeys.ts'
import { SignIn } from './sign-in.ts'

const proofRefusals = [
  'no-session',
  'session-binding',
  'proof-stale',
  'factor-wrong',
  'conflict',
  'not-allowed',
  'rate-limited',
  'unavailable',
] as const
export const signInPasskeyOptions = endpoint({
  method: 'POST',
  path: '/api/sign-ins/current/passkey/options',
  needs: 'sign-in',
  summary: 'Options for a passkey of this browser, or of a phone by hybrid transport. The challenge is good once, for 5 minutes.',
  input: Nothing,
  output: RequestOptions,
  refusals: ['no-session', 'session-binding', 'proof-stale', 'conflict', 'rate-limited', 'unavailable'],
})
export const provePasskey = endpoint({
  method: 'POST',
  path: '/api/sign-ins/current/passkey',
  needs: 'sign-in',
  summary: 'Proves a passkey with user verification. Phishing-resistant: it is used on the very browser that signs in.',
  input: z.strictObject({ assertion: Assertion }),
  output: z.object({ signIn: SignIn }),
  bodyLimit: 128 * 1024,
  refusals: proofRefusals,
})

/** Seconds after which an open request is dead. */
export const requestSeconds = 120
export const openQr = endpoint({
  method: 'POST',
  path: '/api/sign-ins/current/qr',
  needs: 'sign-in',
  summary:
    'A moving code. The page draws frame n = whole periods since the answer as `url#n.MAC`, MAC = the first 16 bytes of HMAC-SHA-256(key, ID ‖ "." ‖ n) in base64url. A new one ends the one before.',
  input: Nothing,
  output: z.object({
    code: z.object({
      id: CodeId,
      expiresAt: Instant,
      frames: z.object({ key: z.string().meta({ description: '32 bytes, base64url' }), periodMs: z.number().int() }),
    }),
    url: z.string().meta({ description: 'ORIGIN/c/ID, to which the page adds #n.MAC' }),
    match: z.string().meta({ description: 'The number that the phone must be given' }),
  }),
  refusals: ['no-session', 'session-binding', 'proof-stale', 'conflict', 'not-allowed', 'rate-limited', 'unavailable'],
})
export const requestEvents = ['scanned', 'claimed', 'approved', 'denied', 'expired'] as const
export type RequestEvent = (typeof requestEvents)[number]
/**
 * Why a request was denied. `device`: what claimed or approved it was ended meanwhile: reported lost, revoked, or its person
 * suspended. `revoked`: its code was. `often`: the phone that read it was shown five in ten minutes that came to nothing.
 */
export const deniedReasons = [
  'declined',
  'not-me',
  'number',
  'computer-first',
  'device-held',
  'far',
  'policy',
  'replaced',
  'often',
  'device',
  'revoked',
] as const
export const signInEvents = endpoint({
  method: 'GET',
  path: '/api/sign-ins/current/events',
  needs: 'sign-in',
  summary:
    'What becomes of the moving code: scanned, claimed, approved, denied, expired. What has happened before is told first; the stream ends with the last of them.',
  input: Nothing,
  output: z.object({
    type: z.enum(requestEvents),
    reason: z.enum(deniedReasons).optional().meta({ description: 'Of `denied`: why' }),
  }),
  stream: 'anew',
  refusals: ['no-session', 'session-binding', 'proof-stale', 'rate-limited'],
})
/** How a request stands that a phone has claimed. `withdrawn`: the computer went on without it, or gave up. */
export const claimedRequestStates = ['claimed', 'approved', 'denied', 'expired', 'revoked', 'withdrawn'] as const
export const claimedRequest = endpoint({
  method: 'POST',
  path: '/api/approvals/current',
  needs: 'browser',
  summary: 'How the request stands that this browser has claimed, by the key that claimed it. Ask every three seconds.',
  input: z.strictObject({ confirm: z.string().min(1).max(128) }),
  output: z.object({
    state: z.enum(claimedRequestStates),
    reason: z.enum(deniedReasons).optional().meta({ description: 'Of `denied`: why' }),
  }),
  refusals: ['code-unknown', 'rate-limited', 'session-binding', 'proof-stale', 'unavailable'],
})
export const collectSignIn = endpoint({
  method: 'POST',
  path: '/api/sign-ins/current/collect',
  needs: 'sign-in',
  summary: 'After `approved`: opens the session, once, in the browser that asked.',
  input: Nothing,
  output: z.object({ signIn: SignIn }),
  refusals: ['no-session', 'session-binding', 'proof-stale', 'conflict', 'rate-limited', 'unavailable'],
})

/**
 * What the phone shows, and signs: the challenge ends with SHA-256 of its RFC 8785 form. Strings, whole numbers, no floats, so
 * that every implementation writes the same bytes.
 */
export const RequestContext = z
  .strictObject({
    v: z.literal(1),
    codeId: CodeId,
    purpose: z.enum(['sign-in', 'step-up']),
    origin: z.string().meta({ description: 'What is signed in to' }),
    issuer: z.string(),
    username: z.string().nullable().meta({ description: 'Whom the request is for, where that is known' }),
    browser: z.string(),
    platform: z.string(),
    address: z.string().nullable(),
    country: z.string().nullable(),
    city: z.string().nullable(),
    near: z
      .enum(['network', 'country', 'no', 'unknown'])
      .meta({ description: 'Whether the phone is in the same network or country' }),
    known: z.enum(['yes', 'no', 'unknown']).meta({ description: 'Whether that browser signed this person in before' }),
    unasked: z
      .array(z.enum(['near', 'known']))
      .optional()
      .meta({ description: 'Which of these two policy does not look at; they then say `unknown`' }),
    read: z
      .enum(['frames', 'one frame'])
      .meta({ description: 'Three frames in a row by our camera page, or one by the camera app' }),
    reason: z.string().nullable(),
    askedAt: Instant,
  })
  .meta({ id: 'RequestContext' })
export type RequestContext = z.output<typeof RequestContext>

const decisionRefusals = [
  'session-binding',
  'proof-stale',
  'factor-wrong',
  'code-unknown',
  'code-expired',
  'code-used',
  'code-revoked',
  'conflict',
  'not-allowed',
  'rate-limited',
  'unavailable',
] as const
export const approveRequest = endpoint({
  method: 'POST',
  path: '/api/approvals',
  needs: 'browser',
  summary:
    'Approves, by a registered device’s assertion over what was shown, and the number. Three wrong numbers end the request.',
  input: z.strictObject({ confirm: z.string().min(1).max(128), assertion: Assertion, match: z.string().trim().max(8) }),
  output: z.object({ state: z.literal('approved') }),
  bodyLimit: 128 * 1024,
  refusals: decisionRefusals,
})
export const declineRequest = endpoint({
  method: 'POST',
  path: '/api/approvals/decline',
  needs: 'browser',
  summary:
    'Declines; the request is dead at once. `not-me` also tells the operators, and answers options: with their assertion a second call ends the person’s sessions. It can also be said of what its time, its asker or an operator ended while this browser had it.',
  input: z.strictObject({
    confirm: z.string().min(1).max(128),
    reason: z.enum(['declined', 'not-me']),
    assertion: Assertion.optional(),
  }),
  output: z.object({ options: RequestOptions.optional(), sessionsEnded: z.number().int().optional() }),
  bodyLimit: 128 * 1024,
  refusals: decisionRefusals,
})
