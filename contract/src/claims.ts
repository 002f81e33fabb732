import { z } from 'zod'
import { codeKinds, codeStates } from './codes.ts'
import { CodeSecret, NewPassword, Passcode, TypedPassword, Username } from './common.ts'
import { endpoint, roles } from './endpoint.ts'
import { CodeId, Instant, UserId } from './ids.ts'
import { CreationOptions, Registration, RequestOptions } from './passkeys.ts'
import { RequestContext } from './phone-sign-in.ts'
import { Session } from './sign-in.ts'

export const claimNeeds = ['username', 'password', 'current-password', 'activation', 'factor'] as const
export type ClaimNeed = (typeof claimNeeds)[number]

export const TotpSettings = z
  .object({
    issuer: z.string(),
    label: z.string(),
    algorithm: z.enum(['SHA1', 'SHA256', 'SHA512']),
    digits: z.number().int(),
    periodSeconds: z.number().int(),
  })
  .meta({ id: 'TotpSettings' })
export type TotpSettings = z.output<typeof TotpSettings>

/** A new TOTP key: leaves the server once. */
export const totpKey = {
  secret: z.string().meta({ description: 'Base32 (RFC 4648), without padding' }),
  otpauthUrl: z.string(),
  symbolSvg: z.string().meta({ description: 'The otpauth link as a QR symbol, quiet zone of four modules' }),
  settings: TotpSettings,
  expiresAt: Instant,
}

export const inspectCode = endpoint({
  method: 'POST',
  path: '/api/codes/inspect',
  needs: 'public',
  summary: 'What a code is and what its claim asks for. Changes nothing. The secret in the body is the authority.',
  input: z.strictObject({ id: CodeId, secret: CodeSecret }),
  output: z.object({
    kind: z.enum(codeKinds),
    state: z.enum(codeStates),
    issuer: z.string(),
    asks: z.string().meta({ description: 'A sentence for people' }),
    bootstrap: z.literal(true).optional().meta({ description: 'Of a link of `postern bootstrap`, which makes another one' }),
    needs: z.array(z.enum(claimNeeds)),
    username: z.string().optional().meta({ description: 'Whom the code is for, while it is live' }),
    notBefore: Instant.optional(),
    expiresAt: Instant,
    usedAt: Instant.optional(),
    ticket: z.string().optional().meta({
      description: 'Of a fresh frame of a moving code: lets this one frame claim within 60 s, as a camera app reads it',
    }),
  }),
  refusals: ['code-unknown', 'rate-limited', 'unavailable'],
})
export const claimCode = endpoint({
  method: 'POST',
  path: '/api/codes/claim',
  needs: 'browser',
  summary: 'The one claim of a single-use code. The claiming key may repeat it for 2 minutes and gets the same answer.',
  input: z.strictObject({
    id: CodeId,
    secret: CodeSecret.meta({ description: 'Of a moving code: its last frame, `n.MAC`' }),
    frames: z
      .array(CodeSecret)
      .max(8)
      .optional()
      .meta({ description: 'Of a moving code, by a camera page: the earlier frames, oldest first' }),
    ticket: z.string().max(128).optional(),
    username: Username.optional(),
    factor: z.enum(['totp', 'device']).optional(),
    password: TypedPassword.optional(),
    activation: z.string().max(64).optional(),
  }),
  output: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('enrol-totp'), confirm: z.string(), needs: z.array(z.enum(claimNeeds)), ...totpKey }),
    z.object({
      kind: z.literal('enrol-device'),
      confirm: z.string(),
      options: CreationOptions,
      needs: z.array(z.enum(claimNeeds)),
      expiresAt: Instant,
    }),
    z.object({
      kind: z.enum(['sign-in', 'approve']),
      confirm: z.string(),
      context: RequestContext,
      options: RequestOptions.meta({
        description: 'The challenge is 32 random bytes and SHA-256 of the RFC 8785 form of `context`; no credential is named',
      }),
      matchLength: z.number().int(),
      expiresAt: Instant,
    }),
  ]),
  refusals: [
    'code-unknown',
    'code-not-yet-valid',
    'code-expired',
    'code-used',
    'code-revoked',
    'conflict',
    'enrolment-off',
    'factor-wrong',
    'not-allowed',
    'rate-limited',
    'session-binding',
    'proof-stale',
    'unavailable',
  ],
})
export const confirmEnrolment = endpoint({
  method: 'POST',
  path: '/api/enrolments/confirm',
  needs: 'browser',
  summary: 'Completes an enrolment with one correct passcode or the new passkey, by the key that claimed.',
  bodyLimit: 128 * 1024,
  input: z.strictObject({
    confirm: z.string().min(1).max(128),
    code: Passcode.optional().meta({ description: 'Of enrol-totp: one passcode' }),
    registration: Registration.optional().meta({ description: 'Of enrol-device: the passkey' }),
    name: z.string().trim().min(1).max(64).optional().meta({ description: 'Of the device' }),
    username: Username.optional(),
    password: NewPassword.optional(),
    currentPassword: TypedPassword.optional(),
    signIn: z.boolean().optional(),
  }),
  output: z.object({
    user: z.object({ id: UserId, username: z.string(), displayName: z.string(), roles: z.array(z.enum(roles)) }),
    recoveryCodes: z.array(z.string()).optional(),
    session: Session.optional(),
  }),
  refusals: [
    'factor-wrong',
    'totp-replayed',
    'code-unknown',
    'code-expired',
    'code-used',
    'code-revoked',
    'conflict',
    'not-allowed',
    'enrolment-off',
    'rate-limited',
    'session-binding',
    'proof-stale',
    'unavailable',
    'clock-skew',
  ],
})
