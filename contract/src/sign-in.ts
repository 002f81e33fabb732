import { z } from 'zod'
import { Assurance, NoBody, Nothing, Passcode, TypedPassword, TypedUsername } from './common.ts'
import { endpoint, roles } from './endpoint.ts'
import { Instant, SessionId, SignInId, UserId } from './ids.ts'

export const signInMethods = ['password', 'totp', 'recovery-code', 'passkey', 'qr', 'enrol-totp', 'enrol-passkey'] as const
export type SignInMethod = (typeof signInMethods)[number]

export const SignIn = z
  .object({
    id: SignInId,
    purpose: z.enum(['sign-in', 'step-up']),
    state: z.enum(['pending', 'enrolment-required', 'complete', 'failed', 'expired']),
    next: z
      .array(z.enum(signInMethods))
      .meta({ description: 'What may be proved now. Before the first proof it depends on policy alone.' }),
    passcodeDigits: z
      .union([z.literal(6), z.literal(8)])
      .optional()
      .meta({ description: 'How long a passcode of this person is, where one is asked for: never before the password' }),
    assurance: Assurance.nullable(),
    returnTo: z.string().nullable().meta({ description: 'A path of our own origin, or null' }),
    renewal: z
      .enum(['totp'])
      .optional()
      .meta({ description: 'R6: the passcode key is older than the policy allows; the wizard renews it' }),
    expiresAt: Instant,
  })
  .meta({ id: 'SignIn' })
export type SignIn = z.output<typeof SignIn>
const answer = z.object({ signIn: SignIn })

export const openSignIn = endpoint({
  method: 'POST',
  path: '/api/sign-ins',
  needs: 'browser',
  summary: 'Opens a sign-in bound to this browser by cookie and key. An unclaimed one leaves no event.',
  input: z.strictObject({ username: TypedUsername.optional(), returnTo: z.string().max(2048).optional() }),
  output: answer,
  status: 201,
  refusals: ['rate-limited', 'session-binding', 'proof-stale'],
})
export const currentSignIn = endpoint({
  method: 'GET',
  path: '/api/sign-ins/current',
  needs: 'sign-in',
  summary: 'The sign-in of this browser.',
  input: Nothing,
  output: answer,
  refusals: ['no-session', 'rate-limited'],
})
const proofRefusals = [
  'no-session',
  'session-binding',
  'proof-stale',
  'factor-wrong',
  'conflict',
  'rate-limited',
  'unavailable',
  'clock-skew',
] as const
export const provePassword = endpoint({
  method: 'POST',
  path: '/api/sign-ins/current/password',
  needs: 'sign-in',
  summary: 'Proves the password. An unknown user and a wrong password get the same answer in the same time.',
  input: z.strictObject({ username: TypedUsername.optional(), password: TypedPassword }),
  output: answer,
  refusals: proofRefusals,
})
export const proveTotp = endpoint({
  method: 'POST',
  path: '/api/sign-ins/current/totp',
  needs: 'sign-in',
  summary: 'Proves a passcode: the current step or the one before, each accepted once a user.',
  input: z.strictObject({ code: Passcode }),
  output: answer,
  refusals: [...proofRefusals, 'totp-replayed'],
})
export const proveRecoveryCode = endpoint({
  method: 'POST',
  path: '/api/sign-ins/current/recovery-code',
  needs: 'sign-in',
  summary: 'Uses one recovery code as the second factor; the session it opens can only enrol a new factor.',
  input: z.strictObject({ code: z.string().min(1).max(64) }),
  output: answer,
  refusals: proofRefusals,
})

export const Session = z
  .object({
    id: SessionId,
    user: z.object({ id: UserId, username: z.string(), displayName: z.string(), roles: z.array(z.enum(roles)) }),
    assurance: Assurance,
    scope: z.enum(['full', 'recovery']),
    codeId: z.string().optional().meta({ description: 'The code that opened it (R44)' }),
    device: z.object({ id: z.string(), name: z.string() }).optional(),
    idleExpiresAt: Instant,
    expiresAt: Instant,
    freshUntil: Instant.meta({ description: 'Until then no new proof is asked for changes of factors' }),
    recoveryCodesLeft: z.number().int(),
    renewal: z.enum(['totp']).optional(),
  })
  .meta({ id: 'Session' })
export type Session = z.output<typeof Session>

export const currentSession = endpoint({
  method: 'GET',
  path: '/api/session',
  needs: 'person',
  summary: 'Who is signed in here, how strongly, and until when.',
  input: Nothing,
  output: Session,
  recovery: true,
  refusals: ['no-session', 'session-binding', 'proof-stale'],
})
export const signOut = endpoint({
  method: 'DELETE',
  path: '/api/session',
  needs: 'person',
  summary: 'Signs out here.',
  input: Nothing,
  output: NoBody,
  status: 204,
  recovery: true,
  refusals: ['no-session', 'session-binding', 'proof-stale'],
})
export const stepUp = endpoint({
  method: 'POST',
  path: '/api/session/step-up',
  needs: 'person',
  summary: 'Opens a sign-in of purpose step-up for the person of this session; when it is complete the cookie is new.',
  input: z.strictObject({ acr: z.enum(['aal1', 'aal2', 'phr', 'phrh']).optional() }),
  output: answer,
  status: 201,
  // also for a session that policy asks more of; a sign-in that waits for enrolment has no session to step up
  enrolling: true,
  refusals: ['no-session', 'session-binding', 'proof-stale', 'conflict', 'rate-limited'],
})
